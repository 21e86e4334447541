// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runFault does one fault and adds its rows to the table.
func runFault(t *testing.T, f *fault) []*row {
	t.Helper()
	r := newRun(t, f)
	if f.prepare != nil {
		f.prepare(r)
	}
	r.start()
	r.sources = startSources(t, r.collector, r.ledger)
	r.flows()
	if f.act != nil {
		f.act(r)
	}
	rows := r.finish()
	for _, one := range rows {
		assert.Empty(t, one.failures, "%s over %s", f.name, one.protocol)
	}
	return rows
}

// finish lets everything arrive, closes the books and the collector, and says
// what became of the events.
func (r *run) finish() []*row {
	r.t.Helper()
	r.sources.end()
	r.arrive()
	books := r.books()
	r.collector.stop(r.t)
	require.NoError(r.t, r.file.end())
	assert.Empty(r.t, r.sink.wrong(), "requests that the sink finds wrong")
	log := r.collector.log.String()
	if strings.Contains(log, "panic: ") || !strings.Contains(log, r.fault.says) {
		r.t.Errorf("the collector's log has a panic in it, or lacks %q", r.fault.says)
	}
	var rows []*row
	for _, p := range protocols {
		rows = append(rows, r.row(p, books))
	}
	return rows
}

// arrive waits until all that was acknowledged is where it must be, or until
// nothing has come for a time: then it is lost.
func (r *run) arrive() {
	r.t.Helper()
	_, acknowledged := r.ledger.copies()
	for name, d := range r.destinations() {
		last, since := d.total(), time.Now()
		for len(d.missing(acknowledged, r.excuse(name))) > 0 && time.Since(since) < 10*time.Second {
			r.wait(pause)
			if now := d.total(); now > last {
				last, since = now, time.Now()
			}
		}
	}
	r.quiet()
}

// quiet waits until the journal has nothing left to deliver, for a while.
func (r *run) quiet() {
	r.t.Helper()
	for range long(3, 2) {
		r.eventually("the journal is not emptied", func() bool {
			all := r.collector.cursors()
			return len(all) == 2 && all[siem].Pending == 0 && all[local].Pending == 0
		})
		r.wait(pause)
	}
}

// books returns the cursors, which must account for every event in the journal.
func (r *run) books() map[string]cursor {
	r.t.Helper()
	all := r.collector.cursors()
	require.Len(r.t, all, 2)
	for name, c := range all {
		assert.Zero(r.t, c.Pending, "%s: pending when quiet", name)
		assert.Equal(r.t, c.Position-c.Began, c.Delivered+c.DeadLettered+c.Damaged+c.Others, "%s: the books balance", name)
		if !r.fault.damages {
			assert.Zero(r.t, c.Damaged, "%s: damaged", name)
		}
	}
	assert.Equal(r.t, map[string]int64{siem: 0, local: 0, "http": 0, "syslog_tcp": 0, "syslog_udp": 0, "file": 0},
		r.collector.unaccounted(), "what siem_health cannot account for")
	return all
}

// excuse says what a destination need not get: what is among its dead letters,
// and what damage has hit and the books report.
func (r *run) excuse(destination string) func(key) bool {
	letters := r.letters(destination)
	return func(k key) bool { return letters[k] > 0 || slices.Contains(r.hit[destination], k) }
}

// letters counts a destination's dead letters.
func (r *run) letters(destination string) map[key]int {
	r.t.Helper()
	f, err := os.Open(filepath.Join(r.inJournal("dead-letter"), url.PathEscape(destination)+".jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(r.t, err)
	defer f.Close()
	all := make(map[key]int)
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var letter struct{ Event json.RawMessage }
		require.NoError(r.t, json.Unmarshal(s.Bytes(), &letter))
		k, err := keyOf(letter.Event)
		require.NoError(r.t, err)
		all[k]++
	}
	require.NoError(r.t, s.Err())
	return all
}

// row says what became of a protocol's events.
func (r *run) row(protocol string, books map[string]cursor) *row {
	sent, acknowledged := r.ledger.copies()
	one := &row{fault: r.fault.name, protocol: protocol}
	for k, times := range sent {
		if k.protocol() == protocol {
			one.sent++
			one.again += times - 1
		}
	}
	mine := make(map[key]bool)
	for k := range acknowledged {
		if k.protocol() == protocol {
			mine[k] = true
		}
	}
	one.acknowledged = len(mine)
	if one.acknowledged == 0 {
		one.fail("nothing was acknowledged")
	}
	one.arrived = one.sent
	for name, d := range r.destinations() {
		r.count(one, name, d, mine, books[name])
	}
	switch {
	case one.lost > 0:
		one.fail("lost")
	case one.disorder && r.fault.ordered:
		one.fail("order")
	case one.deadLettered > 0 != r.fault.buries:
		one.fail("dead letters")
	}
	return one
}

// count adds what one destination says to a row.
func (r *run) count(one *row, name string, d *arrivals, acknowledged map[key]bool, books cursor) {
	letters, arrived, duplicates := r.letters(name), 0, 0
	d.mu.Lock()
	for k, times := range d.counts {
		if k.protocol() == one.protocol {
			arrived++
			duplicates += times - 1
		}
	}
	for source := range d.disorder {
		one.disorder = one.disorder || strings.HasPrefix(source, one.protocol)
	}
	bound := one.again + r.allowed[name+" "+one.protocol] + d.withheld[one.protocol]
	d.mu.Unlock()
	buried := 0
	for k := range letters {
		if k.protocol() == one.protocol {
			buried++
		}
	}
	lost := len(d.missing(acknowledged, r.excuse(name)))
	damaged := 0
	for _, k := range r.hit[name] {
		if k.protocol() == one.protocol {
			damaged++
		}
	}
	if reported := int(books.Damaged); len(r.hit[name]) != reported {
		one.fail("%s: damage has hit %d events, %d are reported", name, len(r.hit[name]), reported)
	}
	if duplicates > bound {
		one.fail("%s: %d duplicates, at most %d expected", name, duplicates, bound)
	}
	one.arrived = min(one.arrived, arrived)
	one.duplicates = max(one.duplicates, duplicates)
	one.bound = max(one.bound, bound)
	one.deadLettered = max(one.deadLettered, buried)
	one.damaged = max(one.damaged, damaged)
	one.lost = max(one.lost, lost)
}
