// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

func newReplay(env lookupEnv) *cobra.Command {
	var (
		to  target
		run replaying
	)
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Send the events of an archive, or of dead letters, to the collector again",
		Long: `Send the events of an archive, or of dead letters, to the collector again.

A FILE is what the exporter jsonl_file writes, rotated and compressed or not, or a
dead-letter file of siem_journal. Its events go the way of all events: they are
tagged and filtered again, and EVERY destination gets them again. Events with an
event_id keep it, so that a destination can drop those it has; others get a new id.

To bring events again to one destination alone, ask the journal, which still
has them: see its README, "See and replay".

  curl -X POST 'localhost:8766/dead-letters?destination=logs/file'
  curl -X POST 'localhost:8766/cursors?destination=logs/file' -d '{"time":"2025-01-27T10:30:00Z"}'

An event that the collector refuses ends the replay with its file, line and the
collector's answer, unless --skip-refused is given. Whatever ends it, the line to
go on from is printed. While the collector answers 429 or 503, it is waited for.
The exit code is 1 when any event was refused or not sent.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if run.fromLine < 1 {
				return fmt.Errorf("--from-line: found %d, expected at least 1", run.fromLine)
			}
			var err error
			if run.poster, err = to.open(cmd.Context(), env); err != nil {
				return err
			}
			defer run.close()
			return run.run(cmd.Context(), files, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	to.addFlags(cmd)
	cmd.Flags().IntVar(&run.fromLine, "from-line", 1, "line of the first FILE to begin with")
	cmd.Flags().BoolVar(&run.skipRefused, "skip-refused", false, "go on behind events that are refused, and count them")
	cmd.Flags().StringVar(&run.destination, "destination", "", "only dead letters of this pipeline, such as logs/file")
	return cmd
}

// replaying is one run of siemctl replay.
type replaying struct {
	*poster
	fromLine    int
	skipRefused bool
	destination string

	bar   *progress
	batch []line
	next  line // where to go on
	tally
}

func (r *replaying) run(ctx context.Context, files []string, out, errs io.Writer) error {
	sizes, total, err := sizesOf(files)
	if err != nil {
		return err
	}
	r.bar = newProgress(errs, total, "replaying", true)
	r.waited = func(answer *httpsend.Error, wait time.Duration) {
		r.bar.say(fmt.Sprintf("%v; waiting %s", answer, wait))
	}
	r.begin()
	for i, name := range files {
		if err = r.replay(ctx, name, sizes[i], i == 0); err != nil {
			break
		}
	}
	r.bar.end()
	if err != nil && r.next.file != "" {
		err = fmt.Errorf("%w\ngo on at %s: --from-line %d", err, r.next.place(), r.next.number)
	}
	return r.report(out, r.requests, err)
}

// sizesOf returns how far the files go. They are read no further: the collector that
// is sent to may be the one that writes them, and would be fed with its own output
// for ever.
func sizesOf(files []string) (sizes []int64, total int64, err error) {
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			return nil, 0, err
		}
		sizes = append(sizes, info.Size())
		total += info.Size()
	}
	return sizes, total, nil
}

// replay sends one file of a size.
func (r *replaying) replay(ctx context.Context, name string, size int64, first bool) (err error) {
	f, err := openLines(name, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	done := int64(0)
	for {
		l, err := f.next()
		if err != nil && !errors.Is(err, io.EOF) {
			r.next = line{file: name, number: f.number + 1}
			return errors.Join(r.flush(ctx), err)
		}
		if err == nil && (!first || l.number >= r.fromLine) {
			if e := r.take(ctx, l); e != nil {
				return e
			}
		}
		if errors.Is(err, io.EOF) || len(r.batch) == r.poster.batch {
			if e := r.flush(ctx); e != nil {
				return e
			}
			r.bar.add(f.on.n - done)
			done = f.on.n
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// take puts the event of a line into the batch.
func (r *replaying) take(ctx context.Context, l line) error {
	event, destination, err := eventOf(l.event)
	if err != nil {
		// What is before it comes before it.
		if e := r.flush(ctx); e != nil {
			return e
		}
		return r.refuseLine(&l, err)
	}
	if r.destination != "" && destination != r.destination {
		return nil
	}
	l.event = event
	r.batch = append(r.batch, l)
	return nil
}

// flush sends the batch.
func (r *replaying) flush(ctx context.Context) error {
	batch := r.batch
	r.batch = r.batch[:0]
	return r.send(ctx, batch)
}

// send halves what is refused until the event at fault stands alone, so that
// all before it are taken.
func (r *replaying) send(ctx context.Context, batch []line) error {
	if len(batch) == 0 {
		return nil
	}
	events := make([][]byte, len(batch))
	for i := range batch {
		events[i] = batch[i].event
	}
	err := r.post(ctx, events)
	switch {
	case err == nil:
		r.accepted += len(batch)
		return nil
	case !refused(err):
		r.next = batch[0]
		return err
	case len(batch) == 1:
		return r.refuseLine(&batch[0], err)
	}
	half := len(batch) / 2
	if err := r.send(ctx, batch[:half]); err != nil {
		return err
	}
	return r.send(ctx, batch[half:])
}

func (r *replaying) refuseLine(l *line, err error) error {
	err = fmt.Errorf("%s: %w", l.place(), err)
	r.refuse(1, err)
	if r.skipRefused {
		r.bar.say(err.Error())
		return nil
	}
	r.next = *l
	return err
}
