// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestDefaults(t *testing.T) {
	cfg := load(t, "")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, 5*time.Second, cfg.ClientConfig.Timeout)
	assert.Equal(t, 1000, cfg.MaxEvents)
	assert.Equal(t, 5_000_000, cfg.MaxBodySize)
	assert.Equal(t, AttemptsConfig{MaxAttempts: 1, Backoff: BackoffExponential, InitialInterval: time.Second, MaxInterval: 30 * time.Second}, cfg.Attempts)
	assert.False(t, cfg.Queue.HasValue())
	assert.False(t, cfg.Retry.Enabled)
	assert.False(t, cfg.Signing.HasValue())
	l := newLayout(cfg)
	assert.Equal(t, []any{"POST", "application/json", 1}, []any{l.method, l.contentType, l.maxEvents})
}

func TestAllSettings(t *testing.T) {
	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))
	want := createDefaultConfig().(*Config)
	want.ClientConfig.Endpoint = "https://siem.example.com/api/v1/events"
	want.ClientConfig.Timeout = time.Second
	want.Method, want.Format, want.MaxEvents, want.MaxBodySize = "PUT", FormatNDJSON, 10, 1000
	want.Attempts = AttemptsConfig{MaxAttempts: 2, Backoff: BackoffLinear, InitialInterval: 2 * time.Second, MaxInterval: 3 * time.Second}
	want.Signing = configoptional.Some(SigningConfig{Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.QueueSize = 7
	want.Queue = configoptional.Some(queue)
	want.Retry.Enabled = true
	assert.Equal(t, want, cfg)

	guide := load(t, "guide")
	require.NoError(t, xconfmap.Validate(guide))
	assert.Equal(t, 3, guide.Attempts.MaxAttempts)
	token, _ := guide.ClientConfig.Headers.Get("Authorization")
	assert.Equal(t, configopaque.String("Bearer siem-api-key"), token)
	assert.False(t, load(t, "queue_off").Queue.HasValue())

	dd := load(t, "datadog")
	require.NoError(t, xconfmap.Validate(dd))
	assert.Equal(t, &DatadogConfig{
		Site: "datadoghq.eu", APIKey: "dd-api-key", AppKey: "dd-app-key", Service: "mock", Hostname: "host-1",
		Tags: []string{"service:mockforge", "env:production"},
	}, dd.Datadog.Get())

	gcp := load(t, "gcp")
	require.NoError(t, xconfmap.Validate(gcp))
	assert.Equal(t, &GCPConfig{ProjectID: "mockforge-prod", LogName: "security-events", CredentialsPath: "/path/to/service-account.json"}, gcp.GCP.Get())
}

// TestInvalidConfig: all that is wrong is said at once, and no secret with it.
func TestInvalidConfig(t *testing.T) {
	for name, wants := range map[string][]string{
		"bad": {
			`endpoint: found scheme "ftp", expected http or https`,
			`method: found "GET", expected POST, PUT or PATCH`,
			`format: found "xml", expected event, json_array or ndjson`,
			"max_events: found 0, expected at least 1",
			"max_body_size: found 0, expected at least 1",
			"timeout: found 0s, expected more than 0",
			`compression: found "gzip", expected none with signing`,
			"retry: max_attempts: found 0, expected at least 1",
			`backoff: found "random", expected exponential or linear`,
			"initial_interval and max_interval: found 2s and 1s",
			"signing: secret: found no base64 behind whsec_",
			`gcp: found with profile "generic", expected with gcp_entries alone`,
			"headers: Authorization: found no value, expected one; is its environment variable set?",
			"headers: X-Key: found no value",
		},
		"bad_datadog": {
			`site: found "https://datadoghq.com", expected a site`,
			"api_key: found nothing, expected the key",
			`tags[0]: found "a,b", expected a tag`,
			"format, method and signing: found one of them",
		},
		"bad_gcp": {
			`project_id: found "My Project", expected the id of a project`,
			`log_name: found "a b", expected up to 511`,
			"credentials_path: found nothing",
		},
		"no_block":   {"gcp: found nothing, expected the settings of profile gcp_entries"},
		"no_profile": {`profile: found "splunk", expected generic, datadog_logs or gcp_entries`},
	} {
		err := xconfmap.Validate(load(t, name))
		for _, want := range wants {
			assert.ErrorContains(t, err, want)
		}
		assert.NotContains(t, err.Error(), "secret@")
		assert.NotContains(t, err.Error(), "not-base64!")
	}
}

func TestEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://localhost:9/x?y=z":  "",
		"https://[::1]:443":         "",
		"":                          "endpoint: found nothing, expected a URL",
		"siem.example.com/events":   `endpoint: found scheme "", expected http or https`,
		"siem.example.com:8088/":    "endpoint: found scheme \"siem.example.com\"",
		"https://":                  "endpoint: found no host",
		"https://:443/x":            "endpoint: found no host",
		"https://a b.example.com/":  "endpoint: found no URL",
		"https://u:p%zz@x.example/": "endpoint: found no URL",
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.ClientConfig.Endpoint = endpoint
		if err := xconfmap.Validate(cfg); want == "" {
			assert.NoError(t, err, endpoint)
		} else {
			assert.ErrorContains(t, err, want)
		}
	}
}

// TestSecretsAreOpaque: settings that are shown have no secret in them.
func TestSecretsAreOpaque(t *testing.T) {
	for name, secret := range map[string]string{"guide": "siem-api-key", "all": "MfKQ9r8", "datadog": "dd-ap"} {
		conf := confmap.New()
		require.NoError(t, conf.Marshal(load(t, name)))
		assert.NotContains(t, fmt.Sprint(conf.ToStringMap()), secret)
		assert.NotEmpty(t, load(t, name).secrets())
	}
}

func TestWaits(t *testing.T) {
	for _, tt := range []struct {
		cfg  AttemptsConfig
		want []time.Duration
	}{
		{AttemptsConfig{Backoff: BackoffExponential, InitialInterval: 1, MaxInterval: 10}, []time.Duration{1, 2, 4, 8, 10, 10}},
		{AttemptsConfig{Backoff: BackoffLinear, InitialInterval: 2, MaxInterval: 7}, []time.Duration{2, 4, 6, 7, 7, 7}},
	} {
		var got []time.Duration
		for n := 1; n <= 6; n++ {
			got = append(got, tt.cfg.wait(n))
		}
		assert.Equal(t, tt.want, got)
		assert.Equal(t, tt.cfg.MaxInterval, tt.cfg.wait(1<<40))
	}
}
