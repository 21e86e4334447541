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
	r.at["b"] = 0
	for n := range 8 {
		arrive(t, r, n, n+1)
	}
	b := r.get("a", 0)
	require.Len(t, b.events, 5)
	assert.EqualValues(t, 5, b.end())
	assert.Same(t, b, r.get("b", 0), "the other one gets it too")
	assert.Empty(t, r.kept, "nobody else comes for it")
	assert.True(t, b.shared)
	assert.True(t, b.logs.IsReadOnly())
	assert.Equal(t, 1, b.logs.ResourceLogs().Len(), "one producer")
	assert.Nil(t, r.get("a", 1), "it is gone into a batch")
	assert.Len(t, r.get("a", 5).events, 3)
	assert.Nil(t, r.get("a", 8))

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
		b := r.get("a", at)
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
	assert.Len(t, r.get("a", 0).events, 2, "more bytes than a batch")
}

// TestRecentLimits: there is no more of it than there may be, and what waits
// longest is still there.
func TestRecentLimits(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 1, MaxBytes: 1500})
	logs := plog.NewLogs()
	logs.MarkReadOnly()
	r.appended(20, time.Now(), [][]byte{{1}}, logs)
	assert.Nil(t, r.get("a", 20), "it is not ours")

	r.appended(99, time.Now(), [][]byte{make([]byte, maxFresh+1)}, plog.NewLogs())
	assert.False(t, r.begins(99))
	for n := range uint64(100) {
		r.appended(100+n, time.Now(), [][]byte{make([]byte, maxFresh/10)}, plog.NewLogs())
	}
	assert.LessOrEqual(t, r.bytes, maxFresh)
	for n := range uint64(10) {
		assert.True(t, r.begins(100+n))
		assert.NotNil(t, r.get("a", 100+n))
	}
	assert.Nil(t, r.get("a", 110), "there was no room")
	assert.Zero(t, r.bytes)

	for n := range uint64(2 * maxArrived) {
		r.appended(300+n, time.Now(), [][]byte{{1}}, plog.NewLogs())
	}
	assert.Len(t, r.arrived, maxArrived)
}

// TestRecentPasses what the destination that is ahead read from the disk: nobody
// comes for it, and it would take the room of what somebody comes for.
func TestRecentPasses(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20})
	arrive(t, r, 0, 3)
	arrive(t, r, 3, 6)
	assert.Nil(t, r.get("a", 4))
	assert.Empty(t, r.fresh)
	assert.Empty(t, r.arrived)
	assert.Zero(t, r.bytes)
	arrive(t, r, 2, 4)
	assert.Empty(t, r.fresh, "it comes late")
	arrive(t, r, 4, 6)
	assert.Nil(t, r.get("a", 0), "one that is behind reads")
	assert.Len(t, r.get("a", 4).events, 2)
}

// TestRecentKeepsForTheNear: a batch is kept until all who may come for it have;
// one that is down, or has passed it, does not.
func TestRecentKeepsForTheNear(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1 << 20})
	const far = maxKept*5 + 1
	r.at = map[string]uint64{"first": far, "near": far - 1, "down": 0, "ahead": far + 1}
	arrive(t, r, far, far+2)
	b := r.get("first", far)
	require.NotNil(t, b)
	require.Len(t, r.kept, 1)
	assert.Equal(t, 1, r.kept[0].left)
	assert.Same(t, b, r.get("near", far))
	assert.Empty(t, r.kept)

	r.at["near"] = 0
	r.put("first", b)
	assert.Empty(t, r.kept, "nobody is near")
	r.at["near"] = far
	for n := range 2 * maxKept {
		r.put("first", &batch{events: []event{{seq: uint64(far + n)}}})
	}
	require.Len(t, r.kept, maxKept)
	assert.EqualValues(t, far+maxKept, r.kept[0].first().seq, "the oldest went")
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
