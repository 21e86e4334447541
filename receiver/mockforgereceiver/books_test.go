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

// TestBooksOfARetry: a filter takes events out of the batch, and the journal
// behind it is full for a time. What the filter took is not offered again.
func TestBooksOfARetry(t *testing.T) {
	answers := []error{errors.New("full"), errors.New("full"), nil, errors.New("full"), consumererror.NewPermanent(errors.New("never"))}
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(record plog.LogRecord) bool {
			low := record.EventName() == "low"
			if low {
				tally.From(ctx).Drop(tally.Rule{Kind: tally.Filtered, Component: "siem_filter", Text: "exclude: low"}, 1)
			}
			return low
		})
		answer := answers[0]
		answers = answers[1:]
		if answer == nil {
			tally.From(ctx).Journal(uint64(logs.LogRecordCount()))
		}
		return answer
	}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
	require.NoError(t, err)
	r, err := newReceiver(createDefaultConfig().(*Config), receivertest.NewNopSettings(metadata.Type), next)
	require.NoError(t, err)
	in, err := r.newIntake("file", "file", "jsonl", 0)
	require.NoError(t, err)

	require.NoError(t, in.push(t.Context(), batchOf(t, in, `{"event_type":"a"}{"event_type":"low"}{"event_type":"low"}`)))
	require.Error(t, in.push(t.Context(), batchOf(t, in, `{"event_type":"a"}{"event_type":"low"}`)))
	got := r.intakes()[0]
	assert.EqualValues(t, 1, got.Journaled)
	assert.EqualValues(t, 4, got.Accepted)
	assert.EqualValues(t, 1, got.Refused)
	assert.Equal(t, map[string]uint64{"siem_filter: exclude: low": 3}, got.Dropped)
	assert.Zero(t, got.Unaccounted())
}
