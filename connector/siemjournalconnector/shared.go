// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// batch is what is delivered at once.
type batch struct {
	events []event
	// logs are the events, decoded and read-only, where they are for every
	// destination alike.
	logs   plog.Logs
	shared bool
}

func (b *batch) first() event { return b.events[0] }
func (b *batch) end() uint64  { return b.events[len(b.events)-1].seq + 1 }

// recent keeps what was appended as it came, and the batches that were made of it
// or were read last. Destinations that keep up need not decode, and those that
// keep up with one another get the same batch: who comes first decides where it
// ends, and the others follow.
//
// Where destinations fall behind and there is no room for all, what waits longest
// stays: it is needed next. To make room for newer events by dropping it would be
// to drop each before its turn.
type recent struct {
	limits BatchConfig

	mu      sync.Mutex
	at      map[string]uint64 // how far each destination is
	kept    []keptBatch
	fresh   map[uint64]*batch // as it was appended, by its first number
	arrived []uint64          // those numbers, about in order
	bytes   int               // of payloads in fresh
	lead    uint64            // as far as any destination is: what began before is needed no more
}

// keptBatch is a batch that some destinations have yet to come for.
type keptBatch struct {
	*batch
	left int
}

const (
	// maxKept bounds the batches that are kept for others: as many as keep nine
	// destinations together that take nothing but files. With half of them each went
	// its own way, and decoded for itself.
	maxKept = 8
	// maxFresh bounds the payloads that are kept as they came, in bytes. In memory
	// their records take several times as much.
	maxFresh = 4 << 20
	// maxArrived bounds their number.
	maxArrived = 10_000
)

func newRecent(limits BatchConfig) *recent {
	return &recent{limits: limits, at: make(map[string]uint64), fresh: make(map[uint64]*batch)}
}

// appended keeps logs, which are the caller's no more, and their payloads.
func (r *recent) appended(first uint64, now time.Time, payloads [][]byte, logs plog.Logs) {
	if logs.IsReadOnly() {
		return // it is not ours
	}
	for len(payloads) > 0 {
		n, piece := r.fitting(payloads), logs
		if n < len(payloads) {
			piece = cut(logs, n)
		}
		b := &batch{events: make([]event, n), logs: piece, shared: true}
		for i, p := range payloads[:n] {
			b.events[i] = event{seq: first + uint64(i), time: now, payload: p}
		}
		r.arrive(b)
		first, payloads = first+uint64(n), payloads[n:]
	}
}

// fitting returns how many payloads are one batch: one at least.
func (r *recent) fitting(payloads [][]byte) int {
	n, bytes := 1, len(payloads[0])
	for n < min(len(payloads), r.limits.MaxEvents) && bytes+len(payloads[n]) <= r.limits.MaxBytes {
		bytes += len(payloads[n])
		n++
	}
	return n
}

// cut takes the first n records.
func cut(logs plog.Logs, n int) plog.Logs {
	head := plog.NewLogs()
	logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		if n == 0 {
			return false
		}
		to := head.ResourceLogs().AppendEmpty()
		rl.Resource().CopyTo(to.Resource())
		to.SetSchemaUrl(rl.SchemaUrl())
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			if n == 0 {
				return false
			}
			toScope := to.ScopeLogs().AppendEmpty()
			sl.Scope().CopyTo(toScope.Scope())
			toScope.SetSchemaUrl(sl.SchemaUrl())
			sl.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				if n == 0 {
					return false
				}
				n--
				record.MoveTo(toScope.LogRecords().AppendEmpty())
				return true
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	return head
}

func (r *recent) arrive(b *batch) {
	size := b.bytes()
	r.mu.Lock()
	defer r.mu.Unlock()
	at := b.first().seq
	if at < r.lead || r.bytes+size > maxFresh || len(r.arrived) == maxArrived {
		return
	}
	r.fresh[at] = b
	r.arrived = append(r.arrived, at)
	r.bytes += size
}

// pass drops what a destination has left behind or taken.
func (r *recent) pass(position uint64) {
	r.lead = max(r.lead, position)
	for len(r.arrived) > 0 && (r.arrived[0] < r.lead || r.fresh[r.arrived[0]] == nil) {
		r.take(r.arrived[0])
		r.arrived = r.arrived[1:]
	}
}

