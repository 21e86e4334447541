// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"time"

	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// state is how a destination fares, as far as its cursor does not say.
type state struct {
	// outcome is what the last answer meant; empty before the first.
	outcome httpsend.Outcome
	// failures counts attempts since a batch was taken last.
	failures int
	// lastError is the last answer that was none, and when it came.
	lastError   string
	lastErrorAt time.Time
	// failingSince is when it began to take nothing; zero while it does not fail.
	failingSince time.Time
	lastSuccess  time.Time
	// failed and retried count attempts since the start.
	failed, retried uint64
}

// report notes an answer, and logs when a destination begins to fail in a way,
// and when it takes events again. What was delivered is noted with it: nobody sees
// a destination well again whose events still wait.
func (d *destination) report(v verdict, err error, again bool, done span) {
	d.mu.Lock()
	before := d.state.outcome
	d.state.note(v, err, again, time.Now().UTC())
	if v.outcome == httpsend.Delivered {
		d.progress.complete(done)
	}
	d.mu.Unlock()
	if v.outcome == before {
		return
	}
	fields := []zap.Field{zap.String("destination", d.name), zap.Int("status", v.status), zap.String("error", words(err))}
	switch v.outcome {
	case httpsend.Held:
		d.logger.Error("the destination refuses everything; its events are kept until somebody mends it", fields...)
	case httpsend.Retry:
		d.logger.Warn("the destination takes nothing for now; its events are kept", fields...)
	case httpsend.Refused:
		d.logger.Warn("the destination refuses events for good; those at fault become dead letters", fields...)
	case httpsend.Delivered:
		if before == httpsend.Held || before == httpsend.Retry {
			d.logger.Info("the destination takes events again", zap.String("destination", d.name))
		}
	}
}

func (s *state) note(v verdict, err error, again bool, now time.Time) {
	s.outcome = v.outcome
	if again {
		s.retried++
	}
	if err == nil {
		s.failures = 0
		s.lastSuccess = now
	} else {
		s.failures++
		s.failed++
		s.lastError, s.lastErrorAt = words(err), now
	}
	failing := v.outcome == httpsend.Held || v.outcome == httpsend.Retry
	switch {
	case !failing: // what it refuses for good are single events: it answers
		s.failingSince = time.Time{}
	case s.failingSince.IsZero():
		s.failingSince = now
	}
}

// current returns the state, the cursor, and when the oldest event that is not
// done with was appended, all of one moment.
func (d *destination) current() (state, cursor, time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	cur, _ := d.cursors.get(d.name)
	if d.progress == nil {
		return d.state, cur, time.Time{}
	}
	return d.state, cur, d.progress.oldest()
}

// lastError says why the destination takes nothing; "" while it does.
func (d *destination) lastError() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state.failures == 0 {
		return ""
	}
	return d.state.lastError
}
