// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector/internal/metadata"
)

// NewFactory returns the factory of the siem_alert connector.
func NewFactory() connector.Factory {
	return connector.NewFactory(
		metadata.Type,
		createDefaultConfig,
		connector.WithLogsToLogs(createLogsToLogs, metadata.LogsToLogsStability),
	)
}

func createDefaultConfig() component.Config {
	control := confighttp.NewDefaultServerConfig()
	control.NetAddr.Endpoint = "localhost:8767"
	return &Config{
		Time:         ClockEvent,
		MaxMatches:   1_000_000,
		SaveInterval: 10 * time.Second,
		Control:      configoptional.Default(control),
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
	return newAlertConnector(cfg.(*Config), set, telemetry, router)
}
