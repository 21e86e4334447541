// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const ddKey = "0123456789abcdef0123456789abcdef"

func datadogConfig(url string, key configopaque.String) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Profile = ProfileDatadogLogs
	cfg.ClientConfig.Endpoint = url
	cfg.Datadog = configoptional.Some(DatadogConfig{
		Site: defaultDatadogSite, APIKey: key, AppKey: "app-key", Tags: []string{"service:mockforge", "env:production"},
	})
	return cfg
}

// TestDatadog sends all types at all severities to the verifying intake.
func TestDatadog(t *testing.T) {
	server := siemtest.NewDatadog(t, ddKey)
	e := start(t, datadogConfig(server.URL, ddKey))
	at := time.Now().Add(-time.Hour).UTC()
	logs, in := all(t, 1500, at)
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	assert.Empty(t, server.Refusals())
	assert.Equal(t, 2, server.Requests(), "at most 1,000 in each")
	got := server.Events()
	require.Len(t, got, 1500)
	status := map[event.Severity]string{event.SeverityLow: "info", event.SeverityMedium: "warn", event.SeverityHigh: "error", event.SeverityCritical: "critical"}
	for i, entry := range got {
		typ := event.Catalogue()[i%37]
		var e map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(entry, &e))
		assert.JSONEq(t, `"mockforge"`, string(e["ddsource"]))
		assert.JSONEq(t, `"service:mockforge,env:production"`, string(e["ddtags"]))
		assert.JSONEq(t, fmt.Sprintf(`"s%d"`, i/50), string(e["service"]))
		assert.Equal(t, `"`+status[typ.Severity]+`"`, string(e["status"]))
		assert.Equal(t, fmt.Sprintf(`"%s: no \"%d\""`, typ.Name, i), string(e["message"]))
		assert.Equal(t, strconv.FormatInt(at.UnixMilli(), 10), string(e["date"]))
		assert.True(t, strings.HasSuffix(string(entry), strings.TrimPrefix(in[i], "{")), "the event's own members: %s", entry)
	}
	assert.Equal(t, 1, e.logged.FilterMessage("datadog: app_key is not used: the logs intake needs api_key alone").Len())
}

func TestDatadogWrongKey(t *testing.T) {
	server := siemtest.NewDatadog(t, ddKey)
	e := start(t, datadogConfig(server.URL, "wrong-api-key"))
	logs, _ := all(t, 1, time.Now())
	err := e.ConsumeLogs(t.Context(), logs)
	assert.Equal(t, httpsend.Held, own(t, err).Outcome())
	assert.NotContains(t, err.Error(), "wrong-api-key")
	assert.Empty(t, server.Events())
}

func TestDatadogURL(t *testing.T) {
	cfg := datadogConfig("", ddKey)
	cfg.Datadog.Get().Site = "us5.datadoghq.com"
	assert.Equal(t, "https://http-intake.logs.us5.datadoghq.com/api/v2/logs", newDatadogLayout(cfg, zap.NewNop()).url)
}

// entryOf returns what a profile makes of one event.
func entryOf(t *testing.T, entry func([]byte, record) []byte, logs plog.Logs) map[string]any {
	t.Helper()
	var e map[string]any
	for r := range records(logs) {
		data := entry(nil, r)
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		require.NoError(t, d.Decode(&e), string(data))
	}
	return e
}

// TestDatadogReserved: what a sender puts into members that Datadog reads as
// something else is kept, but aside.
func TestDatadogReserved(t *testing.T) {
	l := newDatadogLayout(datadogConfig("", ddKey), zap.NewNop())
	e := entryOf(t, l.entry, siemtest.Decode(t, "", `{"event_type":"auth.failure","severity":"high","timestamp":"2025-01-27T10:30:00Z","status":"ok","ddtags":"env:evil","host":"h","message":"m","service":{"a":1},"mockforge":[1],"date":5,"x":9007199254740993}`))
	assert.Equal(t, "error", e["status"])
	assert.Equal(t, "service:mockforge,env:production", e["ddtags"])
	assert.Equal(t, "auth.failure: Credentials were rejected (bad password, key or token)", e["message"])
	assert.Equal(t, json.Number("9007199254740993"), e["x"])
	assert.NotContains(t, e, "host")
	assert.NotContains(t, e, "timestamp", "too old: read before date")
	assert.Equal(t, map[string]any{
		"timestamp": "2025-01-27T10:30:00Z", "status": "ok", "ddtags": "env:evil", "host": "h", "message": "m",
		"service": map[string]any{"a": json.Number("1")}, "mockforge": []any{json.Number("1")}, "date": json.Number("5"),
	}, e["mockforge"])
	date, err := e["date"].(json.Number).Int64()
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), time.UnixMilli(date), time.Minute)
}

