// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// row is what became of one protocol's events in one fault. Where destinations
// differ it has the worse figure.
type row struct {
	fault, protocol   string
	sent, again       int // events, and how many were sent again
	acknowledged      int
	arrived           int
	duplicates, bound int
	deadLettered      int
	damaged           int // and reported
	lost              int
	disorder          bool
	failures          []string
}

func (r *row) verdict() string {
	if len(r.failures) > 0 {
		return "FAILED: " + strings.Join(r.failures, "; ")
	}
	return "ok"
}

func (r *row) fail(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// table is what a run has shown.
type table struct {
	mu    sync.Mutex
	rows  []*row
	notes []string
}

var results table

func (t *table) add(rows ...*row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, rows...)
}

// note adds a sentence below the table, once.
func (t *table) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := fmt.Sprintf(format, args...); !slices.Contains(t.notes, n) {
		t.notes = append(t.notes, n)
	}
}

const tableHead = `| fault | protocol | sent | sent again | acknowledged | arrived | duplicates (at most) | order | dead-lettered | damaged (reported) | lost | verdict |
| --- | --- | --: | --: | --: | --: | --: | --- | --: | --: | --: | --- |
`

func (t *table) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	b.WriteString(tableHead)
	var sum row
	for _, r := range t.rows {
		order := "kept"
		if r.disorder {
			order = "changed"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d (%d) | %s | %d | %d | %d | %s |\n", r.fault, r.protocol, r.sent, r.again,
			r.acknowledged, r.arrived, r.duplicates, r.bound, order, r.deadLettered, r.damaged, r.lost, r.verdict())
		sum.sent += r.sent
		sum.acknowledged += r.acknowledged
		sum.lost += r.lost
	}
	fmt.Fprintf(&b, "\n%d sent, %d acknowledged, %d lost.\n", sum.sent, sum.acknowledged, sum.lost)
	for _, n := range t.notes {
		fmt.Fprintf(&b, "\n%s\n", n)
	}
	return b.String()
}

// print writes the table, and to a file too where one is named.
func (t *table) print(w io.Writer, path string) error {
	if len(t.rows) == 0 {
		return nil
	}
	text := t.String()
	if _, err := fmt.Fprintf(w, "\n%s\n", text); err != nil {
		return err
	}
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
