// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
)

// Config has the settings of the receiver.
type Config struct {
	// Protocols are the ways in. At least one.
	Protocols Protocols `mapstructure:"protocols"`
	// Environment is the deployment.environment.name of events that name none.
	// MockForge's never do, so filters by environment need it. None by default.
	Environment string `mapstructure:"environment"`
	// MaxEventSize is the largest event in bytes of JSON. 1 MiB by default.
	MaxEventSize int `mapstructure:"max_event_size"`
	// RedactCredentials replaces the tokens and passwords that MockForge puts
	// into actor.username. On by default.
	RedactCredentials bool `mapstructure:"redact_credentials"`
	// Filter drops events before they are made into records. It drops nothing by
	// default.
	Filter FilterConfig `mapstructure:"filter"`
	// OnParseError says what becomes of messages and lines that hold no event,
	// where the sender cannot be told: syslog and file. Keep by default.
	OnParseError OnParseError `mapstructure:"on_parse_error"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// OnParseError says what becomes of text that is no event.
type OnParseError string

// What may become of it.
const (
	// OnParseErrorKeep makes a record of it that is marked
	// mockforge.parse_error.
	OnParseErrorKeep OnParseError = "keep"
	// OnParseErrorRefuse drops and counts it.
	OnParseErrorRefuse OnParseError = "refuse"
)

// Protocols has the settings of the ways in; each is off unless it is named.
type Protocols struct {
	// HTTP takes POST, PUT and PATCH requests.
	HTTP configoptional.Optional[HTTPConfig] `mapstructure:"http"`
	// Syslog takes messages of RFC 5424 over UDP, TCP and TLS.
	Syslog configoptional.Optional[SyslogConfig] `mapstructure:"syslog"`
	// SplunkHEC takes events in the envelope of Splunk's HTTP Event Collector.
	SplunkHEC configoptional.Optional[SplunkHECConfig] `mapstructure:"splunk_hec"`
	// File reads files of JSON lines as they grow.
	File configoptional.Optional[FileConfig] `mapstructure:"file"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// HTTPConfig has the settings of the HTTP server.
type HTTPConfig struct {
	// ServerConfig is confighttp's; endpoint is localhost:8765 by default.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// Limits bound what clients may ask for.
	Limits LimitsConfig `mapstructure:",squash"`
	// Path takes the events. /api/v1/events by default.
	Path string `mapstructure:"path"`
	// MaxEvents is the most events in one request. 100,000 by default.
	MaxEvents int `mapstructure:"max_events"`
	// TestEvent is about POST /api/v1/security/test-event.
	TestEvent TestEventConfig `mapstructure:"test_event"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// TestEventConfig has the settings of test events.
type TestEventConfig struct {
	// Token is the bearer token that a request for a test event must show. Without
	// one there are no test events, unless the endpoint is on a loopback address
	// or auth checks the senders.
	Token configopaque.String `mapstructure:"token"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks what does not belong to one protocol.
func (cfg *Config) Validate() error {
	var errs []error
	if p := &cfg.Protocols; !p.HTTP.HasValue() && !p.Syslog.HasValue() && !p.File.HasValue() && !p.SplunkHEC.HasValue() {
		errs = append(errs, errors.New("protocols: found none, expected http, syslog, file or splunk_hec"))
	}
	if cfg.OnParseError != OnParseErrorKeep && cfg.OnParseError != OnParseErrorRefuse {
		errs = append(errs, fmt.Errorf("on_parse_error: found %q, expected keep or refuse", cfg.OnParseError))
	}
	if cfg.MaxEventSize <= 0 || cfg.MaxEventSize > math.MaxInt32 {
		errs = append(errs, fmt.Errorf("max_event_size: found %d, expected 1 to %d bytes", cfg.MaxEventSize, math.MaxInt32))
	}
	if _, err := cfg.Filter.Compile(); err != nil {
		errs = append(errs, fmt.Errorf("filter: %w", err))
	}
	return errors.Join(errs...)
}

// Validate checks the settings that are ours.
func (cfg *HTTPConfig) Validate() error {
	var errs []error
	if !strings.HasPrefix(cfg.Path, "/") || path.Clean(cfg.Path) != cfg.Path || strings.ContainsFunc(cfg.Path, isNoPathChar) {
		errs = append(errs, fmt.Errorf("path: found %q, expected a plain path that begins with \"/\" and does not end with it", cfg.Path))
	}
	errs = append(errs, validateServer(&cfg.ServerConfig, &cfg.Limits))
	if cfg.Path == testEventPath {
		errs = append(errs, fmt.Errorf("path: found %q, expected another one: that is where test events are made", cfg.Path))
	}
	if cfg.MaxEvents <= 0 {
		errs = append(errs, fmt.Errorf("max_events: found %d, expected at least 1", cfg.MaxEvents))
	}
	return errors.Join(errs...)
}

// isNoPathChar reports characters that a server's pattern or a URL would read
// as something else.
func isNoPathChar(c rune) bool {
	return c <= ' ' || c == 0x7F || strings.ContainsRune("{}?#%", c)
}
