// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadatatest"
)

// reading is a receiver that reads files, and what the pipeline has of them.
type reading struct {
	receiver.Logs
	sink *consumertest.LogsSink
	log  *observer.ObservedLogs
}

var testStorage = storagetest.NewStorageID("file")

// readFiles starts a receiver that reads every file whose path begins with
// in.jsonl, and keeps its checkpoint in the folder's sub-folder.
func readFiles(t *testing.T, set receiver.Settings, dir string, next consumer.Logs, change func(*Config)) *reading {
	t.Helper()
	r := &reading{sink: new(consumertest.LogsSink)}
	if next == nil {
		next = r.sink
	}
	core, logged := observer.New(zap.InfoLevel)
	set.Logger, r.log = zap.New(core), logged
	set.ID = component.NewID(metadata.Type) // the checkpoint is found by it
	cfg := createDefaultConfig().(*Config)
	f := cfg.Protocols.File.GetOrInsertDefault()
	f.Include = []string{filepath.Join(dir, "in.jsonl*")}
	f.PollInterval = 10 * time.Millisecond
	f.Storage = &testStorage
	if change != nil {
		change(cfg)
	}
	kept := filepath.Join(dir, "checkpoint")
	require.NoError(t, os.MkdirAll(kept, 0o700))
	var err error
	r.Logs, err = NewFactory().CreateLogs(context.Background(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), storagetest.NewStorageHost().WithFileBackedStorageExtension("file", kept)))
	return r
}

func (r *reading) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, r.Shutdown(context.Background()))
}

// records returns all records once there are n of them and no more come.
func (r *reading) records(t *testing.T, n int) []plog.LogRecord {
	t.Helper()
	require.Eventually(t, func() bool { return r.sink.LogRecordCount() >= n }, 10*time.Second, time.Millisecond, "%d", n)
	time.Sleep(50 * time.Millisecond) // a few polls
	return recordsOf(r.sink)
}

func recordsOf(sink *consumertest.LogsSink) []plog.LogRecord {
	var all []plog.LogRecord
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				all = append(all, record)
			}
		}
	}
	return all
}

func texts(records []plog.LogRecord) []string {
	var all []string
	for _, record := range records {
		if message, ok := record.Body().Map().Get("message"); ok {
			all = append(all, "text: "+message.Str())
			continue
		}
		all = append(all, string(eventlog.AppendJSON(nil, record.Body())))
	}
	return all
}

// numbered returns events with the numbers from first to last, as lines.
func numbered(first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		fmt.Fprintf(&b, `{"n":%d,"event_type":"auth.failure","pad":"%s"}`+"\n", i, strings.Repeat("x", 60))
	}
	return b.String()
}

// counts returns how often each number came.
func counts(records []plog.LogRecord) map[int64]int {
	all := make(map[int64]int)
	for _, record := range records {
		if n, ok := record.Body().Map().Get("n"); ok {
			all[n.Int()]++
		}
	}
	return all
}

