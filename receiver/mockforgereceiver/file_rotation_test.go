// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// rotation is a file, a receiver that reads it and what was done to the two.
type rotation struct {
	*testing.T
	dir, in string
	reading *reading
	all     []plog.LogRecord
	written int
	change  func(*Config)
}

// write appends n events.
func (r *rotation) write(n int) {
	r.Helper()
	write(r.T, r.in, numbered(r.written+1, r.written+n))
	r.written += n
}

func (r *rotation) start() { r.reading = readFiles(r.T, settings(), r.dir, nil, r.change) }

func (r *rotation) stop() {
	r.reading.stop(r.T)
	r.all = append(r.all, recordsOf(r.reading.sink)...)
}

// read waits until everything that was written is read.
func (r *rotation) read() {
	r.Helper()
	require.Eventually(r, func() bool {
		return len(counts(append(slices.Clip(r.all), recordsOf(r.reading.sink)...))) == r.written
	}, 10*time.Second, 5*time.Millisecond)
}

func (r *rotation) rename(from, to string) {
	r.Helper()
	require.NoError(r, os.Rename(r.in+from, r.in+to))
}

func (r *rotation) copyTruncate() {
	r.Helper()
	data, err := os.ReadFile(r.in)
	require.NoError(r, err)
	write(r.T, r.in+".1", string(data))
	time.Sleep(30 * time.Millisecond) // both are there for some polls
	require.NoError(r, os.Truncate(r.in, 0))
}

// compress does it as gzip and logrotate do: the old file goes when the new one
// is complete. In between it is there in part.
func (r *rotation) compress(name string) {
	r.Helper()
	data, err := os.ReadFile(r.in + name)
	require.NoError(r, err)
	packed := gzipped(r.T, string(data))
	for part := range strings.SplitAfterSeq(packed, packed[len(packed)/3:len(packed)/3+4]) {
		write(r.T, r.in+name+".gz", part)
		time.Sleep(30 * time.Millisecond)
	}
	require.NoError(r, os.Remove(r.in+name))
}

// TestFileRotation: however a file is rotated, each line comes once.
func TestFileRotation(t *testing.T) {
	for name, steps := range map[string]func(r *rotation){
		"rename and create": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.rename("", ".1")
			r.write(40)
			r.read()
			r.rename(".1", ".2")
			r.rename("", ".1")
			r.write(30)
		},
		"rename, and the writer goes on in the old file": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.rename("", ".1")
			now := r.in
			r.in += ".1"
			r.write(40)
			time.Sleep(100 * time.Millisecond)
			r.write(40)
			r.in = now
			r.write(30)
		},
		"rename to a name that no pattern has": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.write(3)
			require.NoError(r, os.Rename(r.in, filepath.Join(r.dir, "old")))
			r.write(30)
		},
		"rename while down": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.stop()
			r.write(20)
			r.rename("", ".1")
			r.write(30)
			r.rename(".1", ".2")
			r.rename("", ".1")
			r.write(5)
			r.start()
		},
		"a new file, longer than the old one": func(r *rotation) {
			r.start()
			r.write(10)
			r.read()
			r.rename("", ".1")
			r.write(500)
		},
		"copy and truncate": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.copyTruncate()
			r.write(20)
			r.read()
			r.rename(".1", ".2")
			r.copyTruncate()
			r.write(30)
		},
		"copy, truncate and grow beyond the old size at once": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.copyTruncate()
			r.write(5000)
		},
		"copy and truncate, with unread lines": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			r.stop()
			r.write(50)
			r.copyTruncate()
			r.write(150)
			r.start()
		},
		"truncate without a copy": func(r *rotation) {
			r.start()
			r.write(50)
			r.read()
			require.NoError(r, os.Truncate(r.in, 0))
			r.write(20)
		},
		"gzip at once": func(r *rotation) {
			r.start()
			r.write(2000)
			r.rename("", ".1")
			r.write(30)
			r.compress(".1")
			r.write(40)
			r.read()
			r.rename(".1.gz", ".2.gz")
			r.rename("", ".1")
			r.compress(".1")
			r.write(10)
		},
		"gzip at the next rotation": func(r *rotation) {
			r.start()
			r.write(2000)
			r.rename("", ".1")
			r.write(300)
			r.read()
			r.rename(".1", ".2")
			r.compress(".2")
			r.rename("", ".1")
			r.write(10)
		},
		"gzip while down": func(r *rotation) {
			r.start()
			r.write(2000)
			r.read()
			r.stop()
			r.write(1000)
			r.rename("", ".1")
			r.compress(".1")
			r.write(50)
			r.start()
		},
		"gzip while down, and rotated further": func(r *rotation) {
			r.start()
			r.write(2000)
			r.read()
			r.stop()
			r.write(1000)
			for i := range 3 {
				for old := i; old > 0; old-- {
					r.rename(fmt.Sprintf(".%d.gz", old), fmt.Sprintf(".%d.gz", old+1))
				}
				r.rename("", ".1")
				r.compress(".1")
				r.write(50)
			}
			r.start()
		},
		"gzip from the beginning": func(r *rotation) {
			r.write(2000)
			r.rename("", ".1")
			r.compress(".1")
			r.write(50)
			r.start()
		},
		"gzip while it starts": func(r *rotation) {
			r.write(5000)
			r.rename("", ".1")
			r.write(50)
			r.start()
			r.compress(".1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := &rotation{T: t, dir: dir, in: filepath.Join(dir, "in.jsonl")}
			steps(r)
			r.read()
			time.Sleep(100 * time.Millisecond) // for what comes twice
			r.stop()
			assertOnce(t, r.all, 1, int64(r.written))
			r.start()
			time.Sleep(100 * time.Millisecond)
			r.stop()
			assertOnce(t, r.all, 1, int64(r.written))
			for _, text := range texts(r.all) {
				require.NotContains(t, text, "text: ")
			}
		})
	}
}

