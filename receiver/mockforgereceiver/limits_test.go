// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadatatest"
)

func TestRateOfOneClient(t *testing.T) {
	l, err := newRateLimiter(RateLimitConfig{RequestsPerSecond: 2, Burst: 3})
	require.NoError(t, err)
	one, other := clientOf("192.0.2.1:1000"), clientOf("192.0.2.2:1000")
	now := time.Unix(0, 0)
	for range 3 {
		assert.Zero(t, l.take(one, now))
	}
	assert.Equal(t, 500*time.Millisecond, l.take(one, now))
	assert.Equal(t, 500*time.Millisecond, l.take(one, now), "a refused request costs nothing")
	assert.Zero(t, l.take(other, now))
	assert.Zero(t, l.take(one, now.Add(500*time.Millisecond)))
	assert.Positive(t, l.take(one, now.Add(500*time.Millisecond)))
}

func TestClientsRememberedAreBounded(t *testing.T) {
	l, err := newRateLimiter(RateLimitConfig{RequestsPerSecond: 1, Burst: 1})
	require.NoError(t, err)
	now := time.Unix(0, 0)
	first := netip.MustParsePrefix("2001:db8::/64")
	require.Zero(t, l.take(first, now))
	for i := range maxClients + 100 {
		l.take(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32), now)
		require.Positive(t, l.take(first, now), "the client that is not idle is not forgotten")
	}
	assert.Equal(t, maxClients, l.clients.Len())
}

func TestClientOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1000":                 "192.0.2.1/32",
		"192.0.2.1:2000":                 "192.0.2.1/32",
		"[::ffff:192.0.2.1]:1000":        "192.0.2.1/32",
		"[2001:db8:1:2:3:4:5:6]:1000":    "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1000":            "fe80::/64",
		"@":                              "invalid Prefix",
		"":                               "invalid Prefix",
		"/run/otelcol/mockforge.sock:80": "invalid Prefix",
	} {
		assert.Equal(t, want, clientOf(remote).String(), remote)
	}
}

// TestRateLimit: requests over the limit are answered before credentials are
// looked at and before the body has come.
func TestRateLimit(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := settings()
	set.TelemetrySettings = tel.NewTelemetrySettings()
	host := authHost{component.MustNewID("bearertokenauth")}
	address := serve(t, set, host, consumertest.NewNop(), func(cfg *Config) {
		http := cfg.Protocols.HTTP.Get()
		http.Limits.RateLimit = RateLimitConfig{RequestsPerSecond: 0.01, Burst: 2}
		http.ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: host.id}})
	})
	for range 2 {
		resp, _ := request{body: one, header: map[string]string{"Authorization": "Bearer guess", "X-Forwarded-For": "192.0.2.1"}}.send(t, address)
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	}
	resp, body := request{body: one, header: map[string]string{"Authorization": "Bearer right", "X-Forwarded-For": "192.0.2.2"}}.send(t, address)
	assert.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	assert.Equal(t, `{"error":"found more requests than rate_limit allows, expected fewer"}`, body)
	assert.Contains(t, []string{"99", "100"}, resp.Header.Get("Retry-After"))

	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	status := make([]byte, 12)
	_, err = io.ReadFull(conn, status)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 429", string(status))

	metadatatest.AssertEqualReceiverMockforgeRefusedRequests(t, tel, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: attribute.NewSet(attribute.String("reason", "unauthorized"))},
		{Value: 2, Attributes: attribute.NewSet(attribute.String("reason", "rate_limit"))},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

// TestHECRateLimit: HEC clients do not try again what is answered with 429.
func TestHECRateLimit(t *testing.T) {
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP = configoptional.None[HTTPConfig]()
		hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
		hec.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
		hec.Limits.RateLimit = RateLimitConfig{RequestsPerSecond: 0.5, Burst: 1}
		hec.Tokens = []configopaque.String{hecToken1}
	})
	q := request{path: "/services/collector", body: `{"event":` + one + `}`, header: map[string]string{"Authorization": "Splunk guess"}}
	resp, _ := q.send(t, address)
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	resp, body := q.send(t, address)
	assert.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	assert.Equal(t, `{"text":"Server is busy","code":9,"error":"found more requests than rate_limit allows, expected fewer"}`, body)
	assert.Equal(t, "2", resp.Header.Get("Retry-After"))
}

