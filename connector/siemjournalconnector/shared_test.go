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
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20}, 2)
	for n := range 8 {
		arrive(t, r, n, n+1)
	}
	b := r.get(0)
	require.Len(t, b.events, 5)
	assert.EqualValues(t, 5, b.end())
	assert.Same(t, b, r.get(0), "the other one gets it too")
	assert.Nil(t, r.get(0), "nobody else comes for it")
	assert.True(t, b.shared)
	assert.True(t, b.logs.IsReadOnly())
	assert.Equal(t, 1, b.logs.ResourceLogs().Len(), "one producer")
	assert.Nil(t, r.get(1), "it is gone into a batch")
	assert.Len(t, r.get(5).events, 3)
	assert.Nil(t, r.get(8))

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

	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20}, 2)
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

	r = newRecent(BatchConfig{MaxEvents: 100, MaxBytes: len(payloads[0]) + len(payloads[1])}, 2)
	r.appended(0, time.Now(), payloads, want)
	assert.Len(t, r.get(0).events, 2, "more bytes than a batch")
}

// TestRecentLimits: there is no more of it than there may be, and what waits
// longest is still there.
func TestRecentLimits(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 1, MaxBytes: 1500}, 1)
	logs := plog.NewLogs()
	logs.MarkReadOnly()
	r.appended(20, time.Now(), [][]byte{{1}}, logs)
	assert.Nil(t, r.get(20), "it is not ours")

	r.appended(99, time.Now(), [][]byte{make([]byte, maxFresh+1)}, plog.NewLogs())
	assert.False(t, r.begins(99))
	for n := range uint64(100) {
		r.appended(100+n, time.Now(), [][]byte{make([]byte, maxFresh/10)}, plog.NewLogs())
	}
	assert.LessOrEqual(t, r.bytes, maxFresh)
	for n := range uint64(10) {
		assert.True(t, r.begins(100+n))
		assert.NotNil(t, r.get(100+n))
	}
	assert.Nil(t, r.get(110), "there was no room")
	assert.Zero(t, r.bytes)

	for n := range uint64(2 * maxArrived) {
		r.appended(300+n, time.Now(), [][]byte{{1}}, plog.NewLogs())
	}
	assert.Len(t, r.arrived, maxArrived)
}

// TestRecentPasses what the destination that is ahead read from the disk: nobody
// comes for it, and it would take the room of what somebody comes for.
func TestRecentPasses(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20}, 2)
	arrive(t, r, 0, 3)
	arrive(t, r, 3, 6)
	assert.Nil(t, r.get(4))
	assert.Empty(t, r.fresh)
	assert.Empty(t, r.arrived)
	assert.Zero(t, r.bytes)
	arrive(t, r, 2, 4)
	assert.Empty(t, r.fresh, "it comes late")
	arrive(t, r, 4, 6)
	assert.Nil(t, r.get(0), "one that is behind reads")
	assert.Len(t, r.get(4).events, 2)
}

// TestReadsUpToTheFresh: what is in memory is not read from the disk because what
// came before it has to be.
func TestReadsUpToTheFresh(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	var batches [][]int
	s := &siem{answer: func(ns []int) error {
		if len(batches) == 0 {
			close(begun)
			<-goOn
		}
		batches = append(batches, ns)
		return nil
	}}
	r := start(t, fast(t.TempDir()), map[string]*siem{"x": s})
	r.post(0, 1)
	<-begun
	r.post(1, 4)
	r.settle = true
	r.post(4, 8)
	close(goOn)
	eventually(t, s, numbers(0, 8))
	r.stop()
	assert.Equal(t, [][]int{{0}, {1, 2, 3}, {4, 5, 6, 7}}, batches)
}
