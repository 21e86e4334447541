// SPDX-License-Identifier: Apache-2.0

// Package receipt tells who hands events to a pipeline what became of them
// behind the journal. The context of the call carries it: a receiver that wants
// to know puts a Receipt there, and the journal, which returns as soon as the
// events are on the disk, fills it in as its destinations go on.
//
//	ctx, r := receipt.New(ctx)
//	err := next.ConsumeLogs(ctx, logs)
//	pipelines := r.Wait(waitCtx)
package receipt

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Outcome is what became of an event at one destination.
type Outcome string

// What may become of it.
const (
	// Pending is not done with, or not yet.
	Pending Outcome = "pending"
	// Delivered was taken by the destination.
	Delivered Outcome = "delivered"
	// Dropped was dropped by a filter on the way to the destination.
	Dropped Outcome = "dropped"
	// DeadLettered was refused for good and put aside.
	DeadLettered Outcome = "dead_lettered"
	// Lost was hit by damage of the journal's disk.
	Lost Outcome = "lost"
)

// Entry is the state at one destination.
type Entry struct {
	// Pipeline is the name of the destination's pipeline.
	Pipeline string `json:"pipeline"`
	// Outcome says how far it is.
	Outcome Outcome `json:"status"`
	// Error is the last error of a destination that is pending, if any.
	Error string `json:"error,omitempty"`
}

// Receipt collects entries. It is safe for concurrent use.
type Receipt struct {
	mu      sync.Mutex
	slots   []*slot
	changed chan struct{}
}

type slot struct {
	Entry
	lastError func() string
}

type key struct{}

// New returns a context that carries a new receipt.
func New(ctx context.Context) (context.Context, *Receipt) {
	r := &Receipt{changed: make(chan struct{})}
	return context.WithValue(ctx, key{}, r), r
}

// From returns the receipt that ctx carries; nil when nobody asks for one.
func From(ctx context.Context) *Receipt {
	r, _ := ctx.Value(key{}).(*Receipt)
	return r
}

// Expect notes a destination that has yet to take the event, and returns what
// tells how that ended. lastError says why it has not, so far; "" for no error.
func (r *Receipt) Expect(pipeline string, lastError func() string) (settle func(Outcome)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &slot{Entry: Entry{Pipeline: pipeline, Outcome: Pending}, lastError: lastError}
	r.slots = append(r.slots, s)
	return func(o Outcome) {
		r.mu.Lock()
		defer r.mu.Unlock()
		s.Outcome = o
		close(r.changed)
		r.changed = make(chan struct{})
	}
}

// Wait returns the entries, by name, once none is pending or ctx ends.
func (r *Receipt) Wait(ctx context.Context) []Entry {
	for {
		entries, pending, changed := r.now()
		if !pending {
			return entries
		}
		select {
		case <-changed:
		case <-ctx.Done():
			entries, _, _ = r.now() // an error may have come meanwhile
			return entries
		}
	}
}

func (r *Receipt) now() (entries []Entry, pending bool, changed <-chan struct{}) {
	r.mu.Lock()
	all := make([]slot, 0, len(r.slots))
	for _, s := range r.slots {
		all = append(all, *s)
	}
	changed = r.changed
	r.mu.Unlock()
	entries = make([]Entry, 0, len(all))
	for _, s := range all {
		if s.Outcome == Pending {
			pending = true
			s.Error = s.lastError() // not under the lock: it takes others
		}
		entries = append(entries, s.Entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Pipeline, b.Pipeline) })
	return entries, pending, changed
}
