// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"cmp"
	"errors"
	"strings"
	"unsafe"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// Head is what can be known of an event before a record is made of it, which is
// what most of the work goes into. Its strings are only good during a call: they
// are cut out of what came in.
type Head struct {
	EventType   string
	Category    event.Category
	Environment string
	Severity    event.Severity
}

// Early says by its head whether to drop an event: Keep, or the number of a rule.
type Early func(h *Head) int

// Keep is the verdict on an event that no rule drops.
const Keep = -1

// ErrDropped is what Add returns of an event that Options.Early drops.
var ErrDropped = errors.New("the event was dropped")

// early asks about the event that was scanned. What cannot have a record is kept:
// reading it says why.
func (b *Batch) early(s *scanner, data []byte) error {
	if b.drops == nil {
		return nil
	}
	root := &s.tape[0]
	text := data[root.start:root.end]
	r := reader{scanned: scanned{
		event: unsafe.String(unsafe.SliceData(text), len(text)), //nolint:gosec // nothing of it outlives the call
		base:  root.start, tape: s.tape,
	}}
	var ok bool
	if b.head, ok = r.head(b.decoder.options.Environment); !ok {
		return nil
	}
	rule := b.drops(&b.head)
	b.head = Head{}
	if rule == Keep {
		return nil
	}
	for len(b.dropped) <= rule {
		b.dropped = append(b.dropped, 0)
	}
	b.dropped[rule]++
	b.droppedCount++
	return ErrDropped
}

// head finds what the record would say. Of members that come up twice the last
// counts, as in the Body.
func (r *reader) head(environment string) (h Head, ok bool) {
	r.find()
	at := &r.tape[r.at.eventType]
	if r.at.eventType == 0 || at.kind != kindString {
		return h, false
	}
	h.EventType = r.str(at)
	if strings.TrimSpace(h.EventType) == "" {
		return h, false
	}
	known, isKnown := event.Lookup(h.EventType)
	if !isKnown {
		known.Category = event.CategoryOf(h.EventType)
	}
	h.Category, h.Severity = known.Category, known.Severity
	if text, given := r.text(r.at.severity, fieldSeverity); given {
		h.Severity, _ = event.ParseSeverity(text)
	}
	h.Environment = r.environment(environment)
	return h, true
}

// environment stops at the first place that names one.
func (r *reader) environment(otherwise string) string {
	if top, _ := r.text(r.at.environment, fieldEnvironment); top != "" {
		return top
	}
	if of := r.member(r.at.source, fieldEnvironment); of != "" {
		return of
	}
	return cmp.Or(r.member(r.at.metadata, fieldEnvironment), otherwise)
}

// member returns a text of the object at node i; "" where there is none.
func (r *reader) member(i int32, name string) (text string) {
	if i == 0 || r.tape[i].kind != kindObject {
		return ""
	}
	for k := i + 1; k < r.tape[i].next; k = r.tape[k+1].next {
		if r.str(&r.tape[k]) != name {
			continue
		}
		text = ""
		if n := &r.tape[k+1]; n.kind == kindString {
			text = r.str(n)
		}
	}
	return text
}

// KeepAll makes the batch keep what Options.Early drops.
func (b *Batch) KeepAll() { b.drops = nil }

// Taken returns the number of events added or dropped.
func (b *Batch) Taken() int { return b.count + b.droppedCount }

// Dropped counts the events that Options.Early dropped, by rule. It may be shorter
// than there are rules.
func (b *Batch) Dropped() []int64 { return b.dropped }
