// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"context"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter/internal/metadata"
)

const (
	// defaultTimeout is MockForge's.
	defaultTimeout     = 5 * time.Second
	defaultMaxEvents   = 1000
	defaultMaxBodySize = 5_000_000
)

// NewFactory returns the factory of the webhook exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	client := confighttp.NewDefaultClientConfig()
	client.Timeout = defaultTimeout
	retry := configretry.NewDefaultBackOffConfig()
	retry.Enabled = false
	return &Config{
		ClientConfig: client,
		Profile:      ProfileGeneric,
		MaxEvents:    defaultMaxEvents,
		MaxBodySize:  defaultMaxBodySize,
		Attempts: AttemptsConfig{
			MaxAttempts: 1, Backoff: BackoffExponential, InitialInterval: time.Second, MaxInterval: 30 * time.Second,
		},
		Datadog: configoptional.Default(DatadogConfig{Site: defaultDatadogSite}),
		Queue:   configoptional.Default(exporterhelper.NewDefaultQueueConfig()),
		Retry:   retry,
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	settings := cfg.(*Config)
	e := newExporter(settings, set, telemetry)
	return exporterhelper.NewLogs(ctx, set, cfg, e.push,
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		// The client has a time-out for each request of a batch.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithQueue(settings.Queue),
		exporterhelper.WithRetry(settings.Retry),
	)
}

// secrets are what must not come up in an error.
func (cfg *Config) secrets() []string {
	var all []string
	for _, value := range cfg.ClientConfig.Headers.Iter {
		all = append(all, string(value))
		// "Bearer TOKEN": the token alone, too.
		if words := strings.Fields(string(value)); len(words) > 1 {
			all = append(all, words[1:]...)
		}
	}
	if cfg.Signing.HasValue() {
		all = append(all, string(cfg.Signing.Get().Secret))
	}
	if cfg.Datadog.HasValue() {
		all = append(all, string(cfg.Datadog.Get().APIKey), string(cfg.Datadog.Get().AppKey))
	}
	if u, err := url.Parse(cfg.ClientConfig.Endpoint); err == nil {
		password, _ := u.User.Password()
		all = append(all, password)
		for _, values := range u.Query() {
			all = append(all, values...)
		}
	}
	return all
}
