// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/receipt"
)

func TestCompleteTestEvent(t *testing.T) {
	now := time.Date(2025, 1, 27, 10, 30, 0, 5e6, time.UTC)
	for name, tt := range map[string]struct{ in, want, err string }{
		"guide": {
			in:   `{"event_type": "auth.failure", "severity": "medium", "test": true}`,
			want: `{"timestamp":"2025-01-27T10:30:00.005Z","event_type":"auth.failure","severity":"medium","source":{"system":"mockforge","component":"test-event"},"actor":null,"target":null,"outcome":null,"metadata":{"description":"Credentials were rejected (bad password, key or token)"},"compliance":{"soc2_cc":[],"iso27001":[]},"test":true}`,
		},
		"type alone": {
			in:   `{"event_type":"security.threat_detected","severity":null}`,
			want: `{"timestamp":"2025-01-27T10:30:00.005Z","event_type":"security.threat_detected","severity":"high","source":{"system":"mockforge","component":"test-event"},"actor":null,"target":null,"outcome":null,"metadata":{"description":"Hostile activity was recognised"},"compliance":{"soc2_cc":[],"iso27001":[]},"test":true}`,
		},
		"whole, with more, not marked": {
			in:   `{"z":1,"a\"":[2],"compliance":{"soc2_cc":["CC6"]},"metadata":{"n":9007199254740993},"outcome":{"success":false},"target":{},"actor":{"username":"x"},"source":{"system":"s"},"severity":"low","event_type":"custom.type","timestamp":"2024-01-01T00:00:00Z","test":false}`,
			want: `{"timestamp":"2024-01-01T00:00:00Z","event_type":"custom.type","severity":"low","source":{"system":"s"},"actor":{"username":"x"},"target":{},"outcome":{"success":false},"metadata":{"n":9007199254740993},"compliance":{"soc2_cc":["CC6"]},"a\"":[2],"z":1,"test":true}`,
		},
		"unknown type": {
			in:   `{"event_type":"custom.type"}`,
			want: `{"timestamp":"2025-01-27T10:30:00.005Z","event_type":"custom.type","source":{"system":"mockforge","component":"test-event"},"actor":null,"target":null,"outcome":null,"metadata":{},"compliance":{"soc2_cc":[],"iso27001":[]},"test":true}`,
		},
		"nothing":   {in: ``, err: "found no JSON object"},
		"null":      {in: `null`, err: "found no JSON object"},
		"array":     {in: `[]`, err: "found no JSON object"},
		"two":       {in: `{"event_type":"a"}{}`, err: "found no JSON object"},
		"no type":   {in: `{"severity":"low"}`, err: "event_type: found no text, expected an event type such as auth.failure"},
		"type null": {in: `{"event_type":null}`, err: "event_type: found no text"},
		"number":    {in: `{"event_type":5}`, err: "event_type: found no text"},
		"blank":     {in: `{"event_type":" "}`, err: "event_type: found no text"},
	} {
		got, err := completeTestEvent([]byte(tt.in), now)
		if tt.err != "" {
			assert.ErrorContains(t, err, tt.err, name)
			continue
		}
		assert.NoError(t, err, name)
		assert.Equal(t, tt.want, string(got), name)
	}
}

const testPath = "/api/v1/security/test-event"

func TestTestEvent(t *testing.T) {
	for _, typ := range event.Catalogue() {
		sink := new(consumertest.LogsSink)
		address := serve(t, settings(), componenttest.NewNopHost(), sink, nil)
		resp, body := request{path: testPath, body: `{"event_type":"` + typ.Name + `"}`}.send(t, address)
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		id, _ := got["event_id"].(string)
		assert.NoError(t, uuid.Validate(id))
		assert.Equal(t, map[string]any{"accepted": 1.0, "event_id": id, "event_type": typ.Name}, got)

		require.Equal(t, 1, sink.LogRecordCount())
		record := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		attrs := record.Attributes().AsRaw()
		assert.Equal(t, true, attrs[eventlog.AttrTest])
		assert.Equal(t, id, attrs[eventlog.AttrRecordUID])
		assert.NotContains(t, attrs, eventlog.AttrWarnings, "it is a whole event")
		assert.Equal(t, typ.Severity.Number(), int32(record.SeverityNumber()))
	}
}

