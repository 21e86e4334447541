// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
)

// NewFactory returns the factory of the siem_journal connector.
func NewFactory() connector.Factory {
	return connector.NewFactory(
		metadata.Type,
		createDefaultConfig,
		connector.WithLogsToLogs(createLogsToLogs, metadata.LogsToLogsStability),
	)
}

func createDefaultConfig() component.Config {
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval = time.Second
	retry.MaxInterval = 30 * time.Second
	retry.MaxElapsedTime = 0
	control := confighttp.NewDefaultServerConfig()
	control.NetAddr.Endpoint = "localhost:8766"
	return &Config{
		Control:        configoptional.Default(control),
		Directory:      "data/journal",
		MaxSizeMiB:     1024,
		SegmentSizeMiB: 64,
		StartAt:        StartEnd,
		Delivery:       DeliveryAtLeastOnce,
		ForgetAfter:    7 * 24 * time.Hour,
		Batch:          BatchConfig{MaxEvents: 1000, MaxBytes: 1 << 20},
		Retry:          retry,
		HoldInterval:   30 * time.Second,
	}
}

func createLogsToLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Logs, error) {
	router, ok := next.(connector.LogsRouterAndConsumer)
	if !ok {
		return nil, fmt.Errorf("found a consumer of type %T, expected the pipelines behind the connector", next)
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return newJournalConnector(cfg.(*Config), set, telemetry, router)
}
