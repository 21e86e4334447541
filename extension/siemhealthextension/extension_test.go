// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

func confighttpAuth(id component.ID) confighttp.AuthConfig {
	return confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: id}}
}

// host has the extension, as components find it.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// serve starts an extension whose destinations a component tells, and returns
// its address.
func serve(t testing.TB, e *healthExtension, destinations []health.Destination, intakes []health.Intake, others ...component.Component) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	e.cfg.ServerConfig.NetAddr.Endpoint = l.Addr().String()
	h := host{e.set.ID: e}
	for _, o := range others {
		h[component.MustNewID("other")] = o
	}
	require.NoError(t, e.Start(t.Context(), h))
	remove := health.Find(h).Add(health.Source{
		Destinations: func() []health.Destination { return destinations },
		Intakes:      func() []health.Intake { return intakes },
	})
	t.Cleanup(func() {
		remove()
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, e.Shutdown(context.Background()))
	})
	return "http://" + l.Addr().String()
}

func ask(t testing.TB, method, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Origin", "https://example.com")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func TestServe(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name    string
		failing []time.Duration // of each destination; 0 for a healthy one
		code    int
		status  status
	}{
		{"no destination", nil, http.StatusOK, statusOK},
		{"all well", []time.Duration{0, 0}, http.StatusOK, statusOK},
		{"one failing", []time.Duration{0, time.Minute}, http.StatusOK, statusFailing},
		{"one down", []time.Duration{time.Minute, 0, 6 * time.Minute}, http.StatusServiceUnavailable, statusDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var destinations []health.Destination
			for _, d := range tt.failing {
				one := health.Destination{Pipeline: "logs/a"}
				if d > 0 {
					one.FailingSince = before(now, d)
				}
				destinations = append(destinations, one)
			}
			url := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), destinations, nil)

			resp, body := ask(t, http.MethodGet, url+"/api/v1/siem/health")
			assert.Equal(t, tt.code, resp.StatusCode)
			assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			var got report
			require.NoError(t, json.Unmarshal([]byte(body), &got), body)
			assert.Equal(t, tt.status, got.Status)
			assert.Len(t, got.Destinations, len(tt.failing))

			resp, body = ask(t, http.MethodHead, url+"/api/v1/siem/health")
			assert.Equal(t, tt.code, resp.StatusCode)
			assert.Empty(t, body)

			resp, body = ask(t, http.MethodGet, url+"/")
			assert.Equal(t, http.StatusOK, resp.StatusCode, "a person sees the page, whatever it says")
			assert.Contains(t, body, "<title>"+tt.status.Word()+": SIEM health</title>")
		})
	}
}

func TestServeRefuses(t *testing.T) {
	url := serve(t, build(t, componenttest.NewNopTelemetrySettings(), nil), nil, nil)
	for _, path := range []string{"/", "/api/v1/siem/health"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			resp, _ := ask(t, method, url+path)
			assert.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode, "%s %s", method, path)
			assert.Equal(t, "GET, HEAD", resp.Header.Get("Allow"))
		}
		resp, _ := ask(t, http.MethodGet, url+path)
		for name := range resp.Header {
			assert.NotContains(t, name, "Access-Control", "another site must not read it")
		}
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
	}
	for _, path := range []string{"/other", "/api/v1/siem/health/", "/api/v1/siem"} {
		resp, _ := ask(t, http.MethodGet, url+path)
		assert.Equal(t, http.StatusNotFound, resp.StatusCode, path)
	}
}

// stranger knows nobody.
type stranger struct {
	component.StartFunc
	component.ShutdownFunc
}

func (*stranger) Authenticate(context.Context, map[string][]string) (context.Context, error) {
	return nil, assert.AnError
}

func TestServeAsksWhoComes(t *testing.T) {
	e := build(t, componenttest.NewNopTelemetrySettings(), func(cfg *Config) {
		cfg.ServerConfig.Auth = configoptional.Some(confighttpAuth(component.MustNewID("other")))
	})
	url := serve(t, e, nil, nil, &stranger{})
	for _, path := range []string{"/", "/api/v1/siem/health"} {
		resp, body := ask(t, http.MethodGet, url+path)
		assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		assert.NotContains(t, body, "SIEM health")
	}
}

// TestStartTwice: an address that is taken is an error, and leaves nothing behind.
func TestStartTwice(t *testing.T) {
	first := build(t, componenttest.NewNopTelemetrySettings(), nil)
	serve(t, first, nil, nil)
	second := build(t, componenttest.NewNopTelemetrySettings(), nil)
	second.cfg.ServerConfig.NetAddr.Endpoint = first.cfg.ServerConfig.NetAddr.Endpoint
	assert.ErrorContains(t, second.Start(t.Context(), componenttest.NewNopHost()), "address already in use")
	assert.NoError(t, second.Shutdown(t.Context()))
}

func TestShutdownWithoutStart(t *testing.T) {
	assert.NoError(t, build(t, componenttest.NewNopTelemetrySettings(), nil).Shutdown(t.Context()))
}
