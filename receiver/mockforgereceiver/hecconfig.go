// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"
)

// SplunkHECConfig has the settings of the server for Splunk's HTTP Event
// Collector protocol, which MockForge's splunk destination speaks.
type SplunkHECConfig struct {
	// ServerConfig is confighttp's; endpoint is localhost:8088 by default.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// Limits bound what clients may ask for.
	Limits LimitsConfig `mapstructure:",squash"`
	// Tokens are those that senders may show. At least one, unless the endpoint
	// is on a loopback address or auth checks the senders.
	Tokens []configopaque.String `mapstructure:"tokens"`
	// MaxEvents is the most events in one request. 100,000 by default.
	MaxEvents int `mapstructure:"max_events"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings that are ours.
func (cfg *SplunkHECConfig) Validate() error {
	errs := []error{validateServer(&cfg.ServerConfig, &cfg.Limits)}
	if len(cfg.Tokens) == 0 && !cfg.ServerConfig.Auth.HasValue() && !isLocal(&cfg.ServerConfig.NetAddr) {
		errs = append(errs, errors.New("tokens: found none, expected at least one, as the endpoint is not on a loopback address"))
	}
	for i, token := range cfg.Tokens {
		if token == "" {
			errs = append(errs, fmt.Errorf("tokens[%d]: found nothing, expected a token", i))
		}
	}
	if cfg.MaxEvents <= 0 {
		errs = append(errs, fmt.Errorf("max_events: found %d, expected at least 1", cfg.MaxEvents))
	}
	return errors.Join(errs...)
}

// isLocal reports endpoints that other machines cannot reach.
func isLocal(address *confignet.AddrConfig) bool {
	if address.Transport == confignet.TransportTypeUnix {
		return true
	}
	host, _, err := net.SplitHostPort(address.Endpoint)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
