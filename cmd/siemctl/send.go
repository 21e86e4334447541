// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventgen"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

func newSend(env lookupEnv) *cobra.Command {
	var (
		to    target
		count int
		seed  uint64
		types []string
		test  bool
	)
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send made-up events of MockForge's types to the collector",
		Long: `Send made-up events of MockForge's types to the collector.

Each is marked with "test": true unless --test=false is given. Each has an id
that no other has; the same --seed makes the same events, with the same ids, at
the time of sending. While the collector answers 429 or 503, it is waited for.
The exit code is 1 when any event was refused or not sent.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			picked, err := pickTypes(types)
			if err != nil {
				return err
			}
			if count < 0 {
				return fmt.Errorf("--count: found %d, expected at least 1, or 0 for one of each type", count)
			}
			if count == 0 {
				count = len(picked)
			}
			if !cmd.Flags().Changed("seed") {
				seed = rand.Uint64() //nolint:gosec // to make other events each time
			}
			p, err := to.open(cmd.Context(), env)
			if err != nil {
				return err
			}
			defer p.close()
			s := sending{
				poster: p, count: count, test: test,
				events: eventgen.New(eventgen.Options{Seed: seed, Types: picked}),
			}
			return s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	to.addFlags(cmd)
	cmd.Flags().IntVarP(&count, "count", "n", 0, "how many events; 0 for one of each type")
	cmd.Flags().StringArrayVar(&types, "type", nil, "an event type, or a glob such as 'auth.*'; may be given again; all by default")
	cmd.Flags().Uint64Var(&seed, "seed", 0, "makes the same events again; another one each time by default")
	cmd.Flags().BoolVar(&test, "test", true, `mark the events with "test": true, so that alerts of them are marked too`)
	return cmd
}

// pickTypes finds the types of the catalogue that a pattern matches, in the order
// of the catalogue.
func pickTypes(patterns []string) ([]event.Type, error) {
	if len(patterns) == 0 {
		return event.Catalogue(), nil
	}
	wanted := make(map[string]bool)
	for _, pattern := range patterns {
		glob, err := condition.ParseGlob(pattern)
		if err != nil {
			return nil, fmt.Errorf("--type: %w", err)
		}
		known := false
		for _, t := range event.Catalogue() {
			if glob.Match(t.Name) {
				wanted[t.Name], known = true, true
			}
		}
		if !known {
			return nil, fmt.Errorf("--type: found %q, which matches none of the types that siemctl catalogue lists", pattern)
		}
	}
	return slices.DeleteFunc(event.Catalogue(), func(t event.Type) bool { return !wanted[t.Name] }), nil
}

// sending is one run of siemctl send.
type sending struct {
	*poster
	events *eventgen.Generator
	count  int
	test   bool

	tally
}

// run sends, and says how it went also when it was interrupted.
func (s *sending) run(ctx context.Context, out, errs io.Writer) error {
	bar := newProgress(errs, int64(s.count), "sending", false)
	s.waited = func(answer *httpsend.Error, wait time.Duration) { bar.say(fmt.Sprintf("%v; waiting %s", answer, wait)) }
	s.begin()
	err := s.sendAll(ctx, bar)
	bar.end()
	return s.report(out, s.requests, err)
}

func (s *sending) sendAll(ctx context.Context, bar *progress) error {
	for left := s.count; left > 0; {
		n := min(left, s.batch)
		batch := make([][]byte, n)
		for i := range batch {
			batch[i] = s.next()
		}
		err := s.post(ctx, batch)
		switch {
		case err == nil:
			s.accepted += n
		case refused(err):
			s.refuse(n, err)
		default:
			return err
		}
		left -= n
		bar.add(int64(n))
	}
	return nil
}

func (s *sending) next() []byte {
	text := s.events.Next()
	if s.test {
		text = append(text[:len(text)-1], `,"test":true}`...)
	}
	return text
}

// tally counts what became of events.
type tally struct {
	began             time.Time
	accepted, refused int
	first             error // of those refused
}

func (t *tally) begin() { t.began = time.Now() }

func (t *tally) refuse(n int, err error) {
	t.refused += n
	if t.first == nil {
		t.first = err
	}
}

// report says how it went. stopped is why not all events were sent, if so.
func (t *tally) report(out io.Writer, requests int, stopped error) error {
	took := time.Since(t.began)
	_, err := fmt.Fprintf(out, "sent %d events in %d requests: %d accepted, %d refused; %.0f events/s\n",
		t.accepted+t.refused, requests, t.accepted, t.refused, float64(t.accepted)/max(took.Seconds(), 1e-3))
	switch {
	case errors.Is(stopped, context.Canceled):
		return errors.Join(errors.New("interrupted"), err)
	case stopped != nil:
		return errors.Join(stopped, err)
	case t.refused > 0:
		return errors.Join(fmt.Errorf("%d events were refused, the first with: %w", t.refused, t.first), err)
	}
	return err
}
