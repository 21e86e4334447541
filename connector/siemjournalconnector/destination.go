// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/journal"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// destination delivers what is behind its cursor to one pipeline.
type destination struct {
	name        string
	cfg         *Config
	parallelism int
	journal     *journal.Journal
	cursors     *cursors
	recent      *recent
	next        consumer.Logs
	logger      *zap.Logger
	counted     func(context.Context, httpsend.Outcome)
	letters     *deadLetters
	watches     watches

	mu       sync.Mutex
	progress *progress
	state    state
	restart  context.CancelFunc // ends the deliveries under way
}

// gatherTime is how long a destination that has nothing to do lets events come
// together: a request for every few of them would cost more than the events.
const gatherTime = 10 * time.Millisecond

// event is one payload of a batch.
type event struct {
	seq     uint64
	time    time.Time
	payload []byte
}

// run delivers until ctx ends, anew from another position whenever it is set.
func (d *destination) run(ctx context.Context) {
	for ctx.Err() == nil {
		epoch, cancel := context.WithCancel(ctx)
		d.mu.Lock()
		cur, _ := d.cursors.get(d.name)
		d.progress = newProgress(d.name, d.cursors, &d.watches, cur.Position)
		d.restart = cancel
		d.mu.Unlock()
		d.deliverFrom(epoch, cur.Position)
		cancel()
	}
}

// setPosition makes the destination go on from a position. Its cursor is there
// at once: what is under way moves it no more.
func (d *destination) setPosition(position uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.progress != nil {
		d.progress.stop()
	}
	d.cursors.update(d.name, func(c *cursor) { *c = cursor{Position: position, Began: position} })
	if d.restart != nil {
		d.restart()
	}
}

// deliverFrom reads batches in order and delivers as many at once as the
// settings allow: one, unless they say otherwise.
func (d *destination) deliverFrom(ctx context.Context, position uint64) {
	reader := d.journal.NewReader(position)
	defer func() { _ = reader.Close() }() // it was only read
	if first := reader.Seq(); first > position {
		d.lost(&journal.DamageError{From: position, To: first - 1})
	}
	slots := make(chan struct{}, d.parallelism)
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		b, err := d.read(reader)
		if b != nil {
			d.progress.begin(b.end(), b.first().time)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			wg.Go(func() {
				d.deliver(ctx, b)
				<-slots
			})
		}
		if err != nil {
			d.behind(ctx, reader, err)
		}
	}
}

// behind deals with what a reader found behind a batch.
func (d *destination) behind(ctx context.Context, reader *journal.Reader, err error) {
	var damage *journal.DamageError
	switch {
	case errors.Is(err, io.EOF):
		if waitErr := d.journal.Wait(ctx, reader.Seq()); errors.Is(waitErr, journal.ErrClosed) {
			<-ctx.Done()
		}
		sleep(ctx, gatherTime)
	case errors.As(err, &damage):
		d.lost(damage)
	default:
		d.logger.Error("the journal cannot be read", zap.String("destination", d.name), zap.Error(err))
		sleep(ctx, d.cfg.Retry.InitialInterval)
	}
}

// read fills a batch, or takes one that another destination has read; nil when
// there is none. An error belongs behind the batch.
func (d *destination) read(reader *journal.Reader) (*batch, error) {
	if b := d.recent.get(d.name, reader.Seq()); b != nil {
		reader.Skip(b.end())
		return b, nil
	}
	b := &batch{shared: true}
	var err error
	for bytes := 0; len(b.events) < d.cfg.Batch.MaxEvents && bytes < d.cfg.Batch.MaxBytes; {
		if len(b.events) > 0 && d.recent.begins(reader.Seq()) {
			break
		}
		var entry journal.Entry
		if entry, err = reader.Next(); err != nil {
			break
		}
		// The reader uses its buffer again.
		b.events = append(b.events, event{seq: entry.Seq, time: entry.Time, payload: append([]byte(nil), entry.Payload...)})
		b.shared = b.shared && !isAddressed(entry.Payload)
		bytes += len(entry.Payload)
	}
	if len(b.events) == 0 {
		return nil, err
	}
	d.share(b, err)
	return b, err
}

// share decodes a batch for all destinations. One with damage behind it is not
// shared: each has to find that by itself.
func (d *destination) share(b *batch, err error) {
	if !b.shared || err != nil && !errors.Is(err, io.EOF) {
		b.shared = false
		return
	}
	logs, decodeErr := decode(d.mine(b))
	if decodeErr != nil {
		b.shared = false // delivering it finds the one at fault
		return
	}
	logs.MarkReadOnly()
	b.logs = logs
	d.recent.put(d.name, b)
}

// lost counts what damage took.
func (d *destination) lost(damage *journal.DamageError) {
	d.logger.Error("events are lost to damage of the journal", zap.String("destination", d.name), zap.Error(damage),
		zap.Uint64("from", damage.From), zap.Uint64("to", damage.To))
	d.progress.complete(span{from: damage.From, to: damage.To + 1, damaged: damage.Count()})
}

