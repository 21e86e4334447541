// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"
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
	assert.Equal(t, LimitsConfig{RateLimit: RateLimitConfig{Burst: 100}, MaxDecompressionRatio: 200, MaxConnections: 1024}, http.Limits)
	assert.False(t, cfg.Protocols.SplunkHEC.HasValue())
}

func TestHECDefaults(t *testing.T) {
	cfg := load(t, "hec")
	require.NoError(t, xconfmap.Validate(cfg), "a loopback address needs no token")
	assert.False(t, cfg.Protocols.HTTP.HasValue())
	hec := cfg.Protocols.SplunkHEC.Get()
	assert.Equal(t, "localhost:8088", hec.ServerConfig.NetAddr.Endpoint)
	assert.Equal(t, int64(20<<20), hec.ServerConfig.MaxRequestBodySize)
	assert.Equal(t, time.Minute, hec.ServerConfig.ReadTimeout)
	assert.Equal(t, 100_000, hec.MaxEvents)
	assert.Empty(t, hec.Tokens)
	assert.Equal(t, newDefaultLimitsConfig(), hec.Limits)
}

func TestInvalidHECConfig(t *testing.T) {
	err := xconfmap.Validate(load(t, "hec_bad"))
	assert.NotContains(t, err.Error(), "limits", "no key of that name")
	for _, want := range []string{
		"tokens: found none, expected at least one, as the endpoint is not on a loopback address",
		"max_events: found 0, expected at least 1",
		"write_timeout: found 1m0s, expected more than read_timeout, which is 1m0s",
		"rate_limit::requests_per_second: found -1, expected 0 or more",
		"rate_limit::burst: found 0, expected at least 1",
		"max_decompression_ratio: found -1, expected 0 or more",
		"max_connections: found -1, expected 0 or more",
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.ErrorContains(t, xconfmap.Validate(load(t, "hec_empty_token")), "protocols::splunk_hec: tokens[1]: found nothing, expected a token")
}

func TestTokensAreNeeded(t *testing.T) {
	for endpoint, needed := range map[string]bool{
		"localhost:8088": false, "127.0.0.1:8088": false, "127.1.2.3:8088": false, "[::1]:8088": false, "[::ffff:127.0.0.1]:8088": false,
		"0.0.0.0:8088": true, "[::]:8088": true, ":8088": true, "192.0.2.1:8088": true, "localhost.example.com:8088": true, "127.0.0.1": true,
	} {
		cfg := createDefaultConfig().(*Config)
		hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
		hec.ServerConfig.NetAddr.Endpoint = endpoint
		assert.Equal(t, needed, xconfmap.Validate(cfg) != nil, endpoint)
		hec.Tokens = []configopaque.String{"t"}
		assert.NoError(t, xconfmap.Validate(cfg), endpoint)
	}
	cfg := createDefaultConfig().(*Config)
	hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
	hec.ServerConfig.NetAddr = confignet.AddrConfig{Endpoint: "/run/hec.sock", Transport: confignet.TransportTypeUnix}
	assert.NoError(t, xconfmap.Validate(cfg))
	hec.ServerConfig.NetAddr = confignet.AddrConfig{Endpoint: "0.0.0.0:8088", Transport: confignet.TransportTypeTCP}
	hec.ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{})
	assert.NotContains(t, fmt.Sprint(xconfmap.Validate(cfg)), "tokens:")
}

