// SPDX-License-Identifier: Apache-2.0

// The race detector makes pools forget at random. What is on the heap is for the
// compiler to say; the figures are of Go 1.26.
//go:build !race && go1.26

package bench

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the allocations into README.md")

const (
	readme      = "README.md"
	beginAllocs = "<!-- allocations -->\n| step | allocations an event |\n| --- | --- |\n"
	endAllocs   = "<!-- /allocations -->"

	// runs of each step, of which the least counts: timers fire in others.
	runs = 11
	// tolerance is an allocation in four events: pools and timers make that much.
	tolerance = 0.25
)

// TestAllocations holds every step of an event's way to what README.md says it
// allocates. Less has to be written down too: else it is soon lost again.
func TestAllocations(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties pools
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))  // each processor has pools of its own
	data, err := os.ReadFile(readme)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(data), beginAllocs)
	require.True(t, ok, "README.md: found no table of allocations, expected one behind %q", beginAllocs)
	table, after, ok := strings.Cut(rest, endAllocs)
	require.True(t, ok, "README.md: found no end of the table of allocations, expected %q", endAllocs)
	written := make(map[string]float64)
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		require.Len(t, cells, 4, line)
		written[strings.TrimSpace(cells[1])], err = strconv.ParseFloat(strings.TrimSpace(cells[2]), 64)
		require.NoError(t, err, line)
	}

	var measured strings.Builder
	for _, s := range steps(t) {
		got := s.allocations(t)
		fmt.Fprintf(&measured, "| %s | %.2f |\n", s.name, got)
		if *update {
			continue
		}
		want, ok := written[s.name]
		delete(written, s.name)
		switch {
		case !ok:
			t.Errorf("%s: found no row in README.md, expected one with %.2f; see -update", s.name, got)
		case got > want+tolerance:
			t.Errorf("%s: found %.2f allocations an event, expected %.2f", s.name, got, want)
		case got < want-tolerance:
			t.Errorf("%s: found %.2f allocations an event, fewer than the %.2f in README.md: write that down with -update", s.name, got, want)
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(readme, []byte(before+beginAllocs+measured.String()+endAllocs+after), 0o600))
		return
	}
	for name := range written {
		t.Errorf("README.md has a row %q, expected only those of the test", name)
	}
}

// step is a part of an event's way. start returns what takes a batch through it;
// prepare, if there is one, comes before each batch and is not measured.
type step struct {
	name  string
	start func() (events int, prepare, run func())
}

// allocations an event of a batch. The first batch fills pools and is left out.
func (s *step) allocations(t *testing.T) float64 {
	t.Helper()
	runtime.GC() // between steps, since it is off within
	events, prepare, run := s.start()
	var counts []float64
	for i := range runs + 1 {
		if prepare != nil {
			prepare()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		if i > 0 {
			counts = append(counts, float64(after.Mallocs-before.Mallocs)/float64(events))
		}
	}
	t.Logf("%s: %.3f", s.name, counts)
	return math.Round(100*slices.Min(counts)) / 100
}
