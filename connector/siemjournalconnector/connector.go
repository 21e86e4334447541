// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

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
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/health"
	"github.com/mockforge/otelcol-mockforge/internal/journal"
	"github.com/mockforge/otelcol-mockforge/internal/receipt"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// saveInterval is how far the cursors' file may lag: what was delivered within
// it is delivered again after a crash.
const saveInterval = 200 * time.Millisecond

// deliveryGrace is how long the end waits for exporters that do not heed it, such
// as one that hangs in a write. What they hold is delivered again.
const deliveryGrace = 10 * time.Second

// journalConnector is the connector.
type journalConnector struct {
	cfg       *Config
	set       connector.Settings
	telemetry *metadata.TelemetryBuilder
	router    connector.LogsRouterAndConsumer

	journal      *journal.Journal
	cursors      *cursors
	recent       *recent
	destinations []*destination
	server       *http.Server
	trimming     sync.Mutex // held while segments are removed
	cancel       context.CancelFunc
	unshow       func() // takes the destinations from the health of the whole
	grace        time.Duration
	wg           sync.WaitGroup
}

func newJournalConnector(cfg *Config, set connector.Settings, telemetry *metadata.TelemetryBuilder, router connector.LogsRouterAndConsumer) (*journalConnector, error) {
	c := &journalConnector{cfg: cfg, set: set, telemetry: telemetry, router: router, grace: deliveryGrace, unshow: func() {}}
	for _, id := range router.PipelineIDs() {
		next, err := router.Consumer(id)
		if err != nil {
			return nil, fmt.Errorf("finding the pipeline %s: %w", id, err)
		}
		c.destinations = append(c.destinations, &destination{
			name: id.String(), cfg: cfg, next: next, logger: set.Logger, counted: c.counter(id.String()),
			letters:     newDeadLetters(cfg.Directory, id.String()),
			parallelism: max(1, cfg.Destinations[id.String()].Parallelism),
		})
	}
	for name := range cfg.Destinations {
		if !slices.ContainsFunc(c.destinations, func(d *destination) bool { return d.name == name }) {
			return nil, fmt.Errorf("destinations: found %q, expected the name of a pipeline behind the connector", name)
		}
	}
	return c, nil
}

// Capabilities says that records are kept until they are delivered.
func (*journalConnector) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: true}
}

// Start opens the journal and begins to deliver. New cursors are on the disk
// before the first event is taken; without new ones, a full disk is no reason not
// to begin.
func (c *journalConnector) Start(startCtx context.Context, host component.Host) error {
	if err := c.open(); err != nil {
		return err
	}
	if err := c.startControl(startCtx, host); err != nil {
		return err
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(startCtx)) // deliveries outlive the start
	for _, d := range c.destinations {
		c.wg.Go(func() { d.run(ctx) })
	}
	c.wg.Go(func() { c.keep(ctx) })
	c.unshow = health.Find(host).Add(health.Source{Destinations: c.health})
	return c.observe()
}

func (c *journalConnector) open() error {
	saved, err := loadCursors(c.cfg.Directory)
	if err != nil {
		return err
	}
	_, end := saved.bounds()
	c.journal, err = journal.Open(c.cfg.Directory, journal.Options{
		SegmentBytes: c.cfg.SegmentSizeMiB << 20,
		MaxBytes:     c.cfg.MaxSizeMiB << 20,
		NextAtLeast:  end,
	})
	if err != nil {
		return err
	}
	c.cursors = saved
	if cut := c.journal.Stats().CutBytes; cut > 0 {
		c.set.Logger.Warn("the journal's end was torn and is cut off: a write that was never acknowledged, unless events are reported as lost below", zap.Int64("bytes", cut))
	}
	placed := c.place()
	switch _, err := c.save(); {
	case err == nil:
	case len(placed) > 0:
		// After a crash it would begin at the journal's end again, past what was
		// acknowledged until then.
		err = fmt.Errorf("found no cursor of %s, expected that a new one can be kept: %w", strings.Join(placed, ", "), err)
		return errors.Join(err, c.journal.Close())
	default:
		// Those are behind, never ahead: events may come twice, and none is missed.
		c.set.Logger.Error("the cursors on the disk stay as they were; what is delivered may be delivered again after a crash", zap.Error(err))
	}
	return nil
}

