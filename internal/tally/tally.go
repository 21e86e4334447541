// SPDX-License-Identifier: Apache-2.0

// Package tally tells who hands events to a pipeline how many of them were
// dropped on the way, and how many a journal has. The context of the call carries
// it: so books balance for each way in and each destination, although neither
// sees the filters between.
//
//	ctx, t := tally.New(ctx)
//	err := next.ConsumeLogs(ctx, logs)
//	dropped := t.Dropped()
//
// It holds what comes of one call: who calls again begins a new one.
package tally

import (
	"context"
	"maps"
	"sync"
)

// Kind says what sort of rule dropped an event.
type Kind string

// The sorts of rules.
const (
	// Filtered is by include, exclude or a condition.
	Filtered Kind = "filtered"
	// Sampled is by sampling.
	Sampled Kind = "sampled"
	// RateLimited is by a rate limit.
	RateLimited Kind = "rate_limited"
)

// Rule is what dropped events.
type Rule struct {
	Kind Kind
	// Component is the id of the component, such as "siem_filter".
	Component string
	// Text is the rule as it stands in the settings, such as "exclude: severity:low".
	Text string
}

// Tally counts events. It is safe for concurrent use, and nil counts nothing.
type Tally struct {
	mu        sync.Mutex
	journaled uint64
	dropped   map[Rule]uint64
	settled   []func()
}

type key struct{}

// New returns a context that carries a new tally.
func New(ctx context.Context) (context.Context, *Tally) {
	t := &Tally{}
	return context.WithValue(ctx, key{}, t), t
}

// From returns the tally that ctx carries; nil when nobody asks for one.
func From(ctx context.Context) *Tally {
	t, _ := ctx.Value(key{}).(*Tally)
	return t
}

// Without returns a context for events that are not those of the caller.
func Without(ctx context.Context) context.Context {
	if From(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, (*Tally)(nil))
}

// Drop counts n events that a rule dropped.
func (t *Tally) Drop(by Rule, n uint64) {
	if t == nil || n == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped == nil {
		t.dropped = make(map[Rule]uint64)
	}
	t.dropped[by] += n
}

// Journal counts n events that are synced to a journal.
func (t *Tally) Journal(n uint64) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.journaled += n
}

// OnSettled has f called once the whole pipeline has taken the events: nobody
// offers them again, so who has been given them may keep them. Where nobody
// carries a tally it is never called.
func (t *Tally) OnSettled(f func()) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.settled = append(t.settled, f)
}

// Settle says that the pipeline has taken the events.
func (t *Tally) Settle() {
	t.mu.Lock()
	all := t.settled
	t.settled = nil
	t.mu.Unlock()
	for _, f := range all {
		f()
	}
}

// Dropped returns how many events each rule dropped.
func (t *Tally) Dropped() map[Rule]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.dropped)
}

// Journaled returns how many events are synced to a journal.
func (t *Tally) Journaled() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.journaled
}