// assertOnce checks that each number came, and came once.
func assertOnce(t *testing.T, records []plog.LogRecord, first, last int64) {
	t.Helper()
	all := counts(records)
	var missing, more []int64
	for n := first; n <= last; n++ {
		if all[n] == 0 {
			missing = append(missing, n)
		} else if all[n] > 1 {
			more = append(more, n)
		}
	}
	assert.Empty(t, missing, "missing")
	assert.Empty(t, more, "more than once")
	assert.Len(t, all, int(last-first+1))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

func TestFileLines(t *testing.T) {
	const a, b = `{"event_type":"a.a","x":1}`, `{"event_type":"b.b"}`
	long := `{"event_type":"c.c","x":"` + strings.Repeat("x", 300_000) + `"}`
	for _, tt := range []struct {
		name, text string
		want       []string
		reasons    map[string]int64
	}{
		{name: "lines", text: a + "\n" + b + "\n", want: []string{a, b}},
		{name: "no line break at the end", text: a + "\n" + b, want: []string{a, b}},
		{name: "carriage returns, empty lines and a byte order mark", text: "\xEF\xBB\xBF" + a + "\r\n\r\n\n  \n" + b + "\r\n", want: []string{a, b}},
		{name: "torn line at the end", text: a + "\n" + b[:10], want: []string{a}},
		{name: "no event", text: "hello\n" + a + "\n[1]\n", want: []string{"text: hello", a, "text: [1]"}, reasons: map[string]int64{"syntax": 1, "not_object": 1}},
		{name: "two on a line", text: a + b + "\n" + b + "\n", want: []string{"text: " + a + b, b}, reasons: map[string]int64{"syntax": 1}},
		{name: "no UTF-8", text: "{\"event_type\":\"\xff\"}\n" + b + "\n", want: []string{"text: {\"event_type\":\"\uFFFD\"}", b}, reasons: map[string]int64{"utf8": 1}},
		{name: "longest", text: long[:99_998] + "\"}\n" + a + "\n", want: []string{long[:99_998] + `"}`, a}},
		{name: "too long by one", text: long[:99_999] + "\"}\r\n" + a + "\r\n", want: []string{"text: " + long[:99_999] + `"}`, a}, reasons: map[string]int64{"too_large": 1}},
		{name: "far too long", text: a + "\n" + long + "\n" + b + "\n", want: []string{a, "text: " + long[:100_003], b}, reasons: map[string]int64{"too_large": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tel := componenttest.NewTelemetry()
			set := settings()
			set.TelemetrySettings = tel.NewTelemetrySettings()
			write(t, filepath.Join(dir, "in.jsonl"), tt.text)
			r := readFiles(t, set, dir, nil, func(cfg *Config) { cfg.MaxEventSize = 100_000 })
			defer r.stop(t)
			records := r.records(t, len(tt.want))
			assert.Equal(t, tt.want, texts(records))
			for _, record := range records {
				path, _ := record.Attributes().Get("log.file.path")
				assert.Equal(t, filepath.Join(dir, "in.jsonl"), path.Str())
			}
			var points []metricdata.DataPoint[int64]
			for reason, n := range tt.reasons {
				points = append(points, metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("reason", reason), attribute.Bool("kept", true))})
			}
			if points != nil {
				metadatatest.AssertEqualReceiverMockforgeUnparsed(t, tel, points, metricdatatest.IgnoreTimestamp())
			}
		})
	}
}

// TestFileRefusesLines: on_parse_error says so.
func TestFileRefusesLines(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.jsonl"), "hello\n"+one+"\n")
	r := readFiles(t, settings(), dir, nil, func(cfg *Config) { cfg.OnParseError = OnParseErrorRefuse })
	defer r.stop(t)
	assert.Equal(t, []string{one}, texts(r.records(t, 1)))
}

// TestFileTornLine waits for the rest of a line, across a restart too.
func TestFileTornLine(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	write(t, in, one+"\n"+one[:30])
	r := readFiles(t, settings(), dir, nil, nil)
	require.Len(t, r.records(t, 1), 1)
	r.stop(t)
	r = readFiles(t, settings(), dir, nil, nil)
	defer r.stop(t)
	assert.Empty(t, r.records(t, 0))
	write(t, in, one[30:])
	assert.Equal(t, []string{one}, texts(r.records(t, 1)), "an event that is complete needs no line break")
	write(t, in, "\n"+one+"\n")
	assert.Equal(t, []string{one, one}, texts(r.records(t, 2)))
}

func TestFileStartAtEnd(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	write(t, in, numbered(1, 5))
	atEnd := func(cfg *Config) { cfg.Protocols.File.Get().StartAt = StartAtEnd }
	r := readFiles(t, settings(), dir, nil, atEnd)
	assert.Empty(t, r.records(t, 0))
	write(t, in, numbered(6, 9))
	assertOnce(t, r.records(t, 4), 6, 9)
	r.stop(t)
	write(t, in, numbered(10, 12))
	r = readFiles(t, settings(), dir, nil, atEnd)
	defer r.stop(t)
	assertOnce(t, r.records(t, 3), 10, 12)
}

