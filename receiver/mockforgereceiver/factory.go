// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
)

const (
	defaultHTTPEndpoint = "localhost:8765"
	defaultHECEndpoint  = "localhost:8088"
	defaultPath         = "/api/v1/events"
	defaultMaxEvents    = 100_000
	defaultMaxEventSize = 1 << 20
	defaultMaxBodySize  = 20 << 20
	// defaultReadTimeout cuts clients that send slower than a request may take.
	defaultReadTimeout = time.Minute
	// defaultWriteTimeout runs from the request's header on: reading the rest
	// of it, the pipeline's work, and the answer.
	defaultWriteTimeout = 2 * time.Minute
	defaultPollInterval = 200 * time.Millisecond
)

// NewFactory returns the factory of the mockforge receiver.
func NewFactory() receiver.Factory {
	return receiver.NewFactory(
		metadata.Type,
		createDefaultConfig,
		receiver.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		Protocols: Protocols{
			Syslog: configoptional.Default(SyslogConfig{
				TCP: configoptional.Default(SyslogTCPConfig{
					TCPAddrConfig:  confignet.TCPAddrConfig{Endpoint: defaultSyslogEndpoint},
					MaxConnections: defaultMaxConnections,
					IdleTimeout:    defaultIdleTimeout,
				}),
				UDP: configoptional.Default(SyslogUDPConfig{
					Endpoint:       defaultSyslogEndpoint,
					Sockets:        defaultSockets,
					ReadBufferSize: defaultReadBufferSize,
					QueueSize:      defaultQueueSize,
				}),
				MaxMessageSize: defaultMaxMessageSize,
			}),
			HTTP: configoptional.Default(HTTPConfig{
				ServerConfig: newDefaultServerConfig(defaultHTTPEndpoint),
				Limits:       newDefaultLimitsConfig(),
				Path:         defaultPath,
				MaxEvents:    defaultMaxEvents,
			}),
			SplunkHEC: configoptional.Default(SplunkHECConfig{
				ServerConfig: newDefaultServerConfig(defaultHECEndpoint),
				Limits:       newDefaultLimitsConfig(),
				MaxEvents:    defaultMaxEvents,
			}),
			File: configoptional.Default(FileConfig{
				StartAt:      StartAtBeginning,
				PollInterval: defaultPollInterval,
				Compression:  FileCompressionAuto,
			}),
		},
		OnParseError:      OnParseErrorKeep,
		MaxEventSize:      defaultMaxEventSize,
		RedactCredentials: true,
	}
}

func createLogs(_ context.Context, set receiver.Settings, cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
	return newReceiver(cfg.(*Config), set, next)
}
