// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestDefaults(t *testing.T) {
	cfg := load(t, "")
	require.NoError(t, xconfmap.Validate(cfg))
	http := cfg.Protocols.HTTP.Get()
	assert.Equal(t, "localhost:8765", http.ServerConfig.NetAddr.Endpoint)
	assert.Equal(t, "/api/v1/events", http.Path)
	assert.Equal(t, 100_000, http.MaxEvents)
	assert.Equal(t, int64(20<<20), http.ServerConfig.MaxRequestBodySize)
	assert.Equal(t, time.Minute, http.ServerConfig.ReadTimeout)
	assert.Equal(t, 1<<20, cfg.MaxEventSize)
	assert.Equal(t, 2*time.Minute, http.ServerConfig.WriteTimeout)
	assert.True(t, cfg.RedactCredentials)
	assert.Empty(t, cfg.Environment)
}

func TestAllSettings(t *testing.T) {
	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))

	want := createDefaultConfig().(*Config)
	want.Environment = "production"
	want.MaxEventSize = 65536
	want.RedactCredentials = false
	http := *want.Protocols.HTTP.GetOrInsertDefault()
	http.Path = "/siem"
	http.MaxEvents = 10
	http.ServerConfig.NetAddr.Endpoint = "0.0.0.0:9000"
	http.ServerConfig.MaxRequestBodySize = 1 << 20
	http.ServerConfig.IncludeMetadata = true
	http.ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{
		Config: configauth.Config{AuthenticatorID: component.MustNewID("bearertokenauth")},
	})
	http.ServerConfig.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://*.example.com"}})
	http.ServerConfig.TLS = configoptional.Some(configtls.ServerConfig{
		Config: configtls.Config{CertFile: "server.crt", KeyFile: "server.key"},
	})
	want.Protocols.HTTP = configoptional.Some(http)
	assert.Equal(t, want, cfg)
}

func TestInvalidConfig(t *testing.T) {
	assert.EqualError(t, xconfmap.Validate(load(t, "no_protocol")), "protocols: found none, expected http, syslog, file or splunk_hec")
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		"max_event_size: found -1, expected 1 to 2147483647 bytes",
		`protocols::http: path: found "events", expected a plain path that begins with "/" and does not end with it`,
		"write_timeout: found 30s, expected more than read_timeout, which is 1m0s",
		"max_events: found 0, expected at least 1",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestPaths(t *testing.T) {
	for path, valid := range map[string]bool{
		"/": true, "/api/v1/events": true, "/siem": true,
		"": false, "siem": false, "/siem/": false, "/a//b": false, "/a/../b": false, "/a b": false, "/a\nb": false, "/{x}": false, "/a%2Fb": false, "/a?b": false,
	} {
		cfg := createDefaultConfig().(*Config)
		cfg.Protocols.HTTP.GetOrInsertDefault().Path = path
		err := xconfmap.Validate(cfg)
		if valid {
			assert.NoError(t, err, path)
		} else {
			assert.ErrorContains(t, err, "path: found", path)
		}
	}
}
