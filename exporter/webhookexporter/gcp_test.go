// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func gcpConfig(g *siemtest.Google) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Profile = ProfileGCPEntries
	cfg.ClientConfig.Endpoint = g.URL
	cfg.GCP = configoptional.Some(GCPConfig{ProjectID: "mockforge-prod", LogName: "siem/security-events", CredentialsPath: g.CredentialsPath})
	return cfg
}

func newGoogle(t *testing.T) *siemtest.Google {
	t.Helper()
	return siemtest.NewGoogle(t, "mockforge-prod", "siem/security-events")
}

// TestGCP sends all types to the verifying service, twice: what has an id is
// there once.
func TestGCP(t *testing.T) {
	g := newGoogle(t)
	e := start(t, gcpConfig(g))
	at := time.Now().Add(-time.Hour).UTC()
	logs, in := all(t, 1500, at)
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	assert.Empty(t, g.Refusals())
	assert.Equal(t, 4, g.Requests())
	assert.Equal(t, 1, g.Issued(), "a token is used again")
	got := g.Events()
	require.Len(t, got, 1500)
	severity := map[event.Severity]string{event.SeverityLow: "INFO", event.SeverityMedium: "WARNING", event.SeverityHigh: "ERROR", event.SeverityCritical: "CRITICAL"}
	for i, data := range got {
		typ := event.Catalogue()[i%37]
		var e siemtest.LogEntry
		require.NoError(t, json.Unmarshal(data, &e))
		assert.Equal(t, severity[typ.Severity], e.Severity)
		assert.True(t, at.Equal(e.Timestamp))
		assert.Equal(t, fmt.Sprintf("id-%d", i), e.InsertID)
		assert.Equal(t, map[string]string{
			"source": "mockforge", "event_type": typ.Name, "category": string(typ.Category), "service": fmt.Sprintf("s%d", i/50), "environment": "production",
		}, e.Labels)
		payload, err := json.Marshal(e.JSONPayload)
		require.NoError(t, err)
		want := strings.Replace(in[i], `"big":9007199254740993`, `"big":"9007199254740993"`, 1)
		assert.JSONEq(t, want, string(payload), "a double does not hold that number")
	}
}

// TestGCPEqualEvents: two equal events without an id are two.
func TestGCPEqualEvents(t *testing.T) {
	g := newGoogle(t)
	in := `{"event_type":"auth.failure","timestamp":"` + time.Now().UTC().Format(time.RFC3339) + `"}`
	require.NoError(t, start(t, gcpConfig(g)).ConsumeLogs(t.Context(), siemtest.Decode(t, "", in+"\n"+in)))
	require.Len(t, g.Events(), 2)
	assert.NotContains(t, string(g.Events()[0]), "insertId")
}

// TestGCPTimes: what is older than a bucket keeps is kept all the same.
func TestGCPTimes(t *testing.T) {
	g := newGoogle(t)
	require.NoError(t, start(t, gcpConfig(g)).ConsumeLogs(t.Context(), siemtest.Decode(t, "",
		`{"event_type":"auth.failure","timestamp":"2025-01-27T10:30:00Z"} {"event_type":"auth.failure","timestamp":"2099-01-27T10:30:00Z"}`)))
	got := g.Events()
	require.Len(t, got, 2)
	assert.Contains(t, string(got[0]), `"timestamp":"2025-01-27T10:30:00Z"}`, "the payload has the event's own")
}

// TestGCPToken: tokens that fail hold events or wait; they refuse none.
func TestGCPToken(t *testing.T) {
	g := newGoogle(t)
	e := start(t, gcpConfig(g))
	logs, _ := all(t, 1, time.Now())
	for status, want := range map[int]httpsend.Outcome{
		http.StatusBadRequest: httpsend.Held, http.StatusUnauthorized: httpsend.Held, http.StatusNotFound: httpsend.Held, http.StatusFound: httpsend.Held,
		http.StatusInternalServerError: httpsend.Retry, http.StatusTooManyRequests: httpsend.Retry,
	} {
		g.FailTokens(1, status)
		err := e.ConsumeLogs(t.Context(), logs)
		assert.Equal(t, want, own(t, err).Outcome(), "%d", status)
		assert.Contains(t, err.Error(), fmt.Sprintf(`getting a token: HTTP %d: {"error":"invalid_grant"}`, status))
	}
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	g.Revoke()
	err := e.ConsumeLogs(t.Context(), logs)
	assert.Equal(t, httpsend.Held, own(t, err).Outcome())
	assert.NotContains(t, err.Error(), "ya29")
	require.NoError(t, e.ConsumeLogs(t.Context(), logs), "with a new token")
	assert.Equal(t, 2, g.Issued())
}

// TestGCPCredentials: a wrong file ends the start; one that is replaced later is
// read.
func TestGCPCredentials(t *testing.T) {
	g := newGoogle(t)
	right, err := os.ReadFile(g.CredentialsPath)
	require.NoError(t, err)
	begin := func(path string) error {
		cfg := gcpConfig(g)
		cfg.GCP.Get().CredentialsPath = path
		e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, e.Shutdown(t.Context())) }()
		return e.Start(t.Context(), componenttest.NewNopHost())
	}
	path := filepath.Join(t.TempDir(), "key.json")
	require.ErrorContains(t, begin(path), "credentials_path: open")
	require.NoError(t, os.WriteFile(path, []byte(`{"private_key":"private-secret"`), 0o600))
	err = begin(path)
	require.ErrorContains(t, err, "expected the JSON key of a service account")
	assert.NotContains(t, err.Error(), "private-secret")

	// Another account's key: held, until the right one is put there.
	require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(right), "mockforge@", "other@", 1)), 0o600))
	cfg := gcpConfig(g)
	cfg.GCP.Get().CredentialsPath = path
	e := start(t, cfg)
	logs, _ := all(t, 1, time.Now())
	assert.Equal(t, httpsend.Held, own(t, e.ConsumeLogs(t.Context(), logs)).Outcome())
	require.NoError(t, os.Remove(path))
	assert.Equal(t, httpsend.Held, own(t, e.ConsumeLogs(t.Context(), logs)).Outcome())
	require.NoError(t, os.WriteFile(path, right, 0o600))
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
}

func TestGCPLimits(t *testing.T) {
	g := newGoogle(t)
	cfg := gcpConfig(g)
	cfg.MaxBodySize, cfg.ClientConfig.Timeout = 1<<30, time.Minute // the server takes its time
	e := start(t, cfg)
	big := func(size, n int) string {
		return strings.Repeat(`{"event_type":"data.exported","x":"`+strings.Repeat("x", size)+`"}`+"\n", n)
	}
	require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big(250_000, 42))))
	assert.Len(t, g.Events(), 42)
	assert.Equal(t, 2, g.Requests(), "10 MB at most")
	err := e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big(1<<18, 1)))
	assert.Equal(t, httpsend.Refused, own(t, err).Outcome())
	assert.Contains(t, err.Error(), "expected at most 262144")
	assert.Empty(t, g.Refusals())
}

func TestGCPText(t *testing.T) {
	g := newGoogle(t)
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("a line")
	require.NoError(t, start(t, gcpConfig(g)).ConsumeLogs(t.Context(), logs))
	require.Len(t, g.Events(), 1)
	assert.Contains(t, string(g.Events()[0]), `"jsonPayload":{"message":"a line"}`)
	assert.Contains(t, string(g.Events()[0]), `"severity":"DEFAULT"`)
}
