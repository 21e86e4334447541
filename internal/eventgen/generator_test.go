// SPDX-License-Identifier: Apache-2.0

package eventgen

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

var update = flag.Bool("update", false, "write the goldens anew")

var start = time.Date(2025, 1, 27, 10, 30, 0, 0, time.UTC)

// TestEveryTypeIsDescribed fails too when the catalogue gets a type that has no
// details here.
func TestEveryTypeIsDescribed(t *testing.T) {
	catalogue := event.Catalogue()
	assert.Len(t, details, len(catalogue))
	for _, known := range catalogue {
		assert.Contains(t, details, known.Name)
		assert.Contains(t, carried, known.Category)
	}
}

func TestGolden(t *testing.T) {
	g := New(Options{Seed: 1, Start: start})
	var got bytes.Buffer
	for range event.Catalogue() {
		got.Write(append(g.Next(), '\n'))
	}
	path := filepath.Join("testdata", "events.ndjson")
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}

// TestEventsAreClean decodes many events as the receiver does.
func TestEventsAreClean(t *testing.T) {
	const count = 37 * 50
	g := New(Options{Seed: 7, Start: start})
	batch := eventlog.NewDecoder(eventlog.Options{RedactCredentials: true}).NewBatch(start)
	environments, types, outcomes := map[string]int{}, map[string]int{}, map[bool]int{}
	ids := map[string]bool{}
	size := 0
	last := start
	for range count {
		text := g.Next()
		size += len(text)
		record, err := batch.Add(text, time.Time{})
		require.NoError(t, err, string(text))
		assert.Equal(t, string(text), string(eventlog.AppendJSON(nil, record.Body())))

		var e struct {
			Timestamp time.Time
			EventType string `json:"event_type"`
			Severity  string
			EventID   string `json:"event_id"`
			Outcome   struct{ Success bool }
			Metadata  struct{ Environment string }
		}
		require.NoError(t, json.Unmarshal(text, &e))
		known, ok := event.Lookup(e.EventType)
		require.True(t, ok, e.EventType)
		assert.Equal(t, known.Severity.String(), e.Severity)
		assert.False(t, ids[e.EventID], "an id came twice")
		ids[e.EventID] = true
		assert.False(t, e.Timestamp.Before(last.Truncate(time.Millisecond)))
		last = e.Timestamp
		environments[e.Metadata.Environment]++
		types[e.EventType]++
		outcomes[e.Outcome.Success]++
	}
	assert.Empty(t, batch.Warnings())
	assert.InDelta(t, 700, size/count, 30, "bytes an event")
	assert.Len(t, types, 37)
	for name, n := range types {
		assert.Equal(t, count/37, n, name)
	}
	assert.InDelta(t, 0.6*count, environments["production"], 0.05*count)
	assert.InDelta(t, 0.2*count, environments["staging"], 0.05*count)
	assert.InDelta(t, 0.2*count, environments["development"], 0.05*count)
	assert.Greater(t, outcomes[false], count/5)
	assert.Greater(t, outcomes[true], count/2)
}

func TestOptions(t *testing.T) {
	failure, _ := event.Lookup("auth.failure")
	g := New(Options{Seed: 3, Types: []event.Type{failure}})
	before := time.Now().Truncate(time.Millisecond)
	var e struct {
		Timestamp time.Time
		EventType string `json:"event_type"`
	}
	for range 3 {
		require.NoError(t, json.Unmarshal(g.Next(), &e))
		assert.Equal(t, "auth.failure", e.EventType)
		assert.WithinRange(t, e.Timestamp, before, time.Now())
	}
	first, same, another := New(Options{Seed: 4, Start: start}), New(Options{Seed: 4, Start: start}), New(Options{Seed: 5, Start: start})
	event := first.Next()
	assert.Equal(t, event, same.Next())
	assert.NotEqual(t, event, another.Next())
}

func BenchmarkNext(b *testing.B) {
	g := New(Options{Seed: 1, Start: start})
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(g.Next())))
	}
}
