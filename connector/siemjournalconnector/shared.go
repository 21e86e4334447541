// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/journal"
)

// batch is what is delivered at once.
type batch struct {
	events []event
	// logs are the events, decoded and read-only, where they are for every
	// destination alike.
	logs   plog.Logs
	shared bool
	behind journal.Mark
}

func (b *batch) first() event { return b.events[0] }
func (b *batch) end() uint64  { return b.events[len(b.events)-1].seq + 1 }

// recent keeps the batches that were read last, so that destinations which keep
// up with one another read and decode them once: who comes first decides where
// a batch ends, and the others follow.
type recent struct {
	mu    sync.Mutex
	byPos map[uint64]*batch
	order []uint64
}

// maxRecent bounds the batches that are kept.
const maxRecent = 4

func newRecent() *recent { return &recent{byPos: make(map[uint64]*batch)} }

func (r *recent) get(position uint64) *batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byPos[position]
}

func (r *recent) put(b *batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := b.first().seq
	if r.byPos[at] != nil {
		return
	}
	if len(r.order) == maxRecent {
		delete(r.byPos, r.order[0])
		r.order = r.order[1:]
	}
	r.byPos[at] = b
	r.order = append(r.order, at)
}
