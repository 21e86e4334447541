// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/extension/siemhealthextension/internal/metadata"
)

// observe shows the report when the metrics are read. One callback has them all,
// so that the books balance in each reading.
func (e *healthExtension) observe() (metric.Registration, error) {
	t := e.telemetry
	return metadata.Meter(e.set.TelemetrySettings).RegisterCallback(
		func(_ context.Context, o metric.Observer) error {
			r := e.report(time.Now())
			for _, d := range r.Destinations {
				e.observeDestination(o, d)
			}
			for _, i := range r.Intakes {
				e.observeIntake(o, i)
			}
			return nil
		},
		t.ExtensionSiemHealthDestinationDamaged, t.ExtensionSiemHealthDestinationDeadLettered, t.ExtensionSiemHealthDestinationDelivered,
		t.ExtensionSiemHealthDestinationDown, t.ExtensionSiemHealthDestinationFailed, t.ExtensionSiemHealthDestinationFiltered,
		t.ExtensionSiemHealthDestinationHealthy, t.ExtensionSiemHealthDestinationLastSuccessTimestamp,
		t.ExtensionSiemHealthDestinationOldestQueuedAge, t.ExtensionSiemHealthDestinationQueued,
		t.ExtensionSiemHealthDestinationRateLimited, t.ExtensionSiemHealthDestinationReceived, t.ExtensionSiemHealthDestinationRetried,
		t.ExtensionSiemHealthDestinationSampled, t.ExtensionSiemHealthDestinationUnaccounted,
		t.ExtensionSiemHealthIntakeAccepted, t.ExtensionSiemHealthIntakeDropped, t.ExtensionSiemHealthIntakeJournaled,
		t.ExtensionSiemHealthIntakeRefused, t.ExtensionSiemHealthIntakeRefusedRequests,
		t.ExtensionSiemHealthIntakeUnaccounted,
	)
}

func (e *healthExtension) observeDestination(o metric.Observer, d destinationReport) {
	t, at := e.telemetry, metric.WithAttributeSet(attribute.NewSet(attribute.String("journal", d.Journal), attribute.String("destination", d.Pipeline)))
	b := d.Books
	for _, one := range []struct {
		instrument metric.Int64Observable
		value      int64
	}{
		{t.ExtensionSiemHealthDestinationHealthy, oneIf(d.Healthy)},
		{t.ExtensionSiemHealthDestinationDown, oneIf(d.Status == statusDown)},
		{t.ExtensionSiemHealthDestinationFailed, int64(d.Failed)},
		{t.ExtensionSiemHealthDestinationRetried, int64(d.Retried)},
		{t.ExtensionSiemHealthDestinationReceived, int64(b.Received)},
		{t.ExtensionSiemHealthDestinationDelivered, int64(b.Delivered)},
		{t.ExtensionSiemHealthDestinationFiltered, int64(b.Filtered)},
		{t.ExtensionSiemHealthDestinationSampled, int64(b.Sampled)},
		{t.ExtensionSiemHealthDestinationRateLimited, int64(b.RateLimited)},
		{t.ExtensionSiemHealthDestinationDeadLettered, int64(b.DeadLettered)},
		{t.ExtensionSiemHealthDestinationDamaged, int64(b.Damaged)},
		{t.ExtensionSiemHealthDestinationQueued, int64(b.Queued)},
		{t.ExtensionSiemHealthDestinationUnaccounted, d.Unaccounted},
	} {
		o.ObserveInt64(one.instrument, one.value, at)
	}
	o.ObserveFloat64(t.ExtensionSiemHealthDestinationOldestQueuedAge, d.OldestQueuedAge, at)
	if d.LastSuccess != nil {
		o.ObserveFloat64(t.ExtensionSiemHealthDestinationLastSuccessTimestamp, float64(d.LastSuccess.UnixMilli())/1000, at)
	}
}

func (e *healthExtension) observeIntake(o metric.Observer, i intakeReport) {
	t, labels := e.telemetry, []attribute.KeyValue{attribute.String("receiver", i.Receiver), attribute.String("protocol", i.Protocol)}
	at := metric.WithAttributes(labels...)
	o.ObserveInt64(t.ExtensionSiemHealthIntakeAccepted, int64(i.Accepted), at)
	o.ObserveInt64(t.ExtensionSiemHealthIntakeRefused, int64(i.Refused), at)
	o.ObserveInt64(t.ExtensionSiemHealthIntakeRefusedRequests, int64(i.RefusedRequests), at)
	o.ObserveInt64(t.ExtensionSiemHealthIntakeJournaled, int64(i.Journaled), at)
	o.ObserveInt64(t.ExtensionSiemHealthIntakeUnaccounted, i.Unaccounted, at)
	for rule, n := range i.Dropped {
		o.ObserveInt64(t.ExtensionSiemHealthIntakeDropped, int64(n), at, metric.WithAttributes(attribute.String("rule", rule)))
	}
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
