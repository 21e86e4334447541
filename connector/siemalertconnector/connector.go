// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// alertConnector is the connector.
type alertConnector struct {
	cfg       *Config
	set       connector.Settings
	telemetry *metadata.TelemetryBuilder
	outbox    *outbox

	mu     sync.Mutex // of the rules' state
	rules  []*rule
	byType map[string][]*rule // those that any type may fire are in all of them
	any    []*rule
	kept   *budget

	storage storage.Client
	server  *http.Server
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

func newAlertConnector(cfg *Config, set connector.Settings, telemetry *metadata.TelemetryBuilder, router connector.LogsRouterAndConsumer) (*alertConnector, error) {
	rules, err := cfg.compile()
	if err != nil {
		return nil, err
	}
	c := &alertConnector{cfg: cfg, set: set, telemetry: telemetry, rules: rules, kept: &budget{max: cfg.MaxMatches}}
	c.outbox = &outbox{logger: set.Logger, held: make(map[string]bool), refused: c.countRefused}
	ids := router.PipelineIDs()
	slices.SortFunc(ids, func(a, b pipeline.ID) int { return cmp.Compare(a.String(), b.String()) })
	for _, id := range ids {
		next, err := router.Consumer(id)
		if err != nil {
			return nil, fmt.Errorf("finding the pipeline %s: %w", id, err)
		}
		c.outbox.targets = append(c.outbox.targets, target{id: id, next: next})
	}
	if err := c.checkActions(); err != nil {
		return nil, err
	}
	for _, r := range rules {
		r.groups.join(c.kept)
		r.to = cfg.Route(r.actions, ids)
		r.counted = metric.WithAttributeSet(attribute.NewSet(attribute.String("rule", r.name)))
	}
	c.index()
	return c, nil
}

// Capabilities says that records are only read.
func (*alertConnector) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// Start takes up the state of the last run.
func (c *alertConnector) Start(startCtx context.Context, host component.Host) error {
	c.warnOfTypes()
	c.warnOfActions()
	if err := c.openStorage(startCtx, host); err != nil {
		return err
	}
	if err := c.startControl(startCtx, host); err != nil {
		return err
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(startCtx)) // the loop outlives the start
	c.wg.Go(func() { c.keep(ctx) })
	return c.observe()
}

// keep saves the state, and tries again to deliver what nobody brings again.
func (c *alertConnector) keep(ctx context.Context) {
	ticker := time.NewTicker(c.cfg.SaveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := c.outbox.flush(ctx); err != nil && ctx.Err() == nil {
			c.set.Logger.Warn("alerts are not delivered; they are tried again", zap.Error(err))
		}
		c.save(ctx)
	}
}

// ConsumeLogs evaluates events and returns once the pipelines have taken their
// alerts. After an error the events are to come again: the alerts are kept, and
// the events are not counted twice.
func (c *alertConnector) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	// What is pending goes first: so it never grows while a pipeline fails.
	if err := c.outbox.flush(ctx); err != nil {
		return err
	}
	uids := c.evaluate(ctx, logs)
	if err := c.outbox.flush(ctx); err != nil {
		c.outbox.hold(uids)
		return err
	}
	c.outbox.letGo(uids)
	return nil
}

// evaluate puts the alerts of a batch into the outbox, and returns the ids of its
// events. Whoever saves the state sees both or neither.
func (c *alertConnector) evaluate(ctx context.Context, logs plog.Logs) (uids []string) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				uid := strings.Clone(uidOf(record)) // it may be cut from the event
				if uid != "" {
					uids = append(uids, uid)
					if c.outbox.holds(uid) {
						continue
					}
				}
				c.evaluateOne(ctx, record, rl.Resource(), uid, now)
			}
		}
	}
	return uids
}

func (c *alertConnector) evaluateOne(ctx context.Context, record plog.LogRecord, resource pcommon.Resource, uid string, now time.Time) {
	kind := eventlog.EventType(record)
	if kind == event.TypeAlertFired {
		return // an alert about an alert would never end
	}
	rules, ok := c.byType[kind]
	if !ok {
		rules = c.any
	}
	if len(rules) == 0 {
		return
	}
	at := c.timeOf(record, now)
	for _, r := range rules {
		o := r.evaluate(record, resource, at, uid)
		c.count(ctx, r, &o)
		if o.verdict != verdictFired {
			continue
		}
		alert, err := o.firing.logs(now)
		if err != nil {
			// It was built of what came in: to come again would not mend it.
			c.set.Logger.Error("an alert could not be written", zap.String("rule", r.name), zap.Error(err))
			continue
		}
		c.outbox.add(&pending{logs: alert, to: slices.Clone(r.to)})
	}
}

// maxAhead is how far ahead of its arrival an event's time is believed.
const maxAhead = 5 * time.Minute

func (c *alertConnector) timeOf(record plog.LogRecord, now time.Time) int64 {
	arrived := record.ObservedTimestamp().AsTime()
	if record.ObservedTimestamp() == 0 || arrived.After(now) {
		arrived = now // a sender of OTLP writes it too: one in the future would make all others late
	}
	at := record.Timestamp().AsTime()
	if c.cfg.Time == ClockArrival || record.Timestamp() == 0 || at.After(arrived.Add(maxAhead)) {
		at = arrived
	}
	return at.UnixNano()
}

// Shutdown delivers and saves what there is.
func (c *alertConnector) Shutdown(ctx context.Context) error {
	c.telemetry.Shutdown()
	var err error
	if c.server != nil {
		err = c.server.Shutdown(ctx)
	}
	if c.cancel != nil {
		c.cancel()
		c.wg.Wait()
		if e := c.outbox.flush(ctx); e != nil {
			c.set.Logger.Warn("alerts are not delivered; with a storage they are after the next start", zap.Error(e))
		}
		c.save(ctx)
	}
	if c.storage != nil {
		err = errors.Join(err, c.storage.Close(ctx))
	}
	return err
}
