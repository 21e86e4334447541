// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// siem is a destination that keeps what it takes, in order.
type siem struct {
	mu     sync.Mutex
	answer func(ns []int) error // nil takes everything
	taken  []int
	asked  int
}

func (s *siem) consumer(t *testing.T) consumer.Logs {
	t.Helper()
	c, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		var ns []int
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				n, _ := eventlog.Member(record.Body(), "n")
				ns = append(ns, int(n.Int()))
			}
		}
		s.asked++
		if s.answer != nil {
			if err := s.answer(ns); err != nil {
				return err
			}
		}
		s.taken = append(s.taken, ns...)
		return nil
	})
	require.NoError(t, err)
	return c
}

// mend makes it take everything.
func (s *siem) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = nil
}

func (s *siem) got() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// run is a running connector.
type run struct {
	connector.Logs
	t      *testing.T
	logged *observer.ObservedLogs
	settle bool // the journal may keep what it was given
}

func fast(dir string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Directory = dir
	cfg.Retry.InitialInterval, cfg.Retry.MaxInterval = time.Millisecond, 5*time.Millisecond
	cfg.HoldInterval = time.Millisecond
	return cfg
}

func start(t *testing.T, cfg *Config, siems map[string]*siem) *run {
	t.Helper()
	consumers := make(map[pipeline.ID]consumer.Logs)
	for name, s := range siems {
		consumers[pipeline.NewIDWithName(pipeline.SignalLogs, name)] = s.consumer(t)
	}
	core, logged := observer.New(zap.InfoLevel)
	set := connectortest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	c, err := NewFactory().CreateLogsToLogs(t.Context(), set, cfg, connector.NewLogsRouter(consumers))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	return &run{Logs: c, t: t, logged: logged}
}

func (r *run) stop() {
	r.t.Helper()
	require.NoError(r.t, r.Shutdown(context.Background()))
}

func (r *run) post(from, to int) {
	r.t.Helper()
	var in strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&in, `{"event_type":"auth.failure","n":%d,"source":{"system":"s%d"}}`, n, n/7%2)
	}
	ctx, onTheWay := tally.New(r.t.Context())
	require.NoError(r.t, r.ConsumeLogs(ctx, siemtest.Decode(r.t, "", in.String())))
	if r.settle {
		onTheWay.Settle()
	}
}

func numbers(from, to int) []int {
	var all []int
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

// TestShutdownDoesNotHang on an exporter that hangs in a write: the folder is
// free for the next one, which delivers what was under way again.
func TestShutdownDoesNotHang(t *testing.T) {
	leave := make(chan struct{})
	hangs := &siem{answer: func([]int) error {
		<-leave
		return nil
	}}
	dir := t.TempDir()
	r := start(t, fast(dir), map[string]*siem{"x": hangs})
	r.Logs.(*journalConnector).grace = 50 * time.Millisecond
	r.post(0, 3)
	require.Eventually(t, func() bool { return r.Logs.(*journalConnector).status().Cursors[0].OldestPending != nil }, eventuallyTimeout, eventuallyTick)
	time.Sleep(50 * time.Millisecond) // it is handed over by now
	r.stop()
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("an exporter does not end").Len())

	next := &siem{}
	r = start(t, fast(dir), map[string]*siem{"x": next})
	eventually(t, next, numbers(0, 3))
	r.stop()
	close(leave)
	hangs.got() // waits for it
}

const (
	eventuallyTimeout = 10 * time.Second
	eventuallyTick    = time.Millisecond
)

func eventually(t *testing.T, s *siem, want []int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.got()) >= len(want) }, 10*time.Second, time.Millisecond, "%d of %d", len(s.got()), len(want))
	// Grouping by producer changes the order within a request.
	got := s.got()
	slices.Sort(got)
	assert.Equal(t, want, got)
}

