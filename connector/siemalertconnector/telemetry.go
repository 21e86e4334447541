// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// count counts what an event did to a rule.
func (c *alertConnector) count(ctx context.Context, r *rule, o *outcome) {
	add := func(counter metric.Int64Counter, n int) {
		if n > 0 {
			counter.Add(ctx, int64(n), r.counted)
		}
	}
	add(c.telemetry.ConnectorSiemAlertEvictedGroups, o.groups)
	add(c.telemetry.ConnectorSiemAlertEvictedMatches, o.matches)
	switch o.verdict {
	case verdictFired:
		add(c.telemetry.ConnectorSiemAlertFired, 1)
	case verdictSuppressed:
		add(c.telemetry.ConnectorSiemAlertSuppressed, 1)
	case verdictLate:
		add(c.telemetry.ConnectorSiemAlertLate, 1)
	case verdictQuiet, verdictDuplicate:
	}
}

func (c *alertConnector) countRefused(id pipeline.ID) {
	c.telemetry.ConnectorSiemAlertRefused.Add(context.Background(), 1, metric.WithAttributes(attribute.String("pipeline", id.String())))
}

// observe shows what is kept when the metrics are read.
func (c *alertConnector) observe() error {
	return errors.Join(
		c.telemetry.RegisterConnectorSiemAlertMatchesCallback(func(_ context.Context, o metric.Int64Observer) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			o.Observe(int64(c.kept.used))
			return nil
		}),
		c.telemetry.RegisterConnectorSiemAlertPendingCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(int64(c.outbox.len()))
			return nil
		}),
		c.telemetry.RegisterConnectorSiemAlertTypeClashesCallback(func(_ context.Context, o metric.Int64Observer) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			for _, r := range c.rules {
				if n := r.allClashes(); n > 0 {
					o.Observe(n, metric.WithAttributes(attribute.String("rule", r.name)))
				}
			}
			return nil
		}),
	)
}

func (r *rule) allClashes() int64 {
	if r.filter == nil {
		return r.clashes
	}
	return r.clashes + r.filter.Clashes()
}
