// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Profile says whose format requests have.
type Profile string

// The profiles.
const (
	// ProfileGeneric sends the event's own JSON to any server.
	ProfileGeneric Profile = "generic"
	// ProfileDatadogLogs sends to Datadog's logs intake, API v2.
	ProfileDatadogLogs Profile = "datadog_logs"
	// ProfileGCPEntries sends to Google Cloud Logging's entries.write, API v2.
	ProfileGCPEntries Profile = "gcp_entries"
)

var profiles = []Profile{ProfileGeneric, ProfileDatadogLogs, ProfileGCPEntries}

// Format says how events stand in a request.
type Format string

// The formats of the generic profile.
const (
	// FormatEvent is one event, a JSON object, in a request.
	FormatEvent Format = "event"
	// FormatJSONArray is an array of events.
	FormatJSONArray Format = "json_array"
	// FormatNDJSON is one event on a line.
	FormatNDJSON Format = "ndjson"
)

var formats = []Format{FormatEvent, FormatJSONArray, FormatNDJSON}

// Config has the settings of the exporter.
type Config struct {
	// ClientConfig is confighttp's. endpoint is the whole URL; timeout is 5 s by
	// default, for each request.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`
	// Profile is generic (default), datadog_logs or gcp_entries.
	Profile Profile `mapstructure:"profile"`
	// Method is POST (default), PUT or PATCH.
	Method string `mapstructure:"method"`
	// Format is event (default), json_array or ndjson.
	Format Format `mapstructure:"format"`
	// MaxEvents is the most events in a request. 1,000 by default.
	MaxEvents int `mapstructure:"max_events"`
	// MaxBodySize is the largest body in bytes, before compression. 5,000,000 by
	// default. An event that alone makes a larger one is refused.
	MaxBodySize int `mapstructure:"max_body_size"`
	// Attempts spaces the attempts of one delivery: the guide's retry block.
	Attempts AttemptsConfig `mapstructure:"retry"`
	// Signing signs requests as Standard Webhooks does. Off by default.
	Signing configoptional.Optional[SigningConfig] `mapstructure:"signing"`
	// Datadog has the settings of the profile datadog_logs.
	Datadog configoptional.Optional[DatadogConfig] `mapstructure:"datadog"`
	// GCP has the settings of the profile gcp_entries.
	GCP configoptional.Optional[GCPConfig] `mapstructure:"gcp"`

	// Queue is exporterhelper's. Off by default: the journal in front of the
	// exporter is the queue.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	// Retry is exporterhelper's. Off by default: the journal tries again for
	// ever.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SigningConfig has the secret of signatures.
type SigningConfig struct {
	// Secret is the key: its bytes, or base64 behind "whsec_".
	Secret configopaque.String `mapstructure:"secret"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings that do not belong to one sub-block.
func (cfg *Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(slices.Contains(profiles, cfg.Profile), "profile: found %q, expected generic, datadog_logs or gcp_entries", cfg.Profile)
	if cfg.Profile == ProfileGeneric {
		check(cfg.Format == "" || slices.Contains(formats, cfg.Format), "format: found %q, expected event, json_array or ndjson", cfg.Format)
		check(slices.Contains([]string{"", "POST", "PUT", "PATCH"}, cfg.Method), "method: found %q, expected POST, PUT or PATCH", cfg.Method)
		check(cfg.ClientConfig.Endpoint != "", "endpoint: found nothing, expected a URL")
	} else {
		check(cfg.Format == "" && cfg.Method == "" && !cfg.Signing.HasValue(),
			"format, method and signing: found one of them, expected none with profile %q", cfg.Profile)
	}
	check(cfg.MaxEvents >= 1, "max_events: found %d, expected at least 1", cfg.MaxEvents)
	check(cfg.MaxBodySize >= 1, "max_body_size: found %d, expected at least 1", cfg.MaxBodySize)
	check(cfg.ClientConfig.Timeout > 0, "timeout: found %s, expected more than 0", cfg.ClientConfig.Timeout)
	// Whether a server checks the signature before or after it decompresses is
	// nowhere written.
	check(!cfg.Signing.HasValue() || !cfg.ClientConfig.Compression.IsCompressed(),
		"compression: found %q, expected none with signing", cfg.ClientConfig.Compression)
	errs = append(errs,
		checkBlock("datadog", cfg.Datadog.HasValue(), cfg.Profile, ProfileDatadogLogs),
		checkBlock("gcp", cfg.GCP.HasValue(), cfg.Profile, ProfileGCPEntries),
		checkHeaders(cfg.ClientConfig.Headers),
		checkURL(cfg.ClientConfig.Endpoint))
	return errors.Join(errs...)
}

// checkBlock holds the settings of a profile to it.
func checkBlock(name string, found bool, profile, its Profile) error {
	switch {
	case found && profile != its:
		return fmt.Errorf("%s: found with profile %q, expected with %s alone", name, profile, its)
	case !found && profile == its:
		return fmt.Errorf("%s: found nothing, expected the settings of profile %s", name, its)
	}
	return nil
}

// checkHeaders finds credentials whose environment variable is not set: the
// destination would hold all events until somebody looks.
func checkHeaders(headers configopaque.MapList) error {
	var errs []error
	for name, value := range headers.Iter {
		switch strings.ToLower(strings.TrimSpace(string(value))) {
		case "", "bearer", "basic":
			errs = append(errs, fmt.Errorf("headers: %s: found no value, expected one; is its environment variable set?", name))
		}
	}
	return errors.Join(errs...)
}

// checkURL does not repeat the URL: it may have a token in it.
func checkURL(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return errors.New("endpoint: found no URL, expected http:// or https:// with a host")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("endpoint: found scheme %q, expected http or https", u.Scheme)
	case u.Hostname() == "":
		return errors.New("endpoint: found no host, expected http:// or https:// with a host")
	}
	return nil
}

// Validate checks the secret without showing it.
func (cfg *SigningConfig) Validate() error {
	_, err := newSigner(string(cfg.Secret))
	return err
}
