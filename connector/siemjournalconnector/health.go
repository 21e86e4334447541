// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

// health shows each destination to the siem_health extension.
func (c *journalConnector) health() []health.Destination {
	all := make([]health.Destination, 0, len(c.destinations))
	for _, d := range c.destinations {
		s, cur, oldest := d.current()
		all = append(all, health.Destination{
			Journal:      c.set.ID.String(),
			Pipeline:     d.name,
			State:        string(s.outcome),
			FailingSince: known(s.failingSince),
			LastSuccess:  known(s.lastSuccess),
			LastError:    s.lastError,
			LastErrorAt:  known(s.lastErrorAt),
			Failed:       s.failed,
			Retried:      s.retried,
			OldestQueued: known(oldest),
			Books:        c.books(cur),
		})
	}
	return all
}

// books are of one moment: the end is read after the cursor, which it is never
// behind.
func (c *journalConnector) books(cur cursor) health.Books {
	_, end := c.journal.Bounds()
	end = max(end, cur.Position)
	return health.Books{
		Received:     end - cur.Began - cur.Others,
		Delivered:    cur.Delivered,
		Filtered:     cur.Filtered,
		Sampled:      cur.Sampled,
		RateLimited:  cur.RateLimited,
		DeadLettered: cur.DeadLettered,
		Damaged:      cur.Damaged,
		Queued:       end - cur.Position,
	}
}

// known returns nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
