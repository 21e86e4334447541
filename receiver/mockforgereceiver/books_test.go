// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/health"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
)

// TestBooks of a way in: what one attempt dropped counts only when it is taken.
func TestBooks(t *testing.T) {
	answers := []error{
		errors.New("not now"),
		nil,
		consumererror.NewPermanent(errors.New("never")),
	}
	low := tally.Rule{Kind: tally.Filtered, Component: "siem_filter", Text: "exclude: severity:low"}
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		tally.From(ctx).Drop(low, 2)
		tally.From(ctx).Journal(1)
		answer := answers[0]
		answers = answers[1:]
		return answer
	})
	require.NoError(t, err)
	set := receivertest.NewNopSettings(metadata.Type)
	set.ID = component.NewIDWithName(metadata.Type, "in")
	r, err := newReceiver(createDefaultConfig().(*Config), set, next)
	require.NoError(t, err)
	in, err := r.newIntake("file", "file", "jsonl", 0)
	require.NoError(t, err)

	require.NoError(t, in.push(t.Context(), batchOf(t, in, `{"event_type":"a"}{"event_type":"b"}{"event_type":"c"}`)))
	require.Error(t, in.consume(t.Context(), batchOf(t, in, `{"event_type":"a"}{"event_type":"b"}`)))
	in.refused(t.Context(), "syntax")
	want := health.Intake{
		Receiver: "mockforge/in", Protocol: "file", Accepted: 3, Refused: 2, RefusedRequests: 1, Journaled: 1,
		Dropped: map[string]uint64{"siem_filter: exclude: severity:low": 2},
	}
	assert.Equal(t, []health.Intake{want}, r.intakes())
	assert.Zero(t, want.Unaccounted())
}

func batchOf(t *testing.T, in *intake, events string) *eventlog.Batch {
	t.Helper()
	b := in.decoder.NewBatch(time.Now())
	require.NoError(t, b.AddAll([]byte(events)))
	return b
}
