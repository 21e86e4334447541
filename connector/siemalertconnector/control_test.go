// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

func TestTestAlert(t *testing.T) {
	cfg := load(t, "guide")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	control := *createDefaultConfig().(*Config).Control.GetOrInsertDefault()
	control.NetAddr.Endpoint = l.Addr().String()
	cfg.Control = configoptional.Some(control)
	r := start(t, cfg, componenttest.NewNopHost())
	defer r.stop(t)
	ask := func(method, body string, header ...string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://%s/api/v1/security/test-alert", l.Addr()), strings.NewReader(body))
		require.NoError(t, err)
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { assert.NoError(t, resp.Body.Close()) }()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, strings.TrimSpace(string(answer))
	}
	defer http.DefaultClient.CloseIdleConnections()

	const good = `{"alert_name":"Multiple Auth Failures","test":true}`
	status, answer := ask(http.MethodPost, good)
	require.Equal(t, http.StatusOK, status, answer)
	require.Len(t, r.sinks["all"].alerts, 1)
	alert := r.sinks["all"].alerts[0]
	assert.JSONEq(t, fmt.Sprintf(`{"alert_name":"Multiple Auth Failures","event_id":%q,"pipelines":["logs/all"]}`, uidOf(alert)), answer)
	assert.Equal(t, "true", attrText(alert, eventlog.AttrTest))
	assert.Equal(t, "Multiple Auth Failures", attrText(alert, eventlog.AttrAlertName))
	assert.Equal(t, "high", attrText(alert, eventlog.AttrAlertSeverity))
	assert.Equal(t, "alert.fired", alert.EventName())

	for _, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"alert_name":"Nope"}`, 404, `alert_name: found \"Nope\", expected the name of a rule`},
		{`{"alert_name":"Multiple Auth Failures","test":false}`, 400, "test: found false"},
		{`{"alert":"x"}`, 400, "unknown field"},
		{`hello`, 400, "reading the request"},
		{`{"alert_name":"` + strings.Repeat("x", 100_000) + `"}`, 400, "too large"},
	} {
		status, answer := ask(http.MethodPost, tt.body)
		assert.Equal(t, tt.status, status, tt.body[:min(len(tt.body), 80)])
		assert.Contains(t, answer, tt.want)
	}
	status, _ = ask(http.MethodPost, good, "Origin", "https://example.com")
	assert.Equal(t, http.StatusForbidden, status)
	status, _ = ask(http.MethodGet, "")
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	assert.Len(t, r.sinks["all"].names(), 1)

	r.sinks["all"].set(func(int) error { return errors.New("down") })
	status, answer = ask(http.MethodPost, good)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, answer, "down; it is tried again")
}
