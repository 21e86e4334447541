// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"maps"
	"sync"

	"github.com/mockforge/otelcol-mockforge/internal/health"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// books are the books of one way in.
type books struct {
	protocol string

	mu     sync.Mutex
	intake health.Intake
}

// accept counts events that the pipeline has taken, and what became of them.
func (c *books) accept(n int, onTheWay *tally.Tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intake.Journaled += onTheWay.Journaled()
	c.take(n, onTheWay.Dropped())
}

// drop counts events that were dropped, although others of their batch were not
// taken.
func (c *books) drop(n int, onTheWay *tally.Tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(n, onTheWay.Dropped())
}

func (c *books) take(n int, dropped map[tally.Rule]uint64) {
	c.intake.Accepted += uint64(n)
	for rule, n := range dropped {
		if c.intake.Dropped == nil {
			c.intake.Dropped = make(map[string]uint64)
		}
		c.intake.Dropped[rule.Component+": "+rule.Text] += n
	}
}

func (c *books) refuse(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intake.Refused += uint64(n)
}

func (c *books) refuseRequest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.intake.RefusedRequests++
}

// intakes shows the books of all ways in.
func (r *mockforgeReceiver) intakes() []health.Intake {
	all := make([]health.Intake, 0, len(r.books))
	for _, c := range r.books {
		c.mu.Lock()
		one := c.intake
		one.Dropped = maps.Clone(one.Dropped)
		c.mu.Unlock()
		one.Receiver, one.Protocol = r.settings.ID.String(), c.protocol
		all = append(all, one)
	}
	return all
}
