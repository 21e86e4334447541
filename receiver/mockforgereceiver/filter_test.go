// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadatatest"
)

const (
	wanted = `{"event_type":"auth.failure","severity":"high"}`
	low    = `{"event_type":"auth.failure","severity":"low"}`
	other  = `{"event_type":"data.exported","severity":"high"}`
)

func filtering(cfg *Config) {
	cfg.Filter = FilterConfig{Include: []string{"auth.*"}, Exclude: []string{"severity:low"}}
}

func typesOf(sink *consumertest.LogsSink) (types []string) {
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				types = append(types, eventlog.EventType(record)+" "+record.SeverityText())
			}
		}
	}
	return types
}

// TestFilterHTTP: what is dropped counts as accepted, and in the books.
func TestFilterHTTP(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := settings()
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.ID = component.NewID(metadata.Type)
	cfg := createDefaultConfig().(*Config)
	filtering(cfg)
	sink := new(consumertest.LogsSink)
	r, err := newReceiver(cfg, set, sink)
	require.NoError(t, err)
	in, err := r.newIntake("http", "http", "json", 100)
	require.NoError(t, err)
	h := newEventsHandler(in)
	for body, count := range map[string]int{wanted + low + other + low: 4, low: 1} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/events", strings.NewReader(body)))
		require.Equal(t, http.StatusOK, w.Code)
		var answer struct{ Accepted int }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		assert.Equal(t, count, answer.Accepted)
	}
	assert.Equal(t, []string{"auth.failure high"}, typesOf(sink))
	books := r.intakes()[0]
	assert.EqualValues(t, 5, books.Accepted)
	assert.Equal(t, map[string]uint64{"mockforge: filter: include": 1, "mockforge: filter: exclude: severity:low": 3}, books.Dropped)
	metadatatest.AssertEqualReceiverMockforgeFiltered(t, tel, []metricdata.DataPoint[int64]{
		{Value: 1, Attributes: attribute.NewSet(attribute.String("rule", "include"))},
		{Value: 3, Attributes: attribute.NewSet(attribute.String("rule", "exclude: severity:low"))},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	require.NoError(t, tel.Shutdown(t.Context()))
}

// TestFilterHEC: an envelope of a dropped event is a good one.
func TestFilterHEC(t *testing.T) {
	sink := new(consumertest.LogsSink)
	h := hecServer(t, sink, filtering)
	for _, events := range []string{`{"event":` + low + `}{"event":` + wanted + `}`, `{"event":` + other + `}`} {
		assert.Equal(t, http.StatusOK, hecPost(t, h, events).Code)
	}
	assert.Equal(t, []string{"auth.failure high"}, typesOf(sink))
	five := strings.Repeat(`{"event":`+low+`}`, 5)
	assert.Equal(t, http.StatusOK, hecPost(t, h, five).Code)
	assert.NotEqual(t, http.StatusOK, hecPost(t, h, five+`{"event":`+low+`}`).Code, "dropped ones count against max_events")
}

// TestFilterSyslog drops events, and no text.
func TestFilterSyslog(t *testing.T) {
	sink := new(consumertest.LogsSink)
	s := startSyslog(t, sink, filtering)
	const head = "<134>1 2025-01-27T10:30:00Z host app - - - "
	send(t, "tcp", s.tcp, head+low+"\n"+head+wanted+"\n"+head+other+"\n"+head+"no event\n")
	require.Eventually(t, func() bool { return sink.LogRecordCount() == 2 }, 10*time.Second, time.Millisecond)
	require.NoError(t, s.shutdown())
	assert.Equal(t, []string{"auth.failure high", " info"}, typesOf(sink))
}

// TestFilterFile goes on behind lines of which nothing is kept.
func TestFilterFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat(low+"\n", 5000)+wanted+"\n"), 0o600))
	sink := new(consumertest.LogsSink)
	cfg := createDefaultConfig().(*Config)
	filtering(cfg)
	file := cfg.Protocols.File.GetOrInsertDefault()
	file.Include = []string{path}
	file.StartAt = "beginning"
	file.PollInterval = 10 * time.Millisecond
	r, err := newReceiver(cfg, settings(), sink)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	require.Eventually(t, func() bool { return r.intakes()[0].Accepted == 5001 }, 10*time.Second, time.Millisecond)
	require.NoError(t, r.Shutdown(t.Context()))
	assert.Equal(t, []string{"auth.failure high"}, typesOf(sink))
}

// TestFilterSparesTestEvents, which are to show that the way is open.
func TestFilterSparesTestEvents(t *testing.T) {
	var took plog.Logs
	sink := new(consumertest.LogsSink)
	cfg := createDefaultConfig().(*Config)
	filtering(cfg)
	r, err := newReceiver(cfg, settings(), sink)
	require.NoError(t, err)
	in, err := r.newIntake("http", "http", "json", 100)
	require.NoError(t, err)
	h := newEventsHandler(in).testEvents(cfg.Protocols.HTTP.GetOrInsertDefault())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, testEventPath, strings.NewReader(other)))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.Len(t, sink.AllLogs(), 1)
	took = sink.AllLogs()[0]
	assert.Equal(t, 1, took.LogRecordCount())
}