func TestFileWithoutStorage(t *testing.T) {
	dir := t.TempDir()
	r := readFiles(t, settings(), dir, nil, func(cfg *Config) { cfg.Protocols.File.Get().Storage = nil })
	defer r.stop(t)
	var warnings []string
	for _, entry := range r.log.FilterLevelExact(zap.WarnLevel).All() {
		warnings = append(warnings, entry.Message)
	}
	assert.Equal(t, []string{"files have no storage: after a restart they are read again as start_at says", "no file to read yet"}, warnings)
	write(t, filepath.Join(dir, "in.jsonl"), numbered(1, 3))
	assertOnce(t, r.records(t, 3), 1, 3)
}

func TestFileStorageMissing(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	f := cfg.Protocols.File.GetOrInsertDefault()
	f.Include = []string{filepath.Join(t.TempDir(), "in.jsonl")}
	for name, want := range map[string]string{
		"missing": "opening the checkpoint of files: storage extension 'test_storage/missing' not found",
	} {
		id := storagetest.NewStorageID(name)
		f.Storage = &id
		r, err := NewFactory().CreateLogs(context.Background(), settings(), cfg, consumertest.NewNop())
		require.NoError(t, err)
		assert.EqualError(t, r.Start(context.Background(), componenttest.NewNopHost()), want)
		require.NoError(t, r.Shutdown(context.Background()))
	}
}

// TestFilePermanentError: what the pipeline refuses for good is not offered
// again, and reading goes on.
func TestFilePermanentError(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	sink := new(consumertest.LogsSink)
	var calls atomic.Int64
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if calls.Add(1) == 1 {
			return consumererror.NewPermanent(errors.New("no"))
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	write(t, in, numbered(1, 5))
	r := readFiles(t, settings(), dir, next, nil)
	r.sink = sink
	require.Eventually(t, func() bool { return calls.Load() == 1 }, 5*time.Second, time.Millisecond)
	write(t, in, numbered(6, 7))
	assertOnce(t, r.records(t, 2), 6, 7)
	assert.Equal(t, 1, r.log.FilterMessage("events are lost, unless their sender still has them").Len())
	r.stop(t)
	r = readFiles(t, settings(), dir, nil, nil)
	defer r.stop(t)
	assert.Empty(t, r.records(t, 0))
}

// gate is a pipeline that takes some batches and none after them.
func gate(t *testing.T, sink *consumertest.LogsSink, takes int64) (next consumer.Logs, refused *atomic.Int64) {
	t.Helper()
	var taken atomic.Int64
	refused = new(atomic.Int64)
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if taken.Add(1) > takes {
			refused.Add(1)
			return errors.New("full")
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	return next, refused
}

// TestFileBlockedPipeline: a shutdown does not wait for a pipeline that takes
// nothing, and nothing it has not taken is lost: of plain text, of gzip, of what
// a batch holds besides.
func TestFileBlockedPipeline(t *testing.T) {
	const last = 5000
	small := make(map[string]string)
	for i := 1; i <= last; i += 100 {
		small[fmt.Sprintf(".%d", i)] = numbered(i, i+99)
	}
	for name, contents := range map[string]map[string]string{
		"plain":       {"": numbered(1, last)},
		"gzip":        {".1.gz": gzipped(t, numbered(1, last))},
		"both":        {".1.gz": gzipped(t, numbered(1, last/2)), "": numbered(last/2+1, last)},
		"small files": small,
	} {
		for _, takes := range []int64{0, 1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, takes), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				for suffix, text := range contents {
					write(t, filepath.Join(dir, "in.jsonl"+suffix), text)
				}
				sink := new(consumertest.LogsSink)
				next, refused := gate(t, sink, takes)
				r := readFiles(t, settings(), dir, next, nil)
				require.Eventually(t, func() bool { return refused.Load() > 1 }, 5*time.Second, time.Millisecond)
				began := time.Now()
				r.stop(t)
				assert.Less(t, time.Since(began), fileGrace+time.Second)

				r = readFiles(t, settings(), dir, nil, nil)
				defer r.stop(t)
				assert.Eventually(t, func() bool {
					return len(counts(append(recordsOf(sink), recordsOf(r.sink)...))) == last
				}, 20*time.Second, 10*time.Millisecond)
			})
		}
	}
}

