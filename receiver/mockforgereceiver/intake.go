// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
)

// intake is where each way in hands its events to the pipeline.
type intake struct {
	decoder   *eventlog.Decoder
	next      consumer.Logs
	obs       *receiverhelper.ObsReport
	telemetry *metadata.TelemetryBuilder
	logger    *zap.Logger
	format    string // of what comes in, for the Collector's own telemetry
	keepText  bool   // makes records of text that holds no event
	books     *books
	early     early
	stuck     atomic.Bool // the pipeline could not take what was pushed last
}

func (r *mockforgeReceiver) newIntake(protocol, transport, format string, maxEvents int) (*intake, error) {
	obs, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: r.settings.ID, Transport: transport, ReceiverCreateSettings: r.settings,
	})
	if err != nil {
		return nil, err
	}
	books := &books{protocol: protocol}
	r.books = append(r.books, books)
	return &intake{
		decoder: eventlog.NewDecoder(eventlog.Options{
			MaxEventSize:      r.cfg.MaxEventSize,
			MaxEvents:         maxEvents,
			Environment:       r.cfg.Environment,
			RedactCredentials: r.cfg.RedactCredentials,
			AssignUIDs:        true,
			Early:             r.early.judge,
		}),
		next: r.next, obs: obs, telemetry: r.telemetry, logger: r.settings.Logger,
		format: format, keepText: r.cfg.OnParseError == OnParseErrorKeep, books: books, early: r.early,
	}, nil
}

// consume offers a batch to the pipeline once, for senders that can be told to
// try again.
func (in *intake) consume(ctx context.Context, batch *eventlog.Batch) error {
	if batch.Taken() == 0 {
		return nil
	}
	ctx = in.obs.StartLogsOp(ctx)
	_, err := in.offer(ctx, batch, batch.Len())
	in.obs.EndLogsOp(ctx, in.format, batch.Taken(), err)
	if err == nil {
		in.warned(ctx, batch)
	} else {
		in.books.refuse(batch.Taken())
	}
	return err
}

// offer hands a batch of n events to the pipeline, and counts them when it takes
// them. Then the batch is the pipeline's. Otherwise it returns what was dropped.
func (in *intake) offer(ctx context.Context, batch *eventlog.Batch, n int) (*tally.Tally, error) {
	ctx, onTheWay := tally.New(ctx)
	if batch.Len() > 0 {
		if err := in.next.ConsumeLogs(ctx, batch.Logs()); err != nil {
			return onTheWay, err
		}
	}
	in.filtered(ctx, batch, onTheWay)
	in.books.accept(n+batch.Taken()-batch.Len(), onTheWay)
	onTheWay.Settle()
	return onTheWay, nil
}

// The spacing of attempts to hand events to a pipeline that cannot take them.
const (
	minPushInterval = 10 * time.Millisecond
	maxPushInterval = time.Second
)

// push offers a batch to the pipeline until it is taken or refused for good, or
// ctx ends: for senders that cannot be told to try again.
func (in *intake) push(ctx context.Context, batch *eventlog.Batch) error {
	if batch.Taken() == 0 {
		return nil
	}
	interval := backoff.ExponentialBackOff{InitialInterval: minPushInterval, MaxInterval: maxPushInterval, Multiplier: 2, RandomizationFactor: 0.2}
	opCtx := in.obs.StartLogsOp(ctx)
	left := batch.Len()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		onTheWay, err := in.offer(opCtx, batch, left)
		if err != nil {
			left -= in.gone(batch, left, onTheWay)
		}
		permanent := consumererror.IsPermanent(err)
		in.stuck.Store(err != nil && !permanent)
		if permanent {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(&interval), backoff.WithMaxElapsedTime(0), backoff.WithNotify(in.waiting()))
	in.obs.EndLogsOp(opCtx, in.format, batch.Taken(), err)
	if err != nil {
		in.books.refuse(left)
		err = fmt.Errorf("handing %d events to the pipeline: %w", left, err)
		in.logger.Error("events are lost, unless their sender still has them", zap.Error(err))
		return err
	}
	in.warned(ctx, batch)
	return nil
}

// gone counts what a filter took out of a batch at an attempt that failed: the
// next one does not offer it again.
func (in *intake) gone(batch *eventlog.Batch, before int, onTheWay *tally.Tally) int {
	n := max(0, before-batch.Logs().LogRecordCount())
	if n > 0 {
		in.books.drop(n, onTheWay)
	}
	return n
}

// waiting tells once a batch that the pipeline cannot take it.
func (in *intake) waiting() backoff.Notify {
	told := false
	return func(err error, _ time.Duration) {
		if !told {
			in.logger.Warn("the pipeline cannot take events; they wait", zap.Error(err))
		}
		told = true
	}
}

func (in *intake) warned(ctx context.Context, batch *eventlog.Batch) {
	for word, n := range batch.Warnings() {
		in.telemetry.ReceiverMockforgeWarnings.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(attribute.String("warning", word))))
	}
}

// refused counts a request that is at fault.
func (in *intake) refused(ctx context.Context, reason string) {
	in.books.refuseRequest()
	in.telemetry.ReceiverMockforgeRefusedRequests.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", reason))))
}

// unparsed keeps or drops text that holds no event, and counts it.
func (in *intake) unparsed(ctx context.Context, batch *eventlog.Batch, text string, err error) (record plog.LogRecord, kept bool) {
	in.telemetry.ReceiverMockforgeUnparsed.Add(ctx, 1, metric.WithAttributeSet(attribute.NewSet(
		attribute.String("reason", reasonOf(err)), attribute.Bool("kept", in.keepText))))
	if !in.keepText {
		return record, false
	}
	return batch.AddUnparsed(text, err), true
}

// reasonOf returns the class of a refusal, from the list in metadata.yaml.
func reasonOf(err error) string {
	var refused *eventlog.Error
	var text *textError
	switch {
	case errors.As(err, &refused):
		return string(refused.Reason)
	case errors.As(err, &text):
		return text.reason
	default:
		return "unparsed"
	}
}

// textError says why a text is no event, where it is not its JSON.
type textError struct {
	reason string // from the list in metadata.yaml
	text   string
}

func (e *textError) Error() string { return e.text }

func notEvent(reason, format string, args ...any) error {
	return &textError{reason: reason, text: fmt.Sprintf(format, args...)}
}