func TestDatadogText(t *testing.T) {
	cfg := datadogConfig("", ddKey)
	cfg.Datadog.Get().Hostname, cfg.Datadog.Get().Service = "host-1", "svc"
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("a line")
	e := entryOf(t, newDatadogLayout(cfg, zap.NewNop()).entry, logs)
	delete(e, "date")
	assert.Equal(t, map[string]any{
		"ddsource": "mockforge", "ddtags": "service:mockforge,env:production", "hostname": "host-1", "service": "svc", "status": "info", "message": "a line",
	}, e)
}

// TestDatadogTimes: the verifying intake refuses what Datadog would drop.
func TestDatadogTimes(t *testing.T) {
	server := siemtest.NewDatadog(t, ddKey)
	e := start(t, datadogConfig(server.URL, ddKey))
	for _, age := range []time.Duration{0, 17 * time.Hour, 18*time.Hour - time.Minute, 18 * time.Hour, 19 * time.Hour, 10_000 * time.Hour, -time.Hour, -2 * time.Hour, -50 * time.Hour} {
		logs, _ := all(t, 1, time.Now().Add(-age))
		require.NoError(t, e.ConsumeLogs(t.Context(), logs), age)
	}
	assert.Len(t, server.Events(), 9)
}

// TestDatadogForeign: a record of another receiver is not encoded twice.
func TestDatadogForeign(t *testing.T) {
	l := newDatadogLayout(datadogConfig("", ddKey), zap.NewNop())
	for want, set := range map[string]func(pcommon.Map){
		"disk full":                  func(m pcommon.Map) { m.PutStr("message", "disk full") },
		"a record without a message": func(m pcommon.Map) { m.PutInt("message", 1) },
	} {
		logs := plog.NewLogs()
		set(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetEmptyMap())
		assert.Equal(t, want, entryOf(t, l.entry, logs)["message"])
	}
}

// TestDatadogLimits: what the intake would cut is refused, and what is too much
// for one request goes in several.
func TestDatadogLimits(t *testing.T) {
	server := siemtest.NewDatadog(t, ddKey)
	e := start(t, datadogConfig(server.URL, ddKey))
	big := func(size, n int) string {
		return strings.Repeat(`{"event_type":"data.exported","x":"`+strings.Repeat("x", size)+`"}`+"\n", n)
	}
	require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big(900_000, 7))))
	assert.Len(t, server.Events(), 7)
	assert.Equal(t, 2, server.Requests())
	err := e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big(1_000_000, 1)))
	assert.Equal(t, httpsend.Refused, own(t, err).Outcome())
	assert.Contains(t, err.Error(), "expected at most 1000000")
	assert.Empty(t, server.Refusals())
}

func TestTimeWithin(t *testing.T) {
	now := time.Now().UTC()
	for _, tt := range []struct {
		at, observed time.Time
		want         time.Time
		own          bool
	}{
		{now.Add(-time.Hour), now, now.Add(-time.Hour), true},
		{now.Add(-9 * time.Hour), now.Add(-time.Minute), now.Add(-time.Minute), false},
		{now.Add(9 * time.Hour), now.Add(-time.Minute), now.Add(-time.Minute), false},
		{now.Add(-9 * time.Hour), now.Add(-8 * time.Hour), now, false},
		{time.Time{}, time.Time{}, now, false},
	} {
		r := record{LogRecord: plog.NewLogRecord()}
		if !tt.at.IsZero() {
			r.SetTimestamp(pcommon.NewTimestampFromTime(tt.at))
			r.SetObservedTimestamp(pcommon.NewTimestampFromTime(tt.observed))
		}
		at, own := r.timeWithin(now, 2*time.Hour, time.Hour)
		assert.Equal(t, tt.own, own)
		assert.True(t, tt.want.Equal(at), at)
	}
}