// TestFileStopWhileReading: a stop in the middle of a file loses nothing, and of
// plain text hands over nothing twice.
func TestFileStopWhileReading(t *testing.T) {
	const last = 20_000
	for _, gz := range []bool{false, true} {
		t.Run(fmt.Sprintf("gzip=%v", gz), func(t *testing.T) {
			dir := t.TempDir()
			if gz {
				write(t, filepath.Join(dir, "in.jsonl.1.gz"), gzipped(t, numbered(1, last)))
			} else {
				write(t, filepath.Join(dir, "in.jsonl"), numbered(1, last))
			}
			sink := new(consumertest.LogsSink)
			slow, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
				time.Sleep(2 * time.Millisecond)
				return sink.ConsumeLogs(ctx, logs)
			})
			require.NoError(t, err)
			var all []plog.LogRecord
			for range 5 {
				before := sink.LogRecordCount()
				r := readFiles(t, settings(), dir, slow, nil)
				require.Eventually(t, func() bool { return sink.LogRecordCount() > before }, 5*time.Second, 100*time.Microsecond)
				r.stop(t)
			}
			r := readFiles(t, settings(), dir, slow, nil)
			r.sink = sink
			if !gz {
				all = r.records(t, last)
				assertOnce(t, all, 1, last)
			} else {
				require.Eventually(t, func() bool { return len(counts(recordsOf(sink))) == last }, 20*time.Second, 10*time.Millisecond)
			}
			r.stop(t)
		})
	}
}

// TestFileStopInOverlongLine: the line after an overlong one is not skipped when
// a stop falls between reading and handing over.
func TestFileStopInOverlongLine(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "in.jsonl"), numbered(1, 120)+"{"+strings.Repeat("x", 5000)+"\n"+numbered(121, 300))
	sink := new(consumertest.LogsSink)
	next, refused := gate(t, sink, 0)
	small := func(cfg *Config) { cfg.MaxEventSize = 1000 }
	r := readFiles(t, settings(), dir, next, small)
	require.Eventually(t, func() bool { return refused.Load() > 0 }, 5*time.Second, time.Millisecond)
	r.stop(t)
	r = readFiles(t, settings(), dir, nil, small)
	defer r.stop(t)
	assertOnce(t, r.records(t, 301), 1, 300)
}

// FuzzSplitLines: whatever a file holds and however it is read, its lines come
// out, the last one without a line break only if it is an object.
func FuzzSplitLines(f *testing.F) {
	f.Add([]byte(one+"\n\r\n"+one), uint8(7))
	f.Add([]byte("a\r\n\n}"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		lines := bytes.Split(data, []byte("\n"))
		rest := lines[len(lines)-1]
		lines = lines[:len(lines)-1]
		s := bufio.NewScanner(&chunks{data, int(chunk) + 1})
		s.Split(splitLines)
		for i := 0; s.Scan(); i++ {
			if i == len(lines) {
				assert.Equal(t, rest, s.Bytes())
				assert.Equal(t, byte('}'), rest[len(rest)-1])
				continue
			}
			assert.Equal(t, string(bytes.TrimSuffix(lines[i], []byte("\r"))), s.Text())
		}
	})
}

type chunks struct {
	data []byte
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.size)], c.data)
	c.data = c.data[n:]
	return n, nil
}
