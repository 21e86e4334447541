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

// TestRecentLimits: what is too large for a batch is read, and what nobody
// takes goes.
func TestRecentLimits(t *testing.T) {
	r := newRecent(BatchConfig{MaxEvents: 5, MaxBytes: 1500})
	arrive(t, r, 0, 6)
	assert.Nil(t, r.get(0), "more events than a batch")
	arrive(t, r, 6, 11)
	assert.Nil(t, r.get(6), "more bytes than a batch")
	arrive(t, r, 11, 12)
	arrive(t, r, 12, 13)
	size := r.fresh[11].bytes()
	require.Less(t, size, 1500)
	r.limits.MaxBytes = size
	assert.Len(t, r.get(11).events, 1, "two have more bytes than a batch")

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