// TestFinishesAtTheEnd: a batch that is on its way when the connector ends gets
// its answer, and does not come again.
func TestFinishesAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	began := make(chan struct{})
	slow, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		close(began) // a second delivery panics
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(finishTime / 10):
			return nil
		}
	})
	require.NoError(t, err)
	id := pipeline.NewIDWithName(pipeline.SignalLogs, "x")
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), fast(dir),
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{id: slow}))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	r := &run{Logs: c, t: t}
	r.post(0, 3)
	<-began
	r.stop()
	saved, err := loadCursors(dir)
	require.NoError(t, err)
	cur, _ := saved.get("logs/x")
	assert.Equal(t, uint64(3), cur.Delivered)
}

// TestDeliversToAll from the disk, and from what is in memory yet.
func TestDeliversToAll(t *testing.T) {
	for _, settle := range []bool{false, true} {
		a, b := &siem{}, &siem{}
		cfg := fast(t.TempDir())
		cfg.Batch.MaxEvents = 7
		r := start(t, cfg, map[string]*siem{"a": a, "b": b})
		r.settle = settle
		for n := 0; n < 100; n += 10 {
			r.post(n, n+10)
		}
		eventually(t, a, numbers(0, 100))
		eventually(t, b, numbers(0, 100))
		r.stop()
	}
}

// TestOneFailingDelaysNoOther, and gets all once it is well again.
func TestOneFailingDelaysNoOther(t *testing.T) {
	for name, err := range map[string]error{
		"temporary":   errors.New("connection refused"),
		"held":        consumererror.NewPermanent(errors.New(`HTTP "/services/collector" 401 "Unauthorized"`)),
		"redirect":    consumererror.NewPermanent(errors.New("responded with HTTP Status Code 302")),
		"retry after": exporterhelper.NewThrottleRetry(errors.New("HTTP 429"), 2*time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := &siem{}, &siem{answer: func([]int) error { return err }}
			r := start(t, fast(t.TempDir()), map[string]*siem{"good": good, "bad": bad})
			r.post(0, 50)
			eventually(t, good, numbers(0, 50))
			require.Eventually(t, func() bool { return r.logged.FilterMessageSnippet("its events are kept").Len() > 0 }, 10*time.Second, time.Millisecond)
			assert.Empty(t, bad.got())
			bad.mend()
			eventually(t, bad, numbers(0, 50))
			require.Eventually(t, func() bool { return r.logged.FilterMessage("the destination takes events again").Len() == 1 }, 10*time.Second, time.Millisecond)
			r.stop()
		})
	}
}

// TestPoison: of a batch that is refused for good only the events at fault
// become dead letters.
func TestPoison(t *testing.T) {
	dir := t.TempDir()
	poison := []int{3, 40, 41, 99}
	s := &siem{answer: func(ns []int) error {
		for _, n := range ns {
			if slices.Contains(poison, n) {
				return consumererror.NewPermanent(errors.New(`HTTP "/services/collector" 400 "Bad Request"`))
			}
		}
		return nil
	}}
	cfg := fast(dir)
	r := start(t, cfg, map[string]*siem{"x": s})
	r.post(0, 100)
	r.post(100, 110)
	want := slices.DeleteFunc(numbers(0, 110), func(n int) bool { return slices.Contains(poison, n) })
	eventually(t, s, want)
	assert.LessOrEqual(t, s.asked, 60)

	data, err := os.ReadFile(newDeadLetters(dir, "logs/x").path)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	require.Len(t, lines, len(poison))
	var buried []int
	for _, line := range lines {
		var l deadLetter
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		assert.Equal(t, 400, l.Status)
		assert.Contains(t, l.Reason, `400 "Bad Request"`)
		var e struct{ N int }
		require.NoError(t, json.Unmarshal(l.Event, &e))
		buried = append(buried, e.N)
	}
	slices.Sort(buried)
	assert.Equal(t, poison, buried)
	info, err := os.Stat(newDeadLetters(dir, "logs/x").path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	r.stop()

	saved, err := loadCursors(dir)
	require.NoError(t, err)
	cur, _ := saved.get("logs/x")
	assert.Equal(t, cursor{Position: 110, Delivered: 106, DeadLettered: 4}, cur, "the books balance")
}

// TestRestart goes on where the cursor stood.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	down := &siem{answer: func([]int) error { return errors.New("down") }}
	up := &siem{}
	r := start(t, fast(dir), map[string]*siem{"down": down, "up": up})
	r.post(0, 20)
	eventually(t, up, numbers(0, 20))
	r.stop()

	down.mend()
	r = start(t, fast(dir), map[string]*siem{"down": down, "up": up})
	r.post(20, 30)
	eventually(t, down, numbers(0, 30))
	eventually(t, up, numbers(0, 30))
	r.stop()
}