func TestDecompressionRatio(t *testing.T) {
	const mib = 1 << 20
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	zeros := strings.Repeat(" ", 8*mib)
	// Random enough text: about four to one.
	var events strings.Builder
	for i := 0; events.Len() < 3*mib; i++ {
		fmt.Fprintf(&events, `{"event_type":"auth.failure","severity":"medium","timestamp":"2025-01-27T10:30:00Z","metadata":{"n":%d}}`, uint64(i)*0x9E3779B97F4A7C15)
	}
	for name, tt := range map[string]struct {
		coding, body string
		limit        int64
		status       int
	}{
		"gzip":               {"gzip", gzipped(t, zeros), 200, 413},
		"zstd":               {"zstd", string(encoder.EncodeAll([]byte(zeros), nil)), 200, 413},
		"the first MiB":      {"gzip", gzipped(t, one+zeros[:mib-len(one)]), 200, 200},
		"events":             {"gzip", gzipped(t, events.String()), 200, 200},
		"events, low limit":  {"gzip", gzipped(t, events.String()), 2, 413},
		"no limit":           {"gzip", gzipped(t, one+zeros), 0, 200},
		"not compressed":     {"", one + zeros, 1, 200},
		"identity":           {"identity", one + zeros, 1, 200},
		"high limit":         {"gzip", gzipped(t, one+zeros), 1 << 62, 200},
		"several members":    {"gzip", strings.Repeat(gzipped(t, zeros[:mib]), 4), 200, 413},
		"stored, not packed": {"gzip", stored(t, one+zeros), 1, 200},
	} {
		t.Run(name, func(t *testing.T) {
			tel := componenttest.NewTelemetry()
			set := settings()
			set.TelemetrySettings = tel.NewTelemetrySettings()
			sink := new(consumertest.LogsSink)
			address := serve(t, set, componenttest.NewNopHost(), sink, func(cfg *Config) {
				cfg.Protocols.HTTP.Get().Limits.MaxDecompressionRatio = tt.limit
			})
			resp, body := request{body: tt.body, header: map[string]string{"Content-Encoding": tt.coding}}.send(t, address)
			assert.Equal(t, tt.status, resp.StatusCode, body)
			if tt.status == http.StatusOK {
				return
			}
			assert.Equal(t, fmt.Sprintf(`{"error":"found a body that grows more than %d-fold by decompression, expected no more"}`, tt.limit), body)
			assert.Zero(t, sink.LogRecordCount())
			metadatatest.AssertEqualReceiverMockforgeRefusedRequests(t, tel, []metricdata.DataPoint[int64]{
				{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", "ratio"))},
			}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
		})
	}
}

func stored(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	require.NoError(t, err)
	_, err = w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// TestMaxConnections: a connection over the limit waits until one ends.
func TestMaxConnections(t *testing.T) {
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP.Get().Limits.MaxConnections = 2
	})
	held := make([]net.Conn, 2)
	for i := range held {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		held[i] = conn
		_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1))
		require.NoError(t, err)
	}
	answered := make(chan int, 1)
	go func() {
		resp, err := http.Post("http://"+address+"/api/v1/events", "", strings.NewReader(one))
		if err != nil {
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	select {
	case status := <-answered:
		t.Fatalf("a third connection was answered with %d", status)
	case <-time.After(200 * time.Millisecond):
	}
	held[0].Close()
	assert.Equal(t, http.StatusOK, <-answered)
	http.DefaultClient.CloseIdleConnections()
}

// TestHTTP2: the limit of connections leaves HTTP/2 over TLS as it is.
func TestHTTP2(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.TLS = configoptional.Some(configtls.ServerConfig{
			Config: configtls.Config{CertFile: certFile, KeyFile: keyFile},
		})
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Post("https://"+address+"/api/v1/events", "", strings.NewReader(one))
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, 2, resp.ProtoMajor)
}

// TestSlowClientsAreCut: who sends a byte now and then, or nothing, does not
// hold a connection for longer than the time-outs say.
func TestSlowClientsAreCut(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	for name, tt := range map[string]struct {
		tls   bool
		begin string // sent at once
		drip  string // sent over and over, a byte each 20 ms
		want  string // what the answer begins with; nothing when there is none
	}{
		"header":          {begin: "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Slow: ", drip: "a"},
		"request line":    {drip: "P"},
		"nothing":         {},
		"body":            {begin: "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", drip: " ", want: "HTTP/1.1 408 "},
		"chunks":          {begin: "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", drip: "1\r\n \r\n", want: "HTTP/1.1 408 "},
		"idle":            {begin: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", want: "HTTP/1.1 404 "},
		"no client hello": {tls: true},
		"slow hello":      {tls: true, begin: "\x16\x03\x01\x02\x00", drip: "\x01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
				server := &cfg.Protocols.HTTP.Get().ServerConfig
				server.ReadTimeout, server.ReadHeaderTimeout, server.IdleTimeout = 300*time.Millisecond, 300*time.Millisecond, 300*time.Millisecond
				if tt.tls {
					server.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certFile, KeyFile: keyFile}})
				}
			})
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, tt.begin)
			require.NoError(t, err)
			stop := make(chan struct{})
			defer close(stop)
			go drip(conn, tt.drip, stop)
			began := time.Now()
			require.NoError(t, conn.SetReadDeadline(began.Add(5*time.Second)))
			answer, err := io.ReadAll(conn)
			var timeout net.Error
			if assert.False(t, errors.As(err, &timeout) && timeout.Timeout(), "not cut") {
				assert.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
				assert.True(t, strings.HasPrefix(string(answer), tt.want), "%q", answer)
			}
		})
	}
}

// TestSlowHTTP2Streams: a stream of HTTP/2 is cut as a connection is.
func TestSlowHTTP2Streams(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		server := &cfg.Protocols.HTTP.Get().ServerConfig
		server.ReadTimeout = 300 * time.Millisecond
		server.TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certFile, KeyFile: keyFile}})
	})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	body, drops := io.Pipe()
	defer drops.Close()
	go func() {
		for {
			if _, err := drops.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	resp, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Post("https://"+address+"/api/v1/events", "", body)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 2, resp.ProtoMajor)
	assert.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
}

// drip sends text byte by byte, over and over, until it is stopped or cut.
func drip(conn net.Conn, text string, stop <-chan struct{}) {
	for i := 0; text != ""; i++ {
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if _, err := conn.Write([]byte{text[i%len(text)]}); err != nil {
			return
		}
	}
}