// place gives new destinations a cursor, and takes leave of old ones. It returns
// the names of the new ones.
func (c *journalConnector) place() (placed []string) {
	first, end := c.journal.Bounds()
	names := make(map[string]bool)
	c.recent = newRecent(c.cfg.Batch)
	for _, d := range c.destinations {
		d.journal, d.cursors, d.recent = c.journal, c.cursors, c.recent
		names[d.name] = true
		if cur, known := c.cursors.get(d.name); known {
			c.recent.at[d.name] = cur.Position
			continue
		}
		at := end
		if cmp.Or(c.cfg.Destinations[d.name].StartAt, c.cfg.StartAt) == StartBeginning {
			at = first
		}
		c.cursors.update(d.name, func(cur *cursor) { cur.Position, cur.Began = at, at })
		c.recent.at[d.name] = at
		placed = append(placed, d.name)
	}
	gone, forgotten := c.cursors.missing(names, time.Now().UTC(), c.cfg.ForgetAfter)
	for _, name := range gone {
		c.set.Logger.Warn("a destination is gone from the settings; its events are kept for a time",
			zap.String("destination", name), zap.Duration("forget_after", c.cfg.ForgetAfter))
	}
	for _, name := range forgotten {
		c.set.Logger.Warn("a destination that is gone from the settings is forgotten", zap.String("destination", name))
	}
	return placed
}

// save writes how far the cursors and the journal are, and returns the lowest
// position that it wrote.
func (c *journalConnector) save() (lowest uint64, err error) {
	_, end := c.journal.Bounds()
	c.cursors.setEnd(end)
	return c.cursors.save()
}

// keep saves the cursors and removes what all of them have passed.
func (c *journalConnector) keep(ctx context.Context) {
	ticker := time.NewTicker(saveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.trim()
		}
	}
}

func (c *journalConnector) trim() {
	c.trimming.Lock()
	defer c.trimming.Unlock()
	lowest, err := c.save()
	if err != nil {
		c.set.Logger.Error("delivered events may be delivered again after a crash", zap.Error(err))
		return // what is not saved must not be removed
	}
	if err := c.journal.RemoveBefore(lowest, time.Now().Add(-c.cfg.Retention)); err != nil {
		c.set.Logger.Error("the journal keeps more than it needs", zap.Error(err))
	}
}

// ConsumeLogs returns once the events are synced to the disk. A receipt in ctx is
// filled in for the last of them.
func (c *journalConnector) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	payloads, err := encode(logs)
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	if len(payloads) == 0 {
		return nil
	}
	now := time.Now()
	var first uint64
	if asked := receipt.From(ctx); asked == nil {
		first, err = c.journal.Append(payloads...)
	} else {
		first, err = c.appendWatched(ctx, asked, payloads)
	}
	switch {
	case err == nil:
		asks := tally.From(ctx)
		asks.Journal(uint64(len(payloads)))
		asks.OnSettled(func() { c.recent.appended(first, now, payloads, logs) })
	case errors.Is(err, journal.ErrTooLarge):
		return consumererror.NewPermanent(err)
	}
	return err
}

// Shutdown ends deliveries and saves how far they came.
func (c *journalConnector) Shutdown(ctx context.Context) error {
	c.unshow()
	c.telemetry.Shutdown()
	if c.journal == nil {
		return nil
	}
	var err error
	if c.server != nil {
		err = c.server.Shutdown(ctx)
	}
	if c.cancel != nil {
		c.cancel()
	}
	c.waitForDeliveries()
	_, saveErr := c.save()
	return errors.Join(err, saveErr, c.journal.Close())
}

func (c *journalConnector) waitForDeliveries() {
	ended := make(chan struct{})
	go func() {
		c.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(c.grace):
		c.set.Logger.Warn("an exporter does not end; what it holds is delivered again", zap.Duration("waited", c.grace))
	}
}