func TestNewAndGoneDestinations(t *testing.T) {
	dir := t.TempDir()
	a, end, beginning := &siem{}, &siem{}, &siem{}
	r := start(t, fast(dir), map[string]*siem{"a": a})
	r.post(0, 10)
	eventually(t, a, numbers(0, 10))
	r.stop()

	cfg := fast(dir)
	cfg.Destinations = map[string]DestinationConfig{"logs/beginning": {StartAt: StartBeginning}}
	r = start(t, cfg, map[string]*siem{"end": end, "beginning": beginning})
	assert.Equal(t, 1, r.logged.FilterMessage("a destination is gone from the settings; its events are kept for a time").Len())
	r.post(10, 20)
	eventually(t, end, numbers(10, 20))
	eventually(t, beginning, numbers(0, 20))
	r.stop()

	r = start(t, fast(dir), map[string]*siem{"a": a, "end": end})
	eventually(t, a, numbers(0, 20))
	r.stop()

	cfg = fast(dir)
	cfg.ForgetAfter = time.Nanosecond
	r = start(t, cfg, map[string]*siem{"a": a})
	assert.Equal(t, 1, r.logged.FilterMessage("a destination that is gone from the settings is forgotten").Len())
	r.stop()
}

// TestParallel: batches overtake each other, and the cursor waits for the last.
func TestParallel(t *testing.T) {
	var running, most atomic.Int32
	s := &siem{}
	dir := t.TempDir()
	cfg := fast(dir)
	cfg.Batch.MaxEvents = 5
	cfg.Destinations = map[string]DestinationConfig{"logs/x": {Parallelism: 4}}
	inner := s.consumer(t)
	slow, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		time.Sleep(time.Millisecond)
		return inner.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), cfg,
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{pipeline.NewIDWithName(pipeline.SignalLogs, "x"): slow}))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	r := &run{Logs: c, t: t}
	r.post(0, 300)
	eventually(t, s, numbers(0, 300))
	assert.Greater(t, most.Load(), int32(1))
	assert.LessOrEqual(t, most.Load(), int32(4))
	r.stop()
	saved, err := loadCursors(dir)
	require.NoError(t, err)
	cur, _ := saved.get("logs/x")
	assert.Equal(t, cursor{Position: 300, Delivered: 300}, cur)
}

func TestFull(t *testing.T) {
	cfg := fast(t.TempDir())
	cfg.MaxSizeMiB, cfg.SegmentSizeMiB = 2, 1
	s := &siem{answer: func([]int) error { return errors.New("down") }}
	r := start(t, cfg, map[string]*siem{"x": s})
	big := fmt.Sprintf(`{"event_type":"a.b","n":1,"x":%q}`, strings.Repeat("x", 100_000))
	var err error
	accepted := 0
	for ; accepted < 100 && err == nil; accepted++ {
		err = r.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big))
	}
	require.ErrorContains(t, err, "the journal is full")
	assert.False(t, consumererror.IsPermanent(err), "the sender tries again")
	s.mend()
	require.Eventually(t, func() bool {
		return r.ConsumeLogs(t.Context(), siemtest.Decode(t, "", big)) == nil
	}, 10*time.Second, 50*time.Millisecond, "delivered events make room")
	r.stop()
}

