// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func testConfig(path string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Path = path
	return cfg
}

// seen is what an observer was told.
type seen struct {
	rotated, takenBack, unchained, removed int
	repaired                               int64
	changes                                []string
}

func (s *seen) observer() observer {
	return observer{
		rotated:   func() { s.rotated++ },
		takenBack: func() { s.takenBack++ },
		repaired:  func(_ string, bytes int64) { s.repaired += bytes },
		unchained: func(string) { s.unchained++ },
		removed:   func(_, _ string, _ uint64) { s.removed++ },
		reopened:  func(_, change string) { s.changes = append(s.changes, change) },
	}
}

func open(t *testing.T, cfg *Config) *file {
	t.Helper()
	w, _ := openSeen(t, cfg)
	return w
}

func openSeen(t *testing.T, cfg *Config) (*file, *seen) {
	t.Helper()
	s := &seen{}
	w := newFile(cfg, s.observer())
	require.NoError(t, w.open())
	t.Cleanup(func() { _ = w.close() }) // again, where the test did it
	return w, s
}

// add adds lines as a batch.
func add(w *file, lines []byte) error {
	if err := w.ready(); err != nil {
		return err
	}
	return w.add(&batch{lines: lines})
}

// appendLines is what a file without integrity has of logs.
func appendLines(buf []byte, logs plog.Logs) []byte {
	var b batch
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				b.add(record.Body(), time.Time{}, false)
			}
		}
	}
	return append(buf, b.lines...)
}

// line is the event of a number, with its break.
func line(n int) []byte { return fmt.Appendf(nil, "{\"n\":%d}\n", n) }

// numbers returns the events of files, in order; each line must be whole.
func numbers(t *testing.T, paths ...string) []int {
	t.Helper()
	var all []int
	for _, path := range paths {
		text := content(t, path)
		if text == "" {
			continue
		}
		require.True(t, strings.HasSuffix(text, "\n"), "%s ends with a whole line", path)
		for l := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			var e struct{ N *int }
			require.NoError(t, json.Unmarshal([]byte(l), &e), "%s: %q", path, l)
			require.NotNil(t, e.N, l)
			all = append(all, *e.N)
		}
	}
	return all
}

func content(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(path) == gzipSuffix {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	data, err := io.ReadAll(r)
	require.NoError(t, err, path)
	return string(data)
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestAppendAndContinue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "folder", "events.jsonl")
	for n := range 3 {
		w := open(t, testConfig(path))
		require.NoError(t, add(w, line(n)))
		require.NoError(t, w.close())
	}
	assert.Equal(t, []int{0, 1, 2}, numbers(t, path))
	assert.Equal(t, fs.FileMode(0o600), mode(t, path))
	assert.Equal(t, fs.FileMode(0o700), mode(t, filepath.Dir(path)))
	assert.Equal(t, fs.FileMode(0o700), mode(t, filepath.Dir(filepath.Dir(path))))
}

func TestNoDirectory(t *testing.T) {
	cfg := testConfig(filepath.Join(t.TempDir(), "missing", "events.jsonl"))
	cfg.CreateDirectory = false
	w := newFile(cfg, (&seen{}).observer())
	assert.ErrorIs(t, w.open(), fs.ErrNotExist)
	require.NoError(t, w.close())
}

// TestRefused: what is no file of JSON lines stays as it is.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "hosts")
	require.NoError(t, os.WriteFile(text, []byte("127.0.0.1 localhost"), 0o600))
	w := newFile(testConfig(text), (&seen{}).observer())
	assert.ErrorContains(t, w.open(), `path: found a file that begins with "1"`)
	require.NoError(t, w.close())
	assert.Equal(t, "127.0.0.1 localhost", content(t, text))

	w = newFile(testConfig(dir), (&seen{}).observer())
	assert.ErrorContains(t, w.open(), "which is no regular file")
	require.NoError(t, w.close())
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	first := open(t, testConfig(path))
	alias := filepath.Join(dir, "alias.jsonl")
	require.NoError(t, os.Symlink(path, alias))
	linked := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Symlink(dir, linked))
	for _, same := range []string{path, alias, filepath.Join(linked, "events.jsonl"), filepath.Join(dir, ".", "events.jsonl")} {
		second := newFile(testConfig(same), (&seen{}).observer())
		assert.EqualError(t, second.open(), "path: found "+same+" in use by another exporter or process, expected a file of its own")
		require.NoError(t, second.close())
	}
	require.NoError(t, first.close())
	open(t, testConfig(alias))
}

// TestLinkStays: rotation moves the file, not the link to it.
func TestLinkStays(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "events.jsonl"), filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.WriteFile(path, nil, 0o640))
	require.NoError(t, os.Symlink(path, link))
	cfg := testConfig(link)
	cfg.Rotation.MaxSize = 10
	w := open(t, cfg)
	require.NoError(t, add(w, line(1)))
	require.NoError(t, add(w, line(2)))
	assert.Equal(t, []int{2}, numbers(t, link))
	assert.Equal(t, []int{1}, numbers(t, archived(t, path)...))
}

