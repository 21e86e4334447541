// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"golang.org/x/net/http2"
	"golang.org/x/net/netutil"
)

// LimitsConfig bounds what the clients of an HTTP server may ask of it, besides
// confighttp's time-outs and largest body.
type LimitsConfig struct {
	// RateLimit bounds the requests of each client. Off by default.
	RateLimit RateLimitConfig `mapstructure:"rate_limit"`
	// MaxDecompressionRatio is how many times larger than on the wire a body may
	// become, beyond its first MiB. 200 by default; 0 for no limit.
	MaxDecompressionRatio int64 `mapstructure:"max_decompression_ratio"`
	// MaxConnections is the most connections at a time; further ones wait until
	// one ends. 1,024 by default; 0 for no limit.
	MaxConnections int `mapstructure:"max_connections"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RateLimitConfig is a token bucket for each client.
type RateLimitConfig struct {
	// RequestsPerSecond is how many requests a client may send in the long run.
	// 0, the default, for no limit.
	RequestsPerSecond float64 `mapstructure:"requests_per_second"`
	// Burst is how many it may send at once. 100 by default.
	Burst int `mapstructure:"burst"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const (
	defaultBurst                 = 100
	defaultMaxDecompressionRatio = 200
	defaultMaxConnections        = 1024
)

func newDefaultLimitsConfig() LimitsConfig {
	return LimitsConfig{
		RateLimit:             RateLimitConfig{Burst: defaultBurst},
		MaxDecompressionRatio: defaultMaxDecompressionRatio,
		MaxConnections:        defaultMaxConnections,
	}
}

// validateServer checks what the servers have in common. It is no Validate of
// the limits: the Collector would name a key for those, and they have none.
func validateServer(server *confighttp.ServerConfig, limits *LimitsConfig) error {
	var errs []error
	if read, write := server.ReadTimeout, server.WriteTimeout; write > 0 && write <= read {
		// It runs from the request's header on, so it includes reading.
		errs = append(errs, fmt.Errorf("write_timeout: found %s, expected more than read_timeout, which is %s", write, read))
	}
	if rps := limits.RateLimit.RequestsPerSecond; rps < 0 || math.IsNaN(rps) || math.IsInf(rps, 0) {
		errs = append(errs, fmt.Errorf("rate_limit::requests_per_second: found %v, expected 0 or more", rps))
	}
	if limits.RateLimit.Burst < 1 {
		errs = append(errs, fmt.Errorf("rate_limit::burst: found %d, expected at least 1", limits.RateLimit.Burst))
	}
	if limits.MaxDecompressionRatio < 0 {
		errs = append(errs, fmt.Errorf("max_decompression_ratio: found %d, expected 0 or more", limits.MaxDecompressionRatio))
	}
	if limits.MaxConnections < 0 {
		errs = append(errs, fmt.Errorf("max_connections: found %d, expected 0 or more", limits.MaxConnections))
	}
	return errors.Join(errs...)
}

func newDefaultServerConfig(endpoint string) confighttp.ServerConfig {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = endpoint
	server.MaxRequestBodySize = defaultMaxBodySize
	server.ReadTimeout = defaultReadTimeout
	server.WriteTimeout = defaultWriteTimeout
	return server
}

// listen is confighttp's ToListener with a limit of connections. The limit has
// to stand below TLS: http.Server knows HTTP/2 by the type of the connection.
func listen(ctx context.Context, cfg *confighttp.ServerConfig, maxConnections int) (net.Listener, error) {
	listener, err := cfg.NetAddr.Listen(ctx)
	if err != nil {
		return nil, err
	}
	if maxConnections > 0 {
		listener = netutil.LimitListener(listener, maxConnections)
	}
	if !cfg.TLS.HasValue() {
		return listener, nil
	}
	tlsConfig, err := cfg.TLS.Get().LoadTLSConfig(ctx)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	tlsConfig.NextProtos = []string{http2.NextProtoTLS, "http/1.1"}
	return tls.NewListener(listener, tlsConfig), nil
}

// wholeSeconds rounds up for Retry-After (RFC 9110 section 10.2.3), which knows
// no fractions; 0 would say: at once.
func wholeSeconds(d time.Duration) int {
	return max(1, int(math.Ceil(d.Seconds())))
}