func TestLockedAndOtherVersion(t *testing.T) {
	dir := t.TempDir()
	r := start(t, fast(dir), map[string]*siem{"x": {}})
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), fast(dir), connector.NewLogsRouter(nil))
	require.NoError(t, err)
	assert.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "locked by another process")
	require.NoError(t, c.Shutdown(t.Context()))
	r.stop()
	require.NoError(t, os.WriteFile(dir+"/cursors.json", []byte(`{"version":9}`), 0o600))
	c, err = NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), fast(dir), connector.NewLogsRouter(nil))
	require.NoError(t, err)
	assert.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "found version 9, expected 1")
}

// TestSameLogsAgain: who is refused may call again with the same logs.
func TestSameLogsAgain(t *testing.T) {
	cfg := fast(t.TempDir())
	cfg.MaxSizeMiB, cfg.SegmentSizeMiB = 2, 1
	s := &siem{answer: func([]int) error { return errors.New("down") }}
	r := start(t, cfg, map[string]*siem{"x": s})
	logs := siemtest.Decode(t, "", `{"event_type":"a.b","n":7,"x":"`+strings.Repeat("x", 300_000)+`"}`)
	accepted := 0
	for r.ConsumeLogs(t.Context(), logs) == nil {
		accepted++
	}
	s.mend()
	require.Eventually(t, func() bool { return r.ConsumeLogs(t.Context(), logs) == nil }, eventuallyTimeout, 50*time.Millisecond)
	require.Eventually(t, func() bool { return len(s.got()) == accepted+1 }, eventuallyTimeout, eventuallyTick)
	for _, n := range s.got() {
		assert.Equal(t, 7, n)
	}
	r.stop()
}

// TestTornDeadLetter costs itself alone, and what is refused again while dead
// letters are replayed is kept.
func TestTornDeadLetter(t *testing.T) {
	d := newDeadLetters(t.TempDir(), "logs/x")
	letter := func(n uint64) deadLetter { return deadLetter{Position: n, Record: []byte{1}} }
	require.NoError(t, d.bury(letter(1)))
	f, err := os.OpenFile(d.path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"time":"20`)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, d.bury(letter(2)))
	require.NoError(t, d.bury(letter(3)))

	var got []uint64
	full := errors.New("full")
	replayed, skipped, err := d.replay(func(l deadLetter) error {
		if l.Position == 3 {
			return full
		}
		got = append(got, l.Position)
		return nil
	})
	require.ErrorIs(t, err, full)
	assert.Equal(t, []int{2, 1}, []int{replayed, skipped})
	require.NoError(t, d.bury(letter(4)))
	for range 3 {
		_, _, err = d.replay(func(l deadLetter) error {
			got = append(got, l.Position)
			return nil
		})
		require.NoError(t, err)
	}
	assert.Equal(t, []uint64{1, 2, 3, 4}, got)
}

// TestDamagedEnd: events that the disk has lost at the very end of the journal
// are not taken for a write that was never acknowledged.
func TestDamagedEnd(t *testing.T) {
	dir := t.TempDir()
	s := &siem{answer: func([]int) error { return errors.New("down") }}
	r := start(t, fast(dir), map[string]*siem{"x": s})
	r.post(0, 20)
	r.stop()
	segments, err := filepath.Glob(filepath.Join(dir, "*.segment"))
	require.NoError(t, err)
	info, err := os.Stat(segments[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(segments[0], info.Size()-10))

	s.mend()
	r = start(t, fast(dir), map[string]*siem{"x": s})
	r.post(20, 22)
	require.Eventually(t, func() bool { return len(s.got()) == 21 }, eventuallyTimeout, eventuallyTick)
	lost := r.logged.FilterMessage("events are lost to damage of the journal").All()
	require.Len(t, lost, 1)
	assert.Equal(t, uint64(19), lost[0].ContextMap()["from"])
	assert.Equal(t, uint64(19), lost[0].ContextMap()["to"])
	r.stop()
	saved, err := loadCursors(dir)
	require.NoError(t, err)
	cur, _ := saved.get("logs/x")
	assert.Equal(t, cursor{Position: 22, Delivered: 21, Damaged: 1}, cur)
}

func TestUnknownDestination(t *testing.T) {
	cfg := fast(t.TempDir())
	cfg.Destinations = map[string]DestinationConfig{"logs/typo": {}}
	_, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), cfg, connector.NewLogsRouter(nil))
	assert.EqualError(t, err, `destinations: found "logs/typo", expected the name of a pipeline behind the connector`)
}

