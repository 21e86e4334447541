// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"sync"
	"time"
)

// span is a run of events that are done with.
type span struct {
	from, to                       uint64 // to is behind the last
	delivered                      uint64
	filtered, sampled, rateLimited uint64 // on the way to the exporter
	deadLettered, damaged, others  uint64
}

// progress moves a cursor over spans that may be done with in any order: the
// cursor stands before the first event that is not.
type progress struct {
	name    string
	cursors *cursors
	watches *watches

	mu      sync.Mutex
	stopped bool
	next    uint64
	done    map[uint64]span
	flight  []flight
}

// flight is a batch under way.
type flight struct {
	to   uint64
	time time.Time // of its first event
}

func newProgress(name string, c *cursors, w *watches, next uint64) *progress {
	return &progress{name: name, cursors: c, watches: w, next: next, done: make(map[uint64]span)}
}

// begin notes a batch, in order.
func (p *progress) begin(to uint64, first time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flight = append(p.flight, flight{to: to, time: first})
}

// complete notes a span, and moves the cursor as far as it may go.
func (p *progress) complete(s span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	p.watches.note(s)
	p.done[s.from] = s
	var sum span
	for {
		s, ok := p.done[p.next]
		if !ok {
			break
		}
		delete(p.done, p.next)
		p.next = s.to
		sum.delivered += s.delivered
		sum.filtered += s.filtered
		sum.sampled += s.sampled
		sum.rateLimited += s.rateLimited
		sum.deadLettered += s.deadLettered
		sum.damaged += s.damaged
		sum.others += s.others
	}
	for len(p.flight) > 0 && p.flight[0].to <= p.next {
		p.flight = p.flight[1:]
	}
	p.cursors.update(p.name, func(c *cursor) {
		c.Position = p.next
		c.Delivered += sum.delivered
		c.Filtered += sum.filtered
		c.Sampled += sum.sampled
		c.RateLimited += sum.rateLimited
		c.DeadLettered += sum.deadLettered
		c.Damaged += sum.damaged
		c.Others += sum.others
	})
}

// stop leaves the cursor to somebody else.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}

// oldest returns when the first event that is not done with was appended; the
// zero time when there is none.
func (p *progress) oldest() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.flight) == 0 {
		return time.Time{}
	}
	return p.flight[0].time
}
