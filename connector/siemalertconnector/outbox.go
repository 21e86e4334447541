// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// maxHeld bounds the ids of events that are held.
const maxHeld = 100_000

// target is a pipeline behind the connector.
type target struct {
	id   pipeline.ID
	next consumer.Logs
}

// pending is an alert that some pipelines have not taken.
type pending struct {
	logs plog.Logs
	to   []pipeline.ID
}

// outbox has the alerts that are on their way. An event whose alert could not be
// delivered is held: when its sender brings it again, it is not evaluated again.
type outbox struct {
	targets []target
	logger  *zap.Logger
	refused func(pipeline.ID)

	delivering sync.Mutex // held during a flush
	mu         sync.Mutex
	alerts     []*pending
	held       map[string]bool
	heldOrder  []string
}

func (o *outbox) add(alert *pending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.alerts = append(o.alerts, alert)
}

func (o *outbox) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.alerts)
}

// flush delivers everything. Without an error all that was added before the call
// has been taken.
func (o *outbox) flush(ctx context.Context) error {
	ctx = tally.Without(ctx) // alerts are not among the events of the caller
	o.delivering.Lock()
	defer o.delivering.Unlock()
	o.mu.Lock()
	alerts := slices.Clone(o.alerts)
	o.mu.Unlock()
	if len(alerts) == 0 {
		return nil
	}
	var errs []error
	for _, t := range o.targets {
		errs = append(errs, o.deliver(ctx, t, alerts))
	}
	o.mu.Lock()
	o.alerts = slices.DeleteFunc(o.alerts, func(p *pending) bool { return len(p.to) == 0 })
	o.mu.Unlock()
	return errors.Join(errs...)
}

func (o *outbox) deliver(ctx context.Context, t target, alerts []*pending) error {
	alerts = slices.DeleteFunc(slices.Clone(alerts), func(p *pending) bool { return !slices.Contains(p.to, t.id) })
	if len(alerts) == 0 {
		return nil
	}
	logs := plog.NewLogs()
	for _, p := range alerts {
		for _, rl := range p.logs.ResourceLogs().All() {
			rl.CopyTo(logs.ResourceLogs().AppendEmpty())
		}
	}
	err := t.next.ConsumeLogs(ctx, logs)
	if err == nil {
		o.done(t, alerts)
		return nil
	}
	var partial *httpsend.Partial
	if errors.As(err, &partial) && partial.Sent < len(alerts) {
		o.done(t, alerts[:partial.Sent])
		alerts = alerts[partial.Sent:]
	}
	if !permanent(err) {
		return temporary(t, err)
	}
	if len(alerts) == 1 {
		// It would be refused for ever, and hold up all that come after it.
		o.logger.Error("an alert was refused for good", zap.Stringer("pipeline", t.id), zap.Error(err))
		o.refused(t.id)
		o.done(t, alerts)
		return nil
	}
	// One of them is at fault.
	for i := range alerts {
		if err := o.deliver(ctx, t, alerts[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// permanent reports whether every exporter of a pipeline refused for good: one
// that failed otherwise needs the alert again.
func permanent(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if many, ok := e.(interface{ Unwrap() []error }); ok {
			return !slices.ContainsFunc(many.Unwrap(), func(one error) bool { return !permanent(one) })
		}
	}
	return consumererror.IsPermanent(err)
}

// temporary tells a sender what an answer to alerts means for events: that they
// are to come again. What else it says, such as how many were taken, is about
// alerts.
func temporary(t target, err error) error {
	var answer *httpsend.Error
	if !errors.As(err, &answer) || answer.Outcome() == httpsend.Refused {
		answer = &httpsend.Error{Reason: httpsend.Clean(err.Error())}
	}
	return fmt.Errorf("delivering alerts to %s: %w", t.id, answer)
}

func (o *outbox) done(t target, alerts []*pending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range alerts {
		p.to = slices.DeleteFunc(p.to, func(id pipeline.ID) bool { return id == t.id })
	}
}

// hold keeps the ids of events that were evaluated and come again.
func (o *outbox) hold(uids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, uid := range uids {
		if !o.held[uid] {
			o.held[uid] = true
			o.heldOrder = append(o.heldOrder, uid)
		}
	}
	for len(o.heldOrder) > maxHeld {
		delete(o.held, o.heldOrder[0])
		o.heldOrder = o.heldOrder[1:]
	}
}

// holds reports whether an event was evaluated and its sender got an error.
func (o *outbox) holds(uid string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held[uid]
}

// letGo forgets events whose sender got no error.
func (o *outbox) letGo(uids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, uid := range uids {
		delete(o.held, uid)
	}
	// What is gone must not push out what is held.
	if len(o.heldOrder) > 2*len(o.held) {
		o.heldOrder = slices.DeleteFunc(o.heldOrder, func(uid string) bool { return !o.held[uid] })
	}
}