// deliver makes attempts until each event of a batch is taken or buried, or ctx
// ends. Of a batch that is refused for good the halves are tried by themselves,
// until the event at fault stands alone.
func (d *destination) deliver(ctx context.Context, b *batch) {
	backoff := newBackoff(d.cfg.Retry)
	for again := false; ctx.Err() == nil; again = true {
		finish, cancel := finishing(ctx)
		attempt, onTheWay := tally.New(finish)
		mine, err := d.attempt(attempt, b)
		cancel()
		if rest := d.begun(b, mine, err); rest != nil {
			b = rest
			backoff.Reset()
		}
		if err != nil && ctx.Err() != nil {
			return
		}
		v := classify(err)
		d.counted(ctx, v.outcome)
		var done span
		if v.outcome == httpsend.Delivered {
			done = taken(b, mine, onTheWay)
		}
		d.report(v, err, again, done)
		switch v.outcome {
		case httpsend.Delivered:
			return
		case httpsend.Refused:
			if half := len(b.events) / 2; half > 0 {
				d.deliver(ctx, &batch{events: b.events[:half]})
				d.deliver(ctx, &batch{events: b.events[half:]})
				return
			}
			if d.bury(b.first(), v, err) == nil {
				return
			}
			sleep(ctx, backoff.NextBackOff())
		case httpsend.Held:
			sleep(ctx, d.cfg.HoldInterval)
		case httpsend.Retry:
			sleep(ctx, max(v.after, backoff.NextBackOff()))
		}
	}
}

// taken is the span of a batch of which an exporter has what no rule dropped.
func taken(b *batch, mine int, onTheWay *tally.Tally) span {
	s := span{from: b.first().seq, to: b.end(), delivered: uint64(mine), others: uint64(len(b.events) - mine)}
	for rule, n := range onTheWay.Dropped() {
		n = min(n, s.delivered) // where ways part behind the journal, each may drop the same event
		s.delivered -= n
		switch rule.Kind {
		case tally.Filtered:
			s.filtered += n
		case tally.Sampled:
			s.sampled += n
		case tally.RateLimited:
			s.rateLimited += n
		}
	}
	return s
}

// begun is done with the events of a batch that were taken before an exporter
// got an error, and returns the others; nil when none was taken. Processors on
// the way may have dropped records, so that fewer came to the exporter: then
// the first events are among those that were taken or dropped. Where more came
// than there are, their order says nothing.
func (d *destination) begun(b *batch, mine int, err error) *batch {
	partial, ok := alone[*httpsend.Partial](err)
	if !ok || partial.Sent <= 0 || partial.Sent >= mine || partial.Of > mine {
		return nil
	}
	next := 0
	for left := partial.Sent; left > 0; next++ {
		if _, mine := unaddress(d.name, b.events[next].payload); mine {
			left--
		}
	}
	d.progress.complete(span{
		from: b.first().seq, to: b.events[next].seq,
		delivered: uint64(partial.Sent), others: uint64(next - partial.Sent),
	})
	return &batch{events: b.events[next:]}
}

// attempt sends a batch and returns how many of its events are for this
// destination.
func (d *destination) attempt(ctx context.Context, b *batch) (int, error) {
	if b.shared {
		logs := b.logs
		if d.next.Capabilities().MutatesData {
			logs = plog.NewLogs()
			b.logs.CopyTo(logs)
		}
		return len(b.events), d.next.ConsumeLogs(ctx, logs)
	}
	payloads := d.mine(b)
	if len(payloads) == 0 {
		return 0, nil
	}
	logs, err := decode(payloads)
	if err != nil {
		return 0, consumererror.NewPermanent(err)
	}
	return len(payloads), d.next.ConsumeLogs(ctx, logs)
}

// mine returns the payloads that are for this destination.
func (d *destination) mine(b *batch) [][]byte {
	payloads := make([][]byte, 0, len(b.events))
	for _, e := range b.events {
		if payload, mine := unaddress(d.name, e.payload); mine {
			payloads = append(payloads, payload)
		}
	}
	return payloads
}

// bury writes a dead letter, and only then is done with the event.
func (d *destination) bury(e event, v verdict, answer error) error {
	record, _ := unaddress(d.name, e.payload)
	err := d.letters.bury(deadLetter{
		Time: time.Now().UTC(), Destination: d.name, Position: e.seq, Reason: words(answer), Status: v.status, Record: record,
	})
	if err != nil {
		d.logger.Error("an event that was refused for good cannot be put aside; it is tried again", zap.String("destination", d.name), zap.Error(err))
		return err
	}
	d.progress.complete(span{from: e.seq, to: e.seq + 1, deadLettered: 1})
	return nil
}

func sleep(ctx context.Context, t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