// TestFileSameBeginning: files are told apart by their first 1000 bytes, and
// what differs only behind them is one file.
func TestFileSameBeginning(t *testing.T) {
	dir := t.TempDir()
	same := fmt.Sprintf(`{"n":1,"event_type":"auth.failure","pad":%q}`, strings.Repeat("x", 1000)) + "\n"
	write(t, filepath.Join(dir, "in.jsonl.a"), same+numbered(2, 9))
	write(t, filepath.Join(dir, "in.jsonl.b"), same+numbered(10, 19))
	write(t, filepath.Join(dir, "in.jsonl.c"), numbered(20, 29))
	r := readFiles(t, settings(), dir, nil, nil)
	defer r.stop(t)
	all := counts(r.records(t, 19))
	assert.NotContains(t, all, int64(10), "the README says so")
	assert.Len(t, all, 19)
}

// TestFileBlockedWhileRotated: a file that is rotated and compressed while the
// pipeline takes nothing is read on where it was.
func TestFileBlockedWhileRotated(t *testing.T) {
	dir := t.TempDir()
	var blocked atomic.Bool
	sink := new(consumertest.LogsSink)
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if blocked.Load() {
			return errors.New("full")
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	r := &rotation{T: t, dir: dir, in: filepath.Join(dir, "in.jsonl")}
	r.reading = readFiles(t, settings(), dir, next, nil)
	r.reading.sink = sink
	r.write(1000)
	r.read()
	blocked.Store(true)
	r.write(5000)
	time.Sleep(50 * time.Millisecond)
	r.rename("", ".1")
	r.write(1000)
	time.Sleep(50 * time.Millisecond)
	r.compress(".1")
	r.write(1000)
	blocked.Store(false)
	r.read()
	r.stop()
	assertOnce(t, r.all, 1, int64(r.written))
}

// TestFileTruncatedWhileBlocked: a file that is truncated while the pipeline
// takes nothing, and perhaps grows beyond the place of reading, costs no line,
// neither of the copy nor of the new content. Lines of that look come again.
func TestFileTruncatedWhileBlocked(t *testing.T) {
	for _, grows := range []int{100, 20_000} {
		t.Run(fmt.Sprintf("%d more", grows), func(t *testing.T) {
			dir := t.TempDir()
			var blocked atomic.Bool
			sink := new(consumertest.LogsSink)
			next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
				if blocked.Load() {
					return errors.New("full")
				}
				return sink.ConsumeLogs(ctx, logs)
			})
			require.NoError(t, err)
			r := &rotation{T: t, dir: dir, in: filepath.Join(dir, "in.jsonl")}
			r.reading = readFiles(t, settings(), dir, next, nil)
			r.reading.sink = sink
			r.write(1000)
			r.read()
			blocked.Store(true)
			r.write(5000)
			time.Sleep(50 * time.Millisecond)
			r.copyTruncate()
			r.write(grows)
			blocked.Store(false)
			require.Eventually(t, func() bool { return len(counts(recordsOf(sink))) == r.written }, 10*time.Second, 5*time.Millisecond)
			r.stop()
			all := counts(r.all)
			for n := 1; n <= r.written; n++ {
				require.Positive(t, all[int64(n)], n)
			}
			assert.LessOrEqual(t, len(r.all), r.written+5000, "no more than that look comes again")
			for _, text := range texts(r.all) {
				require.NotContains(t, text, "text: ", "no torn line")
			}
		})
	}
}

// TestFileHalfGzip: of a gzip file that is there only in part, what is there is
// read. What is added to it later is not: the README says how to avoid that.
func TestFileHalfGzip(t *testing.T) {
	dir := t.TempDir()
	var text bytes.Buffer
	for i := range 5000 { // it must not compress to one block
		fmt.Fprintf(&text, `{"n":%d,"event_type":"auth.failure","pad":"%x"}`+"\n", i+1, i*i*7919)
	}
	packed := gzipped(t, text.String())
	write(t, filepath.Join(dir, "in.jsonl.1.gz"), packed[:len(packed)/2])
	r := readFiles(t, settings(), dir, nil, nil)
	defer r.stop(t)
	quiet := func() int { // how many lines there are once no more come
		for n := 0; ; time.Sleep(300 * time.Millisecond) {
			now := r.sink.LogRecordCount()
			if now > 0 && now == n {
				return n
			}
			n = now
		}
	}
	first := quiet()
	assert.Less(t, first, 5000)
	write(t, filepath.Join(dir, "in.jsonl.1.gz"), packed[len(packed)/2:])
	assert.Equal(t, first, quiet(), "the README says so")
}
