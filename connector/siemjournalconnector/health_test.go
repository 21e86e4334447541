// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/health"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// healthHost has what the siem_health extension gives.
type healthHost struct {
	component.Host
	component.StartFunc
	component.ShutdownFunc
	registry health.Registry
}

func (h *healthHost) HealthRegistry() *health.Registry { return &h.registry }

func (h *healthHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("siem_health"): h}
}

// startWatched starts a connector before one pipeline, logs/x.
func startWatched(t *testing.T, cfg *Config, next consumer.ConsumeLogsFunc) (*run, *healthHost) {
	t.Helper()
	pipe, err := consumer.NewLogs(next)
	require.NoError(t, err)
	host := &healthHost{Host: componenttest.NewNopHost()}
	set := connectortest.NewNopSettings(metadata.Type)
	set.ID = component.NewID(metadata.Type)
	c, err := NewFactory().CreateLogsToLogs(t.Context(), set, cfg, connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{
		pipeline.NewIDWithName(pipeline.SignalLogs, "x"): pipe,
	}))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), host))
	return &run{Logs: c, t: t}, host
}

// settled waits until nothing is queued.
func settled(t *testing.T, host *healthHost, received uint64) health.Destination {
	t.Helper()
	var got health.Destination
	require.Eventually(t, func() bool {
		got = host.registry.Destinations()[0]
		return got.Books.Received == received && got.Books.Queued == 0
	}, eventuallyTimeout, eventuallyTick)
	return got
}

// TestBooks count what a filter behind the journal drops, also in batches that
// are halved, and last over a restart.
func TestBooks(t *testing.T) {
	dir := t.TempDir()
	var poison bool
	r, host := startWatched(t, fast(dir), func(ctx context.Context, logs plog.Logs) error {
		if poison && logs.LogRecordCount() > 1 {
			return consumererror.NewPermanent(errors.New(`HTTP "/x" 400 "Bad Request"`))
		}
		onTheWay := tally.From(ctx)
		onTheWay.Drop(tally.Rule{Kind: tally.Filtered, Text: "include"}, 1)
		if n := logs.LogRecordCount(); n > 2 {
			onTheWay.Drop(tally.Rule{Kind: tally.Sampled, Text: "sampling: x"}, 1)
			onTheWay.Drop(tally.Rule{Kind: tally.RateLimited, Text: "rate_limit"}, 1)
		}
		return nil
	})
	r.post(0, 5)
	got := settled(t, host, 5)
	assert.Equal(t, health.Books{Received: 5, Delivered: 2, Filtered: 1, Sampled: 1, RateLimited: 1}, got.Books)
	assert.Zero(t, got.Books.Unaccounted())
	assert.Equal(t, "siem_journal", got.Journal)
	assert.Equal(t, "logs/x", got.Pipeline)
	assert.Equal(t, "delivered", got.State)
	assert.WithinDuration(t, time.Now(), *got.LastSuccess, time.Minute)
	poison = true
	r.post(5, 9)
	got = settled(t, host, 9)
	assert.Equal(t, health.Books{Received: 9, Delivered: 2, Filtered: 5, Sampled: 1, RateLimited: 1}, got.Books)
	assert.EqualValues(t, 3, got.Failed, "4 events at once, and 2 by 2")
	r.stop()
	assert.Empty(t, host.registry.Destinations())

	r, host = startWatched(t, fast(dir), func(context.Context, plog.Logs) error { return nil })
	r.post(9, 10)
	assert.Equal(t, health.Books{Received: 10, Delivered: 3, Filtered: 5, Sampled: 1, RateLimited: 1}, settled(t, host, 10).Books)
	r.stop()
}

// TestFailing says since when, and why.
func TestFailing(t *testing.T) {
	mended := make(chan struct{})
	r, host := startWatched(t, fast(t.TempDir()), func(context.Context, plog.Logs) error {
		select {
		case <-mended:
			return nil
		default:
			return errors.New("connection refused by token=secret")
		}
	})
	r.post(0, 3)
	var got health.Destination
	require.Eventually(t, func() bool {
		got = host.registry.Destinations()[0]
		return got.Failed > 2
	}, eventuallyTimeout, eventuallyTick)
	assert.Equal(t, "retry", got.State)
	assert.NotContains(t, got.LastError, "secret")
	assert.Contains(t, got.LastError, "connection refused")
	assert.WithinDuration(t, time.Now(), *got.FailingSince, time.Minute)
	assert.False(t, got.LastErrorAt.Before(*got.FailingSince))
	assert.NotNil(t, got.OldestQueued)
	assert.Nil(t, got.LastSuccess)
	assert.Equal(t, health.Books{Received: 3, Queued: 3}, got.Books)
	close(mended)
	got = settled(t, host, 3)
	assert.Nil(t, got.FailingSince)
	assert.Nil(t, got.OldestQueued)
	assert.Positive(t, got.Retried)
	r.stop()
}

// TestWellAgain is never said while what was taken still counts as queued.
func TestWellAgain(t *testing.T) {
	var refused bool
	r, host := startWatched(t, fast(t.TempDir()), func(context.Context, plog.Logs) error {
		refused = !refused
		if refused {
			return errors.New("not now")
		}
		return nil
	})
	for n := range 200 {
		before := host.registry.Destinations()[0].Failed
		r.post(n, n+1)
		for end := time.Now().Add(eventuallyTimeout); ; {
			got := host.registry.Destinations()[0]
			if got.Failed > before && got.FailingSince == nil {
				require.Zero(t, got.Books.Queued)
				break
			}
			require.True(t, time.Now().Before(end), "%+v", got)
		}
	}
	r.stop()
}

// TestJournalTellsTheCaller how many events are on the disk.
func TestJournalTellsTheCaller(t *testing.T) {
	r, _ := startWatched(t, fast(t.TempDir()), func(context.Context, plog.Logs) error { return nil })
	ctx, onTheWay := tally.New(t.Context())
	require.NoError(t, r.ConsumeLogs(ctx, siemtest.Decode(t, "", `{"event_type":"a"}{"event_type":"b"}`)))
	assert.EqualValues(t, 2, onTheWay.Journaled())
	r.stop()
}
