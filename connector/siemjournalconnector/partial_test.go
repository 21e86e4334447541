// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// oneByOne is a destination that gets one event in a request.
type oneByOne struct {
	mu     sync.Mutex
	drop   func(n int) bool          // before the exporter, as a filter does
	answer func(n, asked int) int    // status for an event
	report func(p *httpsend.Partial) // changes what is reported
	taken  []int
	asked  int
}

func (s *oneByOne) consume(_ context.Context, logs plog.Logs) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent, of := 0, 0
	var failed *httpsend.Error
	for _, rl := range logs.ResourceLogs().All() {
		for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
			member, _ := eventlog.Member(record.Body(), "n")
			n := int(member.Int())
			if s.drop != nil && s.drop(n) {
				continue
			}
			of++
			if failed != nil {
				continue
			}
			s.asked++
			if status := s.answer(n, s.asked); httpsend.OutcomeOf(status) != httpsend.Delivered {
				failed = &httpsend.Error{Status: status, Reason: "says the destination"}
				continue
			}
			s.taken = append(s.taken, n)
			sent++
		}
	}
	if failed == nil {
		return nil
	}
	p := &httpsend.Partial{Sent: sent, Of: of, Err: failed.Wrap()}
	if s.report != nil {
		s.report(p)
	}
	return p
}

func (s *oneByOne) got() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int(nil), s.taken...)
}

func startOneByOne(t *testing.T, dir string, s *oneByOne) *run {
	t.Helper()
	next, err := consumer.NewLogs(s.consume)
	require.NoError(t, err)
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), fast(dir),
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{pipeline.NewIDWithName(pipeline.SignalLogs, "x"): next}))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	return &run{Logs: c, t: t}
}

// TestPartial: what was taken of a batch is not sent again, and the books
// balance, whether the rest is tried again, held or refused.
func TestPartial(t *testing.T) {
	for name, status := range map[string]int{"retry": 503, "held": 401} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := &oneByOne{answer: func(_, asked int) int {
				if asked%3 == 0 {
					return status
				}
				return 200
			}}
			r := startOneByOne(t, dir, s)
			r.post(0, 50)
			require.Eventually(t, func() bool { return len(s.got()) >= 50 }, eventuallyTimeout, eventuallyTick)
			r.stop()
			assert.ElementsMatch(t, numbers(0, 50), s.got(), "each once")
			assertCursor(t, dir, cursor{Position: 50, Delivered: 50})
		})
	}
}

func assertCursor(t *testing.T, dir string, want cursor) {
	t.Helper()
	saved, err := loadCursors(dir)
	require.NoError(t, err)
	cur, _ := saved.get("logs/x")
	assert.Equal(t, want, cur)
}

// TestPartialPoison: only the event at fault becomes a dead letter, with the
// destination's status and words, and the others arrive once.
func TestPartialPoison(t *testing.T) {
	dir := t.TempDir()
	s := &oneByOne{answer: func(n, _ int) int {
		if n == 23 || n == 24 {
			return 422
		}
		return 202
	}}
	r := startOneByOne(t, dir, s)
	r.post(0, 50)
	require.Eventually(t, func() bool { return len(s.got()) >= 48 }, eventuallyTimeout, eventuallyTick)
	r.stop()
	assert.ElementsMatch(t, append(numbers(0, 23), numbers(25, 50)...), s.got())
	assertCursor(t, dir, cursor{Position: 50, Delivered: 48, DeadLettered: 2})
	data, err := os.ReadFile(newDeadLetters(dir, "logs/x").path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	require.Len(t, lines, 2)
	var l deadLetter
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &l))
	assert.Equal(t, 422, l.Status)
	assert.Equal(t, "HTTP 422: says the destination", l.Reason)
}

