// SPDX-License-Identifier: Apache-2.0

// Package heapfloor keeps the garbage collector from working for nothing. Go
// collects when the heap has doubled. That of a collector is small, and events
// are short-lived: it would mark all that stays every few thousand events, only
// to keep the heap at a few dozen megabytes that no machine is short of.
package heapfloor

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	// Floor is the size to which the heap may grow before it is collected, in
	// bytes. Above it Go's own rule counts.
	Floor = 96 << 20
	// defaultPercent is Go's own rule.
	defaultPercent = 100
)

// floor is held by those who asked for it.
type floor struct {
	mu      sync.Mutex
	holders int
	percent int
	// watches wait for the end of a cycle: one, or none. The last one outlives
	// who let go.
	watches int
}

var process floor

// Hold holds the floor for the whole process, until all who hold it release it.
// Where the environment sets GOGC it does nothing; the limit that GOMEMLIMIT sets
// counts as before.
func Hold() (release func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	process.mu.Lock()
	defer process.mu.Unlock()
	process.holders++
	if process.holders == 1 {
		process.set(percentFor(live()))
		process.watch()
	}
	return sync.OnceFunc(func() {
		process.mu.Lock()
		defer process.mu.Unlock()
		process.holders--
		if process.holders == 0 {
			process.set(defaultPercent)
		}
	})
}

// mark is collected in the next cycle, as nothing refers to it. It is not so
// small that it shares a block with what lives on.
type mark struct{ _ [64]byte }

// watch adjusts after each cycle.
func (f *floor) watch() {
	if f.watches > 0 {
		return
	}
	f.watches++
	runtime.AddCleanup(&mark{}, func(f *floor) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.watches--
		if f.holders > 0 {
			f.set(percentFor(live()))
			f.watch()
		}
	}, f)
}

func (f *floor) set(percent int) {
	if f.percent == percent {
		return
	}
	f.percent = percent
	debug.SetGCPercent(percent)
}

// live returns what the last cycle found in use, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// percentFor returns the growth that leads to the floor, in coarse steps: to
// change it stops the world for a moment.
func percentFor(live uint64) int {
	const step, most = 50, 1000
	grown := int(Floor*100/max(live, Floor/(most/100+1))) - 100
	return max(defaultPercent, min(most, grown/step*step))
}
