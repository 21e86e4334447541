// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"

	"github.com/mockforge/otelcol-mockforge/internal/health"
	"github.com/mockforge/otelcol-mockforge/internal/heapfloor"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
)

// mockforgeReceiver owns the ways in.
type mockforgeReceiver struct {
	cfg       *Config
	settings  receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	early     early // one for all ways in

	ways      []way
	books     []*books // of each way in
	unshow    func()   // takes them from the health of the whole
	lower     func()   // lets go of the heap's floor
	drainTime time.Duration
}

// way is a way in that was started.
type way interface {
	// shutdown takes nothing more, and returns when the pipeline has what was
	// taken.
	shutdown(ctx context.Context) error
}

func newReceiver(cfg *Config, set receiver.Settings, next consumer.Logs) (*mockforgeReceiver, error) {
	early, err := newEarly(&cfg.Filter, set.ID)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return &mockforgeReceiver{cfg: cfg, settings: set, next: next, telemetry: telemetry, early: early, drainTime: drainTime, unshow: func() {}, lower: func() {}}, nil
}

// Start begins to take events. What it started before an error, Shutdown ends.
func (r *mockforgeReceiver) Start(ctx context.Context, host component.Host) error {
	if err := r.start(ctx, host); err != nil {
		return err
	}
	r.lower = heapfloor.Hold()
	r.unshow = health.Find(host).Add(health.Source{Intakes: r.intakes})
	return nil
}

func (r *mockforgeReceiver) start(ctx context.Context, host component.Host) error {
	p := &r.cfg.Protocols
	if p.HTTP.HasValue() {
		if err := r.startHTTP(ctx, host, p.HTTP.Get()); err != nil {
			return err
		}
	}
	if p.File.HasValue() {
		if err := r.startFile(ctx, host, p.File.Get()); err != nil {
			return err
		}
	}
	if p.SplunkHEC.HasValue() {
		if err := r.startSplunkHEC(ctx, host, p.SplunkHEC.Get()); err != nil {
			return err
		}
	}
	if p.Syslog.HasValue() {
		return r.startSyslog(ctx, p.Syslog.Get())
	}
	return nil
}

// Shutdown ends all ways in, at once: what one has taken must not wait for
// another.
func (r *mockforgeReceiver) Shutdown(ctx context.Context) error {
	errs := make(chan error, len(r.ways))
	for _, w := range r.ways {
		go func() { errs <- w.shutdown(ctx) }()
	}
	var err error
	for range r.ways {
		err = errors.Join(err, <-errs)
	}
	r.unshow()
	r.lower()
	r.telemetry.Shutdown()
	return err
}