func TestAllSettings(t *testing.T) {
	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))

	want := createDefaultConfig().(*Config)
	want.Environment = "production"
	want.Filter = FilterConfig{Include: []string{"auth.*"}, Exclude: []string{"severity:low"}, Conditions: []string{"environment == 'production'"}}
	want.MaxEventSize = 65536
	want.RedactCredentials = false
	want.OnParseError = OnParseErrorRefuse
	syslog := *want.Protocols.Syslog.GetOrInsertDefault()
	syslog.MaxMessageSize = 65536
	tcp := *syslog.TCP.GetOrInsertDefault()
	tcp.Endpoint, tcp.MaxConnections, tcp.IdleTimeout = "0.0.0.0:6514", 10, 30*time.Second
	tcp.TLS = configoptional.Some(configtls.ServerConfig{
		Config: configtls.Config{CertFile: "server.crt", KeyFile: "server.key"}, ClientCAFile: "ca.crt",
	})
	syslog.TCP = configoptional.Some(tcp)
	syslog.UDP = configoptional.Some(SyslogUDPConfig{Endpoint: "0.0.0.0:514", Sockets: 8, ReadBufferSize: 1 << 20, QueueSize: 2 << 20})
	want.Protocols.Syslog = configoptional.Some(syslog)
	http := *want.Protocols.HTTP.GetOrInsertDefault()
	http.Path = "/siem"
	http.TestEvent.Token = "secret"
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
	http.Limits = LimitsConfig{
		RateLimit: RateLimitConfig{RequestsPerSecond: 20.5, Burst: 40}, MaxDecompressionRatio: 50, MaxConnections: 64,
	}
	want.Protocols.HTTP = configoptional.Some(http)
	hec := *want.Protocols.SplunkHEC.GetOrInsertDefault()
	hec.Tokens = []configopaque.String{"first", "second"}
	hec.MaxEvents = 20
	hec.ServerConfig.NetAddr.Endpoint = "0.0.0.0:9001"
	hec.ServerConfig.MaxRequestBodySize = 2 << 20
	hec.ServerConfig.TLS = http.ServerConfig.TLS
	hec.Limits = LimitsConfig{RateLimit: RateLimitConfig{RequestsPerSecond: 5, Burst: 100}}
	want.Protocols.SplunkHEC = configoptional.Some(hec)
	assert.Equal(t, want, cfg)
}

func TestSyslogConfig(t *testing.T) {
	cfg := load(t, "syslog")
	require.NoError(t, xconfmap.Validate(cfg))
	syslog := cfg.Protocols.Syslog.Get()
	assert.Equal(t, 1<<20, syslog.MaxMessageSize)
	assert.False(t, syslog.UDP.HasValue(), "only what is named is on")
	assert.Equal(t, "localhost:5514", syslog.TCP.Get().Endpoint)
	assert.Equal(t, 1024, syslog.TCP.Get().MaxConnections)
	assert.Equal(t, 5*time.Minute, syslog.TCP.Get().IdleTimeout)
	assert.Equal(t, SyslogUDPConfig{Endpoint: "localhost:5514", Sockets: 4, ReadBufferSize: 8 << 20, QueueSize: 16 << 20}, *syslog.UDP.GetOrInsertDefault())

	assert.EqualError(t, xconfmap.Validate(load(t, "syslog_nothing")), "protocols::syslog: found neither tcp nor udp, expected one or both")
	err := xconfmap.Validate(load(t, "syslog_bad"))
	for _, want := range []string{
		`on_parse_error: found "drop", expected keep or refuse`,
		`path: found "/api/v1/security/test-event", expected another one`,
		"protocols::syslog: max_message_size: found 100, expected 480 to 1073741824 bytes",
		"tcp: max_connections: found 0, expected at least 1",
		"idle_timeout: found 0s, expected more than 0",
		"udp: endpoint: found nothing, expected host:port",
		"sockets: found 65, expected 1 to 64",
		"read_buffer_size: found -1, expected 0 (the system's default) or more",
		"queue_size: found 1000, expected at least 65535 bytes, one datagram",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestInvalidConfig(t *testing.T) {
	assert.EqualError(t, xconfmap.Validate(load(t, "no_protocol")), "protocols: found none, expected http, syslog, file or splunk_hec")
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		"max_event_size: found -1, expected 1 to 2147483647 bytes",
		`filter: conditions[0]: "user_id == 'x'": found the field user_id, expected one of event_type`,
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
