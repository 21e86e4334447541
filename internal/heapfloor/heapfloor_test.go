// SPDX-License-Identifier: Apache-2.0

package heapfloor

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 1000, 1 << 20: 1000, 16 << 20: 500, 24 << 20: 300, 40 << 20: 100, Floor: 100, 10 * Floor: 100,
	} {
		assert.Equal(t, want, percentFor(live), live)
	}
}

// percent is the runtime's setting.
func percent() int {
	now := debug.SetGCPercent(defaultPercent)
	debug.SetGCPercent(now)
	return now
}

var kept []byte

// TestHold until all who asked for it let go, and only while the heap is small.
func TestHold(t *testing.T) {
	t.Setenv("GOGC", "")
	require.Equal(t, defaultPercent, percent())
	release, other := Hold(), Hold()
	assert.Greater(t, percent(), 2*defaultPercent)

	kept = make([]byte, Floor)
	require.Eventually(t, func() bool { runtime.GC(); return percent() == defaultPercent }, 10*time.Second, time.Millisecond)
	assert.Len(t, kept, Floor)
	kept = nil
	require.Eventually(t, func() bool { runtime.GC(); return percent() > 2*defaultPercent }, 10*time.Second, time.Millisecond)

	release()
	release()
	assert.Greater(t, percent(), 2*defaultPercent, "somebody holds it yet")
	other()
	assert.Equal(t, defaultPercent, percent())
	runtime.GC()
	runtime.GC()
	assert.Equal(t, defaultPercent, percent())
}

func TestGOGCWins(t *testing.T) {
	t.Setenv("GOGC", "100")
	Hold()()
	assert.Zero(t, process.holders)
}

// TestHoldAgain, as at a reload: one watch is enough, and those before have ended.
func TestHoldAgain(t *testing.T) {
	t.Setenv("GOGC", "")
	for range 50 {
		Hold()()
	}
	defer Hold()()
	process.mu.Lock()
	defer process.mu.Unlock()
	assert.Equal(t, 1, process.watches)
}
