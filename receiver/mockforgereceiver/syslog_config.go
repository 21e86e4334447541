// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
)

// SyslogConfig has the settings of syslog, RFC 5424.
type SyslogConfig struct {
	// TCP takes connections, with TLS where it is set. Off unless it is named.
	TCP configoptional.Optional[SyslogTCPConfig] `mapstructure:"tcp"`
	// UDP takes datagrams (RFC 5426). Off unless it is named.
	UDP configoptional.Optional[SyslogUDPConfig] `mapstructure:"udp"`
	// MaxMessageSize is the largest message in bytes, head and all. Of a larger
	// one the beginning is kept as text. 1 MiB by default; a datagram has 64 KiB
	// at most.
	MaxMessageSize int `mapstructure:"max_message_size"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SyslogTCPConfig has the settings of syslog over TCP. Each connection may frame
// its messages by octet counting, by line breaks (RFC 6587), or by its end.
type SyslogTCPConfig struct {
	// TCPAddrConfig is confignet's; endpoint is localhost:5514 by default.
	confignet.TCPAddrConfig `mapstructure:",squash"`
	// TLS is configtls's (RFC 5425). Off unless it is set; client_ca_file asks
	// clients for a certificate.
	TLS configoptional.Optional[configtls.ServerConfig] `mapstructure:"tls"`
	// MaxConnections is the most connections at once; further ones wait to be
	// accepted. 1,024 by default.
	MaxConnections int `mapstructure:"max_connections"`
	// IdleTimeout is the time within which the next whole message must arrive,
	// and the TLS handshake be done. 5 minutes by default.
	IdleTimeout time.Duration `mapstructure:"idle_timeout"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SyslogUDPConfig has the settings of syslog over UDP.
type SyslogUDPConfig struct {
	// Endpoint is where to listen; localhost:5514 by default.
	Endpoint string `mapstructure:"endpoint"`
	// Sockets is how many share the port (SO_REUSEPORT), where the system can.
	// The kernel spreads senders over them. 4 by default.
	Sockets int `mapstructure:"sockets"`
	// ReadBufferSize is what the kernel is asked to keep for each socket, in
	// bytes. 8 MiB by default; what it grants is in the log.
	ReadBufferSize int `mapstructure:"read_buffer_size"`
	// QueueSize is what is kept for each socket while the pipeline is busy, in
	// bytes. 16 MiB by default.
	QueueSize int `mapstructure:"queue_size"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// minMessageSize is what every receiver must take (RFC 5424 section 6.1).
const minMessageSize = 480

// Validate checks what does not belong to one transport.
func (cfg *SyslogConfig) Validate() error {
	var errs []error
	if !cfg.TCP.HasValue() && !cfg.UDP.HasValue() {
		errs = append(errs, errors.New("found neither tcp nor udp, expected one or both"))
	}
	if cfg.MaxMessageSize < minMessageSize || cfg.MaxMessageSize > 1<<30 {
		errs = append(errs, fmt.Errorf("max_message_size: found %d, expected %d to %d bytes", cfg.MaxMessageSize, minMessageSize, 1<<30))
	}
	return errors.Join(errs...)
}

// Validate checks the settings that are ours.
func (cfg *SyslogTCPConfig) Validate() error {
	var errs []error
	if cfg.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("max_connections: found %d, expected at least 1", cfg.MaxConnections))
	}
	if cfg.IdleTimeout <= 0 {
		errs = append(errs, fmt.Errorf("idle_timeout: found %s, expected more than 0", cfg.IdleTimeout))
	}
	return errors.Join(errs...)
}

// Validate checks the settings.
func (cfg *SyslogUDPConfig) Validate() error {
	var errs []error
	if cfg.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: found nothing, expected host:port"))
	}
	if cfg.Sockets < 1 || cfg.Sockets > maxSockets {
		errs = append(errs, fmt.Errorf("sockets: found %d, expected 1 to %d", cfg.Sockets, maxSockets))
	}
	if cfg.ReadBufferSize < 0 {
		errs = append(errs, fmt.Errorf("read_buffer_size: found %d, expected 0 (the system's default) or more", cfg.ReadBufferSize))
	}
	if cfg.QueueSize < maxDatagram {
		errs = append(errs, fmt.Errorf("queue_size: found %d, expected at least %d bytes, one datagram", cfg.QueueSize, maxDatagram))
	}
	return errors.Join(errs...)
}
