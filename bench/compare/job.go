// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// bench makes events and has contenders work at them.
type bench struct {
	options

	sources map[int]*source // by the number of events
}

// job is what contenders are measured at.
type job struct {
	title      string
	contenders []contender
	events     int
	// feed sends the events of a file to a process. Without one, processes read
	// the file themselves.
	feed func(ctx context.Context, p *process, in string) error
	// done waits until n events are through. Without one, that is when they are
	// in the output.
	done func(ctx context.Context, p *process, n int) error
	// keepsAll says that the contenders are set to drop nothing.
	keepsAll bool
	// unchecked says that the output is not in the contender's file.
	unchecked bool
}

// cost is what a contender took for a job, without its start and its end.
type cost struct {
	cpu   time.Duration
	start time.Duration // processor time of a start, one event, and the end
	peak  int64         // bytes of memory
}

// measure runs all contenders of a job so often as is asked for, in an order
// that changes from round to round, and returns the medians by their names. In
// the first round each output is read whole and compared; later ones are counted.
func (b *bench) measure(ctx context.Context, j job) (map[string]cost, error) {
	s, err := b.source(j.events)
	if err != nil {
		return nil, fmt.Errorf("making events: %w", err)
	}
	all := make(map[string][]cost)
	for round := range b.runs {
		for i := range j.contenders {
			c := j.contenders[(i+round)%len(j.contenders)]
			one, err := b.once(ctx, j, c, s, round == 0)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", j.title, c.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s, %s: %.2f s, start %.2f s, %d MB\n", j.title, c.name, one.cpu.Seconds(), one.start.Seconds(), one.peak>>20)
			all[c.name] = append(all[c.name], one)
		}
	}
	found := make(map[string]cost, len(all))
	for name, costs := range all {
		found[name] = medians(costs)
	}
	return found, nil
}

func medians(costs []cost) cost {
	return cost{
		cpu:   median(costs, func(c cost) time.Duration { return c.cpu }),
		start: median(costs, func(c cost) time.Duration { return c.start }),
		peak:  median(costs, func(c cost) int64 { return c.peak }),
	}
}

func median[N ~int64](costs []cost, of func(cost) N) N {
	var values []N
	for _, c := range costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// once measures a contender, and how much of that is its start and end.
func (b *bench) once(ctx context.Context, j job, c contender, s *source, whole bool) (cost, error) {
	n := len(s.kept)
	if j.keepsAll {
		n = s.events
	}
	check := func(p *process) error { return countLines(p.out, n) }
	switch {
	case c.program == bare, j.unchecked:
		check = func(*process) error { return nil }
	case whole && !j.keepsAll:
		check = func(p *process) error { return s.check(p.out) }
	}
	start, _, err := b.work(ctx, j, c, s.one, 1, func(*process) error { return nil })
	if err != nil {
		return cost{}, fmt.Errorf("one event: %w", err)
	}
	cpu, peak, err := b.work(ctx, j, c, s.path, n, check)
	return cost{cpu: cpu - start, start: start, peak: peak}, err
}

// work has a contender take the events of a file, of which n come out.
func (b *bench) work(ctx context.Context, j job, c contender, in string, n int, check func(*process) error) (cpu time.Duration, peak int64, err error) {
	p, err := b.start(c, in)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if j.feed != nil {
		if err := p.listening(ctx); err != nil {
			return 0, 0, err
		}
		if err := j.feed(ctx, p, in); err != nil {
			return 0, 0, p.failed(err)
		}
	}
	switch {
	case c.program == bare: // what is answered is done
	case j.done != nil:
		err = j.done(ctx, p, n)
	default:
		err = awaitLines(ctx, p, n)
	}
	if err != nil {
		return 0, 0, err
	}
	if cpu, peak, err = p.stop(); err != nil {
		return 0, 0, err
	}
	return cpu, peak, check(p)
}

// awaitLines waits until the output has n lines.
func awaitLines(ctx context.Context, p *process, n int) error {
	var f *os.File
	defer func() { _ = f.Close() }() // it may never have been opened
	lines, buf, progress := 0, make([]byte, 1<<20), time.Now()
	for lines < n {
		if f == nil {
			f, _ = os.Open(p.out) // it may not be there yet
		}
		read := 0
		if f != nil {
			var err error
			if read, err = f.Read(buf); err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			lines += bytes.Count(buf[:read], []byte("\n"))
		}
		if read > 0 {
			progress = time.Now()
			continue
		}
		if time.Since(progress) > stall {
			return p.failed(fmt.Errorf("found %d lines after %s without progress, expected %d", lines, stall, n))
		}
		if err := p.sleep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// countLines checks that an output has n lines.
func countLines(path string, n int) error {
	f, err := os.Open(path) //nolint:gosec // a file of ours
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	lines, buf := 0, make([]byte, 1<<20)
	for {
		read, err := f.Read(buf)
		lines += bytes.Count(buf[:read], []byte("\n"))
		switch {
		case errors.Is(err, io.EOF) && lines == n:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("found %d lines, expected %d", lines, n)
		case err != nil:
			return err
		}
	}
}