func TestTestEventRefused(t *testing.T) {
	bearer := func(token string) map[string]string { return map[string]string{"Authorization": token} }
	for _, tt := range []struct {
		name    string
		request request
		status  int
		want    string
	}{
		{"no token", request{}, 401, `{"error":"Authorization: found no valid bearer token, expected that of test_event::token"}`},
		{"wrong token", request{header: bearer("Bearer wrong")}, 401, `{"error":"Authorization: found no valid bearer token, expected that of test_event::token"}`},
		{"scheme", request{header: bearer("Basic right")}, 401, `{"error":"Authorization: found no valid bearer token, expected that of test_event::token"}`},
		{"get", request{method: http.MethodGet, header: bearer("Bearer right")}, 405, `{"error":"found method GET, expected POST"}`},
		{"no type", request{body: "{}", header: bearer("Bearer right")}, 400, `{"error":"event_type: found no text, expected an event type such as auth.failure"}`},
		{"utf8", request{body: "{\"event_type\":\"a\",\"x\":\"\xff\"}", header: bearer("Bearer right")}, 400, `{"error":"found byte 0xFF, expected UTF-8 (byte 217)"}`},
		{"wait", request{path: testPath + "?wait=soon", body: `{"event_type":"a"}`, header: bearer("Bearer right")}, 400, `{"error":"wait: found \"soon\", expected a duration from 0s to 1m0s, such as 5s"}`},
		{"long wait", request{path: testPath + "?wait=2m", body: `{"event_type":"a"}`, header: bearer("Bearer right")}, 400, `{"error":"wait: found \"2m\", expected a duration from 0s to 1m0s, such as 5s"}`},
		{"page", request{body: `{"event_type":"a"}`, header: map[string]string{"Authorization": "Bearer right", "Origin": "https://evil.example"}}, 403, `{"error":"Origin: found \"https://evil.example\", expected none, or one that cors.allowed_origins lists"}`},
		{"right", request{body: `{"event_type":"a"}`, header: bearer("bearer right")}, 200, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			address := serve(t, settings(), componenttest.NewNopHost(), sink, func(cfg *Config) {
				cfg.Protocols.HTTP.Get().TestEvent.Token = "right"
			})
			if tt.request.path == "" {
				tt.request.path = testPath
			}
			resp, body := tt.request.send(t, address)
			assert.Equal(t, tt.status, resp.StatusCode)
			if tt.want != "" {
				assert.Equal(t, tt.want, body)
				assert.Zero(t, sink.LogRecordCount())
			}
			if tt.status == http.StatusUnauthorized {
				assert.Equal(t, "Bearer", resp.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

// TestTestEventNeedsProtection: without a token it is off where others reach it.
func TestTestEventNeedsProtection(t *testing.T) {
	h := newEventsHandler(nil)
	auth := configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: component.MustNewID("oidc")}})
	for name, tt := range map[string]struct {
		endpoint string
		token    string
		auth     configoptional.Optional[confighttp.AuthConfig]
		on       bool
	}{
		"localhost":         {endpoint: "localhost:8765", on: true},
		"loopback":          {endpoint: "127.0.0.1:8765", on: true},
		"everywhere":        {endpoint: "0.0.0.0:8765"},
		"no host":           {endpoint: ":8765"},
		"name":              {endpoint: "siem.example.com:8765"},
		"everywhere, token": {endpoint: "0.0.0.0:8765", token: "t", on: true},
		"everywhere, auth":  {endpoint: "0.0.0.0:8765", auth: auth, on: true},
	} {
		cfg := createDefaultConfig().(*Config).Protocols.HTTP.GetOrInsertDefault()
		cfg.ServerConfig.NetAddr.Endpoint, cfg.ServerConfig.Auth = tt.endpoint, tt.auth
		cfg.TestEvent.Token = ""
		if tt.token != "" {
			cfg.TestEvent.Token = "t"
		}
		_, on := h.testEvents(cfg).(*testEventHandler)
		assert.Equal(t, tt.on, on, name)
	}
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.NetAddr.Endpoint = ":0"
	})
	resp, body := request{path: testPath, body: `{"event_type":"a"}`}.send(t, address)
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	assert.Equal(t, `{"error":"test_event::token: found none, expected one, as the endpoint is not on a loopback address"}`, body)
}

// TestTestEventWaits for the destinations behind the journal.
func TestTestEventWaits(t *testing.T) {
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		asked := receipt.From(ctx)
		asked.Expect("logs/down", func() string { return "HTTP 503" })
		settle := asked.Expect("logs/up", func() string { return "" })
		go func() {
			time.Sleep(10 * time.Millisecond)
			settle(receipt.Delivered)
		}()
		return nil
	})
	require.NoError(t, err)
	address := serve(t, settings(), componenttest.NewNopHost(), next, nil)
	_, body := request{path: testPath + "?wait=200ms", body: `{"event_type":"a"}`}.send(t, address)
	assert.Contains(t, body, `"pipelines":[{"pipeline":"logs/down","status":"pending","error":"HTTP 503"},{"pipeline":"logs/up","status":"delivered"}]`)

	address = serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), nil)
	_, body = request{path: testPath + "?wait=5s", body: `{"event_type":"a"}`}.send(t, address)
	assert.Contains(t, body, `"note":"no journal has the event: a filter dropped it, or no siem_journal is behind the receiver"`)
}

// FuzzTestEvent holds that what is completed is an event that is marked, with
// all that was given.
func FuzzTestEvent(f *testing.F) {
	f.Add([]byte(`{"event_type":"auth.failure","severity":"medium","test":true}`))
	f.Add([]byte(`{"event_type":"a","\u0000":{"x":[1,2]},"metadata":null}`))
	f.Fuzz(func(t *testing.T, part []byte) {
		whole, err := completeTestEvent(part, time.Now())
		if err != nil {
			return
		}
		var given, got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(part, &given))
		require.NoError(t, json.Unmarshal(whole, &got), string(whole))
		require.Equal(t, "true", string(got["test"]))
		for name, value := range given {
			if name != "test" && string(value) != "null" {
				require.Equal(t, string(value), string(got[name]), name)
			}
		}
	})
}