// begins says whether a batch as it came begins at a number.
func (r *recent) begins(position uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh[position] != nil
}

func (b *batch) bytes() (sum int) {
	for _, e := range b.events {
		sum += len(e.payload)
	}
	return sum
}

// take removes a fresh batch; nil when there is none at that number.
func (r *recent) take(position uint64) *batch {
	b := r.fresh[position]
	if b != nil {
		delete(r.fresh, position)
		r.bytes -= b.bytes()
	}
	return b
}

// get returns the batch that begins where a destination is; nil when it has to be
// read.
func (r *recent) get(destination string, position uint64) *batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at[destination] = position
	r.pass(position)
	if b := r.again(position); b != nil {
		return b
	}
	b := r.gather(position)
	if b != nil {
		r.keep(destination, b)
	}
	return b
}

// again returns a batch that another destination has had; nil when there is none.
// The last one that comes for it takes it away.
func (r *recent) again(position uint64) *batch {
	at := slices.IndexFunc(r.kept, func(k keptBatch) bool { return k.first().seq == position })
	if at < 0 {
		return nil
	}
	b := r.kept[at].batch
	if r.kept[at].left--; r.kept[at].left == 0 {
		r.kept = slices.Delete(r.kept, at, at+1)
	}
	return b
}

// gather makes one batch of fresh ones.
func (r *recent) gather(position uint64) *batch {
	b := r.take(position)
	if b == nil {
		return nil
	}
	for bytes := b.bytes(); ; {
		next := r.fresh[b.end()]
		if next == nil || len(b.events)+len(next.events) > r.limits.MaxEvents || bytes+next.bytes() > r.limits.MaxBytes {
			break
		}
		bytes += next.bytes()
		r.take(b.end())
		b.events = append(b.events, next.events...)
		for _, rl := range next.logs.ResourceLogs().All() {
			add(b.logs.ResourceLogs(), rl)
		}
	}
	b.logs.MarkReadOnly()
	return b
}

// add moves records to those before them where they have one producer.
func add(all plog.ResourceLogsSlice, rl plog.ResourceLogs) {
	if n := all.Len(); n > 0 && sameProducer(all.At(n-1), rl) {
		rl.ScopeLogs().At(0).LogRecords().MoveAndAppendTo(all.At(n - 1).ScopeLogs().At(0).LogRecords())
		return
	}
	rl.MoveTo(all.AppendEmpty())
}

func sameProducer(a, b plog.ResourceLogs) bool {
	if a.ScopeLogs().Len() != 1 || b.ScopeLogs().Len() != 1 || a.SchemaUrl() != b.SchemaUrl() || !a.Resource().Attributes().Equal(b.Resource().Attributes()) {
		return false
	}
	sa, sb := a.ScopeLogs().At(0), b.ScopeLogs().At(0)
	return sa.SchemaUrl() == sb.SchemaUrl() && sa.Scope().Name() == sb.Scope().Name() &&
		sa.Scope().Version() == sb.Scope().Version() && sa.Scope().Attributes().Equal(sb.Scope().Attributes())
}

// put keeps a batch that a destination read.
func (r *recent) put(destination string, b *batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep(destination, b)
}

// keep lets others have the batch of a destination.
func (r *recent) keep(destination string, b *batch) {
	left := r.behind(destination, b.first().seq)
	if left == 0 || slices.ContainsFunc(r.kept, func(k keptBatch) bool { return k.first().seq == b.first().seq }) {
		return
	}
	if len(r.kept) == maxKept {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	r.kept = append(r.kept, keptBatch{batch: b, left: left})
}

// behind counts the other destinations that have yet to come to a number, and are
// so near that what is kept may still be there then. One that is down is not.
func (r *recent) behind(destination string, position uint64) (n int) {
	reach := uint64(maxKept * r.limits.MaxEvents)
	for other, at := range r.at {
		if other != destination && at <= position && position-at <= reach {
			n++
		}
	}
	return n
}