// TestPartialBehindProcessors: counts that cannot be of this batch are not
// believed. Events may then come twice, but none is lost.
func TestPartialBehindProcessors(t *testing.T) {
	for name, s := range map[string]*oneByOne{
		"filtered":  {drop: func(n int) bool { return n%5 == 0 }},
		"more":      {report: func(p *httpsend.Partial) { p.Of = 1000 }},
		"too many":  {report: func(p *httpsend.Partial) { p.Sent = 50 }},
		"negative":  {report: func(p *httpsend.Partial) { p.Sent = -1 }},
		"no size":   {report: func(p *httpsend.Partial) { p.Of = 0 }},
		"from last": {report: func(p *httpsend.Partial) { p.Sent = max(0, p.Sent-2) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s.answer = func(_, asked int) int {
				if asked%20 == 0 && asked < 200 {
					return 503
				}
				return 200
			}
			r := startOneByOne(t, dir, s)
			r.post(0, 50)
			require.Eventually(t, func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				seen := make(map[int]bool)
				for _, n := range s.taken {
					seen[n] = true
				}
				for n := range 50 {
					if !seen[n] && (s.drop == nil || !s.drop(n)) {
						return false
					}
				}
				return true
			}, eventuallyTimeout, eventuallyTick)
			require.Eventually(t, func() bool {
				cur, _ := r.Logs.(*journalConnector).cursors.get("logs/x")
				return cur.Position == 50
			}, eventuallyTimeout, eventuallyTick)
			r.stop()
			assertCursor(t, dir, cursor{Position: 50, Delivered: 50})
		})
	}
}

// TestPartialAtShutdown: what was taken before the end is not sent again after
// a restart.
func TestPartialAtShutdown(t *testing.T) {
	dir := t.TempDir()
	s := &oneByOne{answer: func(_, asked int) int {
		if asked > 10 {
			return 503
		}
		return 200
	}}
	r := startOneByOne(t, dir, s)
	r.post(0, 30)
	require.Eventually(t, func() bool { return len(s.got()) == 10 }, eventuallyTimeout, eventuallyTick)
	r.stop()
	s.answer = func(int, int) int { return 200 }
	r = startOneByOne(t, dir, s)
	require.Eventually(t, func() bool { return len(s.got()) >= 30 }, eventuallyTimeout, eventuallyTick)
	r.stop()
	assert.ElementsMatch(t, numbers(0, 30), s.got())
}

// TestPartialOfAddressed: of a batch with events for another destination the
// right ones are done with.
func TestPartialOfAddressed(t *testing.T) {
	c := &cursors{byName: map[string]cursor{}}
	d := &destination{name: "logs/x", cursors: c, progress: newProgress("logs/x", c, new(watches), 7)}
	b := &batch{events: []event{
		{seq: 7, payload: address("logs/other", []byte{1})},
		{seq: 8, payload: []byte{1}},
		{seq: 9, payload: address("logs/other", []byte{1})},
		{seq: 10, payload: address("logs/x", []byte{1})},
		{seq: 11, payload: []byte{1}},
	}}
	rest := d.begun(b, 3, &httpsend.Partial{Sent: 2, Of: 3, Err: &httpsend.Error{Status: 503}})
	require.NotNil(t, rest)
	assert.Equal(t, uint64(11), rest.first().seq)
	cur, _ := c.get("logs/x")
	assert.Equal(t, cursor{Position: 11, Delivered: 2, Others: 2}, cur)
	assert.Nil(t, d.begun(rest, 1, &httpsend.Error{Status: 503}))
	for _, wrong := range []httpsend.Partial{{Sent: 1, Of: 4}, {Sent: 3, Of: 3}, {Sent: 0, Of: 3}, {Sent: -1, Of: 3}} {
		wrong.Err = &httpsend.Error{Status: 503}
		assert.Nil(t, d.begun(b, 3, &wrong), "%v", wrong)
		assert.Nil(t, d.begun(b, 3, errors.Join(&httpsend.Partial{Sent: 2, Of: 3, Err: wrong.Err}, errors.New("another exporter"))))
	}
}
