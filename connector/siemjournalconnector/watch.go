// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"sync"

	"github.com/mockforge/otelcol-mockforge/internal/receipt"
)

// watches tell what became of single events, to those who asked.
type watches struct {
	mu  sync.Mutex
	all map[*watch]struct{}
}

// watch is one question. It begins before the event has its number, so that no
// destination is faster than the question.
type watch struct {
	seq    uint64
	known  bool
	seen   []span // until seq is known
	settle func(receipt.Outcome)
}

// begin notes a question about an event that is yet to be appended.
func (w *watches) begin(settle func(receipt.Outcome)) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = make(map[*watch]struct{})
	}
	one := &watch{settle: settle}
	w.all[one] = struct{}{}
	return one
}

// name says which event it is.
func (w *watches) name(one *watch, seq uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.seq, one.known = seq, true
	for _, s := range one.seen {
		w.answer(one, s)
	}
	one.seen = nil
}

// forget drops a question.
func (w *watches) forget(one *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, one)
}

// note answers the questions about a span that is done with.
func (w *watches) note(s span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.all {
		if one.known {
			w.answer(one, s)
		} else {
			one.seen = append(one.seen, s)
		}
	}
}

func (w *watches) answer(one *watch, s span) {
	if one.seq < s.from || one.seq >= s.to {
		return
	}
	delete(w.all, one)
	switch {
	case s.deadLettered > 0:
		one.settle(receipt.DeadLettered)
	case s.damaged > 0:
		one.settle(receipt.Lost)
	case s.delivered == 0: // of a batch of which some was, nobody knows which
		one.settle(receipt.Dropped)
	default:
		one.settle(receipt.Delivered)
	}
}

// appendWatched appends, and has every destination tell the receipt what becomes
// of the last event, for as long as ctx goes on.
func (c *journalConnector) appendWatched(ctx context.Context, asked *receipt.Receipt, payloads [][]byte) (uint64, error) {
	begun := make([]*watch, len(c.destinations))
	for i, d := range c.destinations {
		begun[i] = d.watches.begin(asked.Expect(d.name, d.lastError))
		context.AfterFunc(ctx, func() { d.watches.forget(begun[i]) })
	}
	first, err := c.journal.Append(payloads...)
	for i, d := range c.destinations {
		if err != nil {
			d.watches.forget(begun[i])
			continue
		}
		d.watches.name(begun[i], first+uint64(len(payloads))-1)
	}
	return first, err
}
