// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/extension"

	"github.com/mockforge/otelcol-mockforge/extension/siemhealthextension/internal/metadata"
)

// NewFactory returns the factory of the siem_health extension.
func NewFactory() extension.Factory {
	return extension.NewFactory(metadata.Type, createDefaultConfig, create, metadata.ExtensionStability)
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:8768"
	return &Config{ServerConfig: server, UnhealthyAfter: 5 * time.Minute}
}

func create(_ context.Context, set extension.Settings, cfg component.Config) (extension.Extension, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &healthExtension{cfg: cfg.(*Config), set: set, telemetry: telemetry, started: time.Now()}, nil
}
