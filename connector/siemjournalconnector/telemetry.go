// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// counter counts attempts of one destination.
func (c *journalConnector) counter(name string) func(context.Context, httpsend.Outcome) {
	options := make(map[httpsend.Outcome]metric.MeasurementOption)
	for _, o := range []httpsend.Outcome{httpsend.Delivered, httpsend.Retry, httpsend.Held, httpsend.Refused} {
		options[o] = metric.WithAttributeSet(attribute.NewSet(attribute.String("destination", name), attribute.String("outcome", string(o))))
	}
	return func(ctx context.Context, o httpsend.Outcome) {
		c.telemetry.ConnectorSiemJournalAttempts.Add(ctx, 1, options[o])
	}
}

// observe shows the journal and each cursor when the metrics are read.
func (c *journalConnector) observe() error {
	t := c.telemetry
	return errors.Join(
		t.RegisterConnectorSiemJournalAppendedCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.journal.Stats().Appended))
			return nil
		}),
		t.RegisterConnectorSiemJournalSyncsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.journal.Stats().Syncs))
			return nil
		}),
		t.RegisterConnectorSiemJournalBytesCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.journal.Stats().Bytes)
			return nil
		}),
		t.RegisterConnectorSiemJournalDeliveredCallback(c.each(func(cur cursor, _ *destination) int64 { return int64(cur.Delivered) })),
		t.RegisterConnectorSiemJournalDroppedCallback(c.observeDropped),
		t.RegisterConnectorSiemJournalDeadLetteredCallback(c.each(func(cur cursor, _ *destination) int64 { return int64(cur.DeadLettered) })),
		t.RegisterConnectorSiemJournalDamagedCallback(c.each(func(cur cursor, _ *destination) int64 { return int64(cur.Damaged) })),
		t.RegisterConnectorSiemJournalPositionCallback(c.each(func(cur cursor, _ *destination) int64 { return int64(cur.Position) })),
		t.RegisterConnectorSiemJournalPendingCallback(c.each(func(cur cursor, _ *destination) int64 {
			_, end := c.journal.Bounds()
			return int64(end) - int64(cur.Position)
		})),
		t.RegisterConnectorSiemJournalHeldCallback(c.each(func(_ cursor, d *destination) int64 {
			if s, _, _ := d.current(); s.outcome == httpsend.Held {
				return 1
			}
			return 0
		})),
		t.RegisterConnectorSiemJournalOldestPendingCallback(func(_ context.Context, o metric.Float64Observer) error {
			for _, d := range c.destinations {
				_, _, oldest := d.current()
				age := 0.0
				if !oldest.IsZero() {
					age = time.Since(oldest).Seconds()
				}
				o.Observe(age, metric.WithAttributes(attribute.String("destination", d.name)))
			}
			return nil
		}),
	)
}

// observeDropped shows what rules behind the journal dropped.
func (c *journalConnector) observeDropped(_ context.Context, o metric.Int64Observer) error {
	for _, d := range c.destinations {
		cur, _ := c.cursors.get(d.name)
		for kind, n := range map[tally.Kind]uint64{tally.Filtered: cur.Filtered, tally.Sampled: cur.Sampled, tally.RateLimited: cur.RateLimited} {
			o.Observe(int64(n), metric.WithAttributes(attribute.String("destination", d.name), attribute.String("kind", string(kind))))
		}
	}
	return nil
}

// each observes one value of every cursor.
func (c *journalConnector) each(value func(cursor, *destination) int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		for _, d := range c.destinations {
			if cur, ok := c.cursors.get(d.name); ok {
				o.Observe(value(cur, d), metric.WithAttributes(attribute.String("destination", d.name)))
			}
		}
		return nil
	}
}
