// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

// aggregate is what a window measures.
type aggregate uint8

const (
	aggregateCount aggregate = iota
	aggregateDistinct
	aggregateSum
)

// measure takes the value of entries[from:to] and follows as they move.
type measure struct {
	from, to int
	sum      float64
	removals int
	distinct map[uint64]int
}

// slide moves the range, at a cost of what it moves by.
func (t *measure) slide(s *shape, entries []entry, from, to int) {
	if s.aggregate == aggregateCount {
		t.from, t.to = from, to
		return
	}
	for t.to < to {
		t.put(s, entries[t.to])
		t.to++
	}
	for t.from > from {
		t.from--
		t.put(s, entries[t.from])
	}
	for t.to > to {
		t.to--
		t.take(s, entries[t.to])
	}
	for t.from < from {
		t.take(s, entries[t.from])
		t.from++
	}
	if t.removals > 2*(t.to-t.from) {
		t.recount(s, entries)
	}
}

// inserted follows an entry that went in at i, before the end.
func (t *measure) inserted(s *shape, i int, e entry) {
	switch {
	case i < t.from || i == t.from && t.from == t.to:
		t.from++
		t.to++
	case i < t.to:
		t.put(s, e)
		t.to++
	}
}

func (t *measure) put(s *shape, e entry) {
	switch s.aggregate {
	case aggregateSum:
		t.sum += e.value
	case aggregateDistinct:
		if t.distinct == nil {
			t.distinct = make(map[uint64]int)
		}
		t.distinct[e.hash]++
	case aggregateCount:
	}
}

func (t *measure) take(s *shape, e entry) {
	switch s.aggregate {
	case aggregateSum:
		t.sum -= e.value
		t.removals++
	case aggregateDistinct:
		if t.distinct[e.hash]--; t.distinct[e.hash] == 0 {
			delete(t.distinct, e.hash)
		}
	case aggregateCount:
	}
}

// recount takes away what subtracting has left behind of rounding.
func (t *measure) recount(s *shape, entries []entry) {
	if s.aggregate != aggregateSum {
		return
	}
	t.sum, t.removals = 0, 0
	for _, e := range entries[t.from:t.to] {
		t.sum += e.value
	}
}

func (t *measure) value(s *shape) float64 {
	switch s.aggregate {
	case aggregateSum:
		return t.sum
	case aggregateDistinct:
		return float64(len(t.distinct))
	default:
		return float64(t.to - t.from)
	}
}
