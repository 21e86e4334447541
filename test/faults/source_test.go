// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"sync"
	"testing"
	"time"
)

// pace is how long a source rests between two sends.
const pace = 40 * time.Millisecond

// pause is how long it takes that everything has gone its way on a machine that
// is not idle.
const pause = 500 * time.Millisecond

// source numbers events and sends them, in order, until it is stopped. What it
// has begun to send it brings to an end: it sends it again until that is
// acknowledged.
type source struct {
	name   string
	size   int // events at once
	ledger *ledger
	// send makes one attempt: it says how many events went out, and how many of
	// them, from the first on, are acknowledged. It waits itself where it is told
	// how long.
	send func(ctx context.Context, keys []key) (out, taken int)
}

// run sends until stop is closed. ctx ends it in any case.
func (s *source) run(ctx context.Context, stop <-chan struct{}) {
	for next := 0; ; next += s.size {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-time.After(pace):
		}
		keys := make([]key, s.size)
		for i := range keys {
			keys[i] = key{s.name, next + i}
		}
		for {
			out, taken := s.send(ctx, keys)
			s.ledger.send(keys[:out])
			s.ledger.acknowledge(keys[:taken])
			if keys = keys[taken:]; len(keys) == 0 {
				break
			}
			if !sleep(ctx, 20*time.Millisecond) {
				return
			}
		}
	}
}

// sleep returns false when ctx ended it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// sources are the senders of one run.
type sources struct {
	all    []*source
	posts  *httpSender
	stop   chan struct{}
	cancel context.CancelFunc
	wg     sync.WaitGroup
	once   sync.Once
}

// startSources begins to send over all protocols at once.
func startSources(t *testing.T, c *collector, l *ledger) *sources {
	t.Helper()
	posts := &httpSender{t: t, address: c.http()}
	file := newFileSender(t, c.input())
	s := &sources{
		stop: make(chan struct{}), posts: posts,
		all: []*source{
			{name: "http/batch", size: 20, send: posts.batch},
			{name: "http/single", size: 1, send: posts.single},
			{name: "syslog/octets", size: 20, send: (&syslogSender{c, octets}).send},
			{name: "syslog/unframed", size: 1, send: (&syslogSender{c, unframed}).send},
			{name: "file/lines", size: 20, send: file.write},
		},
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancel(context.Background())
	for _, one := range s.all {
		one.ledger = l
		s.wg.Go(func() { one.run(ctx, s.stop) })
	}
	t.Cleanup(func() {
		s.cancel()
		s.end()
		file.close()
	})
	return s
}

// end lets the sources bring to an end what they have begun.
func (s *sources) end() {
	s.once.Do(func() { close(s.stop) })
	s.wg.Wait()
}
