// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// arrive hands events of the given numbers to what is kept, as they would be
// appended.
func arrive(t *testing.T, r *recent, from, to int) {
	t.Helper()
	var in strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&in, `{"event_type":"auth.failure","n":%d}`, n)
	}
	logs := siemtest.Decode(t, "", in.String())
	payloads, err := encode(logs)
	require.NoError(t, err)
	r.appended(uint64(from), time.Now(), payloads, logs)
}

// TestRecentGathers what came one by one into batches, which all destinations
// get, as if they had been read.
func TestRecentGathers(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20})
	for n := range 8 {
		arrive(t, r, n, n+1)
	}
	assert.Nil(t, r.get(8))
	b := r.get(0)
	require.Len(t, b.events, 5)
	assert.EqualValues(t, 5, b.end())
	assert.Same(t, b, r.get(0))
	assert.True(t, b.shared)
	assert.True(t, b.logs.IsReadOnly())
	assert.Equal(t, 1, b.logs.ResourceLogs().Len(), "one producer")
	assert.Nil(t, r.get(1), "it is gone into a batch")
	assert.Len(t, r.get(5).events, 3)

	var payloads [][]byte
	for _, e := range b.events {
		payloads = append(payloads, e.payload)
	}
	read, err := decode(payloads)
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(read, b.logs))
}

// TestRecentCuts what is too large for a batch.
func TestRecentCuts(t *testing.T) {
	logs := several(t)
	payloads, err := encode(logs)
	require.NoError(t, err)
	want, err := decode(payloads)
	require.NoError(t, err)

	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20})
	r.appended(7, time.Now(), payloads, logs)
	got := plog.NewLogs()
	for _, at := range []uint64{7, 12, 17} {
		b := r.get(at)
		require.NotNil(t, b, at)
		assert.Len(t, b.events, map[uint64]int{7: 5, 12: 5, 17: 2}[at])
		assert.Equal(t, len(b.events), b.logs.LogRecordCount())
		copied := plog.NewLogs()
		b.logs.CopyTo(copied)
		copied.ResourceLogs().MoveAndAppendTo(got.ResourceLogs())
	}
	again, err := encode(got)
	require.NoError(t, err)
	assert.Equal(t, payloads, again)

	r = newRecent(BatchConfig{MaxEvents: 100, MaxBytes: len(payloads[0]) + len(payloads[1])})
	r.appended(0, time.Now(), payloads, want)
	assert.Len(t, r.get(0).events, 2, "more bytes than a batch")
}

// TestRecentLimits: what nobody takes goes.
func TestRecentLimits(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1500})
	logs := plog.NewLogs()
	logs.MarkReadOnly()
	r.appended(20, time.Now(), [][]byte{{1}}, logs)
	assert.Nil(t, r.get(20), "it is not ours")

	for n := range uint64(100) {
		r.appended(100+n, time.Now(), [][]byte{make([]byte, maxFresh/10)}, plog.NewLogs())
		assert.LessOrEqual(t, r.bytes, maxFresh)
		assert.LessOrEqual(t, len(r.arrived), 11)
	}
	r.appended(200, time.Now(), [][]byte{make([]byte, maxFresh+1)}, plog.NewLogs())
	assert.Nil(t, r.get(200))
	for n := range uint64(2 * maxArrived) {
		r.appended(300+n, time.Now(), [][]byte{{1}}, plog.NewLogs())
		r.take(300 + n)
	}
	assert.LessOrEqual(t, len(r.arrived), maxArrived, "what is taken leaves little behind")
}
