// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"slices"
	"sort"
)

// entry is one match of a rule that a window may count. Times are nanoseconds
// since 1970.
type entry struct {
	at int64
	// value is what sum adds up; of distinct it is the bits of a hash.
	value float64
	hash  uint64
	uid   string
}

// shape is how the windows of a rule are measured.
type shape struct {
	aggregate aggregate
	// within is the length W of a window: (T-W, T].
	within int64
	// lateness is how long a window stays open behind the newest match.
	lateness int64
	// suppress is how long a group that fired is silent.
	suppress int64
	limit    float64
	orEqual  bool
}

func (s *shape) reached(value float64) bool {
	return value > s.limit || s.orEqual && value == s.limit
}

// verdict is what became of a match.
type verdict uint8

const (
	verdictQuiet verdict = iota
	verdictFired
	verdictSuppressed
	verdictLate      // it is older than every window that is still open
	verdictDuplicate // it was counted already
)

// group is the state of one rule for one tuple of values.
type group struct {
	// entries are in order of time, and of arrival where times are equal.
	entries []entry
	newest  int64
	measure measure

	fired      bool
	firedAt    int64
	suppressed int64 // matches that would have fired, since it fired last
}

// found is a window that reached the limit.
type found struct {
	end      int64
	value    float64
	from, to int // of the group's entries
}

// add counts a match. It fires when a window that holds it, and that ends no
// earlier than the lateness before the newest match, reaches the limit.
func (g *group) add(s *shape, e entry) (verdict, found) {
	if e.at <= g.newest-s.lateness-s.within {
		return verdictLate, found{}
	}
	if g.holds(e) {
		return verdictDuplicate, found{}
	}
	i := g.insert(s, e)
	best, ok := g.best(s, i, e.at)
	if !ok || !s.reached(best.value) {
		return verdictQuiet, found{}
	}
	if g.silent(s, best.end) {
		g.suppressed++
		return verdictSuppressed, found{}
	}
	g.fired, g.firedAt = true, best.end
	return verdictFired, best
}

// silent reports whether an alert at a time would only repeat the last one.
func (g *group) silent(s *shape, at int64) bool {
	return g.fired && at < g.firedAt+s.suppress && at > g.firedAt-s.suppress
}

// holds finds a match that comes again: a batch whose sender got an error, or
// one that is delivered again after a crash.
func (g *group) holds(e entry) bool {
	if e.uid == "" {
		return false
	}
	for i := g.after(e.at) - 1; i >= 0 && g.entries[i].at == e.at; i-- {
		if g.entries[i].uid == e.uid {
			return true
		}
	}
	return false
}

// after returns the index of the first entry later than a time. What comes in
// order is found at once.
func (g *group) after(at int64) int {
	if n := len(g.entries); n == 0 || g.entries[n-1].at <= at {
		return n
	}
	return sort.Search(len(g.entries), func(i int) bool { return g.entries[i].at > at })
}

func (g *group) insert(s *shape, e entry) int {
	i := g.after(e.at)
	if i == len(g.entries) {
		g.entries = append(g.entries, e)
	} else {
		g.entries = slices.Insert(g.entries, i, e)
		g.measure.inserted(s, i, e)
	}
	g.newest = max(g.newest, e.at)
	if gone := g.after(g.newest - s.lateness - s.within); gone > 0 {
		g.forget(s, gone)
		i -= gone
	}
	return i
}

// forget drops the oldest entries.
func (g *group) forget(s *shape, n int) {
	g.measure.slide(s, g.entries, max(g.measure.from, n), max(g.measure.to, n))
	g.measure.from -= n
	g.measure.to -= n
	clear(g.entries[:n]) // lets go of their ids
	g.entries = g.entries[n:]
}

// best returns the fullest of the open windows that hold entry i, the latest of
// equals. The measure slides from the newest window back and, the next time, forth.
func (g *group) best(s *shape, i int, at int64) (best found, ok bool) {
	open := g.newest - s.lateness
	for j := len(g.entries) - 1; j >= i; j-- {
		if j+1 < len(g.entries) && g.entries[j].at == g.entries[j+1].at {
			continue
		}
		end := max(g.entries[j].at, open)
		if end-s.within < at {
			g.measure.slide(s, g.entries, g.after(end-s.within), j+1)
			if v := g.measure.value(s); !ok || v > best.value {
				best, ok = found{end: end, value: v, from: g.measure.from, to: g.measure.to}, true
			}
		}
		if g.entries[j].at <= open {
			break // windows that ended earlier are closed
		}
	}
	return best, ok
}
