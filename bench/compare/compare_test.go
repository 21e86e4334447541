// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// small does what the bench does, once and with fewer events.
func small(t *testing.T, events int) *bench {
	t.Helper()
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	return &bench{
		options: options{
			events: events, runs: 1, connections: 8, dir: t.TempDir(),
			binary:  "../../bin/otelcol-mockforge",
			daemons: filepath.Join(cache, "otelcol-mockforge", "daemons", "bin"),
		},
		sources: make(map[int]*source),
	}
}

// TestScales: each row of the tables gets all of its events to all of its
// destinations.
func TestScales(t *testing.T) {
	tables, err := small(t, minEvents).scale(t.Context())
	require.NoError(t, err)
	var rows []int
	for _, table := range tables {
		rows = append(rows, len(table.rows))
	}
	require.Equal(t, []int{3, 5, 4, 2}, rows)
}

// TestContendersAgree has each contender do each job once, with fewer events. It
// looks at what comes out, never at time.
func TestContendersAgree(t *testing.T) {
	b := small(t, 20_000)
	for _, j := range b.jobs() {
		t.Run(j.title, func(t *testing.T) {
			s, err := b.source(j.events)
			require.NoError(t, err)
			require.InDelta(t, 0.18, float64(len(s.kept))/float64(j.events), 0.01)
			for _, c := range j.contenders {
				if c.program == bare {
					continue // this test is no server
				}
				t.Run(c.name, func(t *testing.T) {
					if there, _ := b.present([]contender{c}); len(there) == 0 && c.program != collector {
						t.Skip(c.program, "is missing, so whether it agrees is not known: run test/e2e/install-daemons.sh")
					}
					_, _, err := b.work(t.Context(), j, c, s.path, len(s.kept), func(p *process) error { return s.check(p.out) })
					require.NoError(t, err)
				})
			}
		})
	}
}
