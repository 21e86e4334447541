// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/mockforge/otelcol-mockforge/exporter/azuremonitorexporter/internal/metadata"
)

// defaultTimeout bounds one request. Azure Monitor names no time of its own.
const defaultTimeout = 30 * time.Second

// NewFactory returns the factory of the azure_monitor exporter.
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
	compressed := client
	compressed.Compression = configcompression.TypeGzip
	retry := configretry.NewDefaultBackOffConfig()
	retry.Enabled = false
	return &Config{
		LogsIngestion: configoptional.Default(LogsIngestionConfig{
			ClientConfig: compressed,
			Cloud:        CloudPublic,
			Identity: IdentityConfig{
				ServicePrincipal: configoptional.Default(ServicePrincipalConfig{}),
				ManagedIdentity:  configoptional.Default(ManagedIdentityConfig{}),
				WorkloadIdentity: configoptional.Default(WorkloadIdentityConfig{}),
			},
		}),
		DataCollector: configoptional.Default(DataCollectorConfig{ClientConfig: client}),
		QueueConfig:   configoptional.Default(exporterhelper.NewDefaultQueueConfig()),
		RetryConfig:   retry,
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	e := newExporter(cfg.(*Config), set.TelemetrySettings)
	return exporterhelper.NewLogs(ctx, set, cfg, e.push,
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		// Each request has its own, that of the HTTP client.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithQueue(e.cfg.QueueConfig),
		exporterhelper.WithRetry(e.cfg.RetryConfig),
	)
}