// call sends a request to the control server.
func (r *run) call(method, path, body string) (int, string) {
	r.t.Helper()
	endpoint := r.logged.FilterMessage("control server started").All()[0].ContextMap()["endpoint"].(string)
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+endpoint+path, strings.NewReader(body))
	require.NoError(r.t, err)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

func TestControl(t *testing.T) {
	cfg := fast(t.TempDir())
	cfg.Control = configoptional.Some(confighttp.ServerConfig{
		NetAddr: confignet.AddrConfig{Endpoint: "127.0.0.1:0", Transport: confignet.TransportTypeTCP},
	})
	var refuse atomic.Bool
	refuse.Store(true)
	s := &siem{answer: func(ns []int) error {
		if refuse.Load() && slices.Contains(ns, 5) {
			return consumererror.NewPermanent(errors.New(`HTTP 400`))
		}
		return nil
	}}
	other := &siem{}
	r := start(t, cfg, map[string]*siem{"x": s, "other": other})
	r.post(0, 10)
	require.Eventually(t, func() bool { return len(s.got()) == 9 && len(other.got()) == 10 }, 10*time.Second, time.Millisecond)

	code, answer := r.call(http.MethodGet, "/cursors", "")
	assert.Equal(t, http.StatusOK, code)
	assert.Contains(t, answer, `"destination":"logs/x","position":10,"began":0,"delivered":9,"filtered":0,"sampled":0,"rate_limited":0,"dead_lettered":1,"damaged":0,"others":0,"pending":0`)

	// A dead letter is appended again, for its destination alone.
	refuse.Store(false)
	code, answer = r.call(http.MethodPost, "/dead-letters?destination=logs/x", "")
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, `{"appended":1,"skipped_lines":0}`, answer)
	eventually(t, s, numbers(0, 10))
	_, answer = r.call(http.MethodPost, "/dead-letters?destination=logs/x", "")
	assert.Equal(t, `{"appended":0,"skipped_lines":0}`, answer, "once")
	assert.Len(t, other.got(), 10)

	// A cursor is set back.
	code, answer = r.call(http.MethodPost, "/cursors?destination=logs/other", `{"position":7}`)
	assert.Equal(t, http.StatusOK, code, answer)
	require.Eventually(t, func() bool { return len(other.got()) == 13 }, 10*time.Second, time.Millisecond)
	code, _ = r.call(http.MethodPost, "/cursors?destination=logs/other", `{"time":"2020-01-01T00:00:00Z"}`)
	assert.Equal(t, http.StatusOK, code)
	require.Eventually(t, func() bool { return len(other.got()) == 23 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		_, answer = r.call(http.MethodGet, "/cursors", "")
		return strings.Contains(answer, `"destination":"logs/other","position":11,"began":0,"delivered":10,"filtered":0,"sampled":0,"rate_limited":0,"dead_lettered":0,"damaged":0,"others":1,"pending":0`)
	}, 10*time.Second, time.Millisecond, answer)

	for _, tt := range []struct{ path, body, want string }{
		{"/cursors?destination=logs/x", `{"position":99}`, `position: found 99, expected 0 to 11`},
		{"/cursors?destination=logs/x", `{}`, `found neither or both of position and time`},
		{"/cursors?destination=logs/x", `{"pos":1}`, `unknown field`},
		{"/cursors?destination=logs/y", `{"position":0}`, `expected a pipeline behind the journal`},
	} {
		code, answer = r.call(http.MethodPost, tt.path, tt.body)
		assert.GreaterOrEqual(t, code, 400)
		assert.Contains(t, answer, tt.want)
	}
	r.stop()
}