// TestModeIsKept: readers that were let in stay in, after rotation too, and
// whatever the umask is.
func TestModeIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, line(0), 0o600))
	require.NoError(t, os.Chmod(path, 0o666))
	cfg := testConfig(path)
	cfg.Rotation.MaxSize = 10
	w := open(t, cfg)
	require.NoError(t, add(w, line(1)))
	require.Len(t, archived(t, path), 1)
	assert.Equal(t, fs.FileMode(0o666), mode(t, path))
	require.NoError(t, w.archive.tidy(t.Context(), w.archive.last))
	assert.Equal(t, fs.FileMode(0o666), mode(t, archived(t, path)[0]))
}

// TestSomebodyElse changes the file between two batches.
func TestSomebodyElse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, path string)
		moved  []int // in the file that was moved
		want   []int
		told   string
	}{
		{
			name: "moved, as logrotate does",
			change: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Rename(path, path+".1"))
			},
			moved: []int{0, 1}, want: []int{2}, told: "it was moved or removed",
		},
		{
			name: "moved and made anew",
			change: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Rename(path, path+".1"))
				require.NoError(t, os.WriteFile(path, nil, 0o640))
			},
			moved: []int{0, 1}, want: []int{2}, told: "it was moved or removed",
		},
		{
			name: "removed",
			change: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Remove(path))
			},
			want: []int{2}, told: "it was moved or removed",
		},
		{
			name: "truncated, as logrotate with copytruncate does",
			change: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Truncate(path, 0))
			},
			want: []int{2}, told: "found 0 bytes, expected 16",
		},
		{
			name: "truncated within a line",
			change: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.Truncate(path, 12))
			},
			want: []int{0, 2}, told: "found 12 bytes, expected 16",
		},
		{
			name: "an event added without a break",
			change: func(t *testing.T, path string) {
				t.Helper()
				f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
				require.NoError(t, err)
				defer f.Close()
				_, err = f.WriteString(`{"n":9}`)
				require.NoError(t, err)
			},
			want: []int{0, 1, 9, 2}, told: "found 23 bytes, expected 16",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			w, s := openSeen(t, testConfig(path))
			require.NoError(t, add(w, line(0)))
			require.NoError(t, add(w, line(1)))
			tt.change(t, path)
			require.NoError(t, add(w, line(2)))
			assert.Equal(t, tt.want, numbers(t, path))
			assert.Equal(t, []string{tt.told}, s.changes)
			if tt.moved != nil {
				assert.Equal(t, tt.moved, numbers(t, path+".1"))
			}
		})
	}
}

// TestSyncFails: a batch that may not be on the disk is not in the file, and
// can be written again.
func TestSyncFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	w, s := openSeen(t, testConfig(path))
	require.NoError(t, add(w, line(0)))
	w.fsync = func(*os.File) error { return errors.New("input/output error") }
	for range 3 {
		require.EqualError(t, add(w, append(line(1), line(2)...)), "writing 16 bytes: syncing: input/output error")
		assert.Equal(t, []int{0}, numbers(t, path))
	}
	w.fsync = (*os.File).Sync
	require.NoError(t, add(w, append(line(1), line(2)...)))
	assert.Equal(t, []int{0, 1, 2}, numbers(t, path))
	assert.Equal(t, 3, s.takenBack)
}

// TestTakingBackFails: what could not be cut off is cut off before the next
// batch, or when the file is closed.
func TestTakingBackFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	w := open(t, testConfig(path))
	require.NoError(t, add(w, line(0)))
	_, err := w.f.WriteString(`{"n":1}` + "\n" + `{"n`)
	require.NoError(t, err)
	w.torn = true // as after a write and a truncation that failed
	require.NoError(t, add(w, line(2)))
	assert.Equal(t, []int{0, 2}, numbers(t, path))

	_, err = w.f.WriteString(`{"n":`)
	require.NoError(t, err)
	w.torn = true
	require.NoError(t, w.close())
	assert.Equal(t, []int{0, 2}, numbers(t, path))
}

func TestFsync(t *testing.T) {
	for policy, want := range map[Fsync][2]int{FsyncAlways: {3, 3}, FsyncInterval: {0, 1}, FsyncNever: {0, 1}} {
		t.Run(string(policy), func(t *testing.T) {
			cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
			cfg.Fsync = policy
			w := open(t, cfg)
			syncs := 0
			w.fsync = func(f *os.File) error {
				syncs++
				return f.Sync()
			}
			for n := range 3 {
				require.NoError(t, add(w, line(n)))
			}
			assert.Equal(t, want[0], syncs, "before the batch is acknowledged")
			require.NoError(t, w.close())
			assert.Equal(t, want[1], syncs, "when the file is closed")
		})
	}
}
