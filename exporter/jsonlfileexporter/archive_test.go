// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// archived returns the rotated files of a path, oldest first.
func archived(t *testing.T, path string) []string {
	t.Helper()
	a, err := newArchive(path, RotationConfig{})
	require.NoError(t, err)
	files, _, err := a.list()
	require.NoError(t, err)
	var paths []string
	for _, r := range files {
		for _, name := range r.names {
			paths = append(paths, filepath.Join(a.dir, name))
		}
	}
	return paths
}

// TestRotation: each file holds whole batches up to its size, and together they
// hold all events in order.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	cfg := testConfig(path)
	cfg.Rotation.MaxSize = 24 // three lines
	w, s := openSeen(t, cfg)
	var want []int
	for n := range 7 {
		want = append(want, n)
		require.NoError(t, add(w, line(n)))
	}
	// A batch larger than a file has one of its own.
	require.NoError(t, add(w, slices.Concat(line(7), line(8), line(9), line(0))))
	require.NoError(t, add(w, line(1)))
	want = append(want, 7, 8, 9, 0, 1)
	files := archived(t, path)
	assert.Len(t, files, 4)
	assert.Equal(t, 4, s.rotated)
	assert.Equal(t, want, numbers(t, append(files, path)...))
	assert.Equal(t, []int{7, 8, 9, 0}, numbers(t, files[3]))

	cfg.Rotation.MaxSize = 0
	require.NoError(t, add(w, slices.Concat(line(7), line(8), line(9), line(0))))
	assert.Len(t, archived(t, path), 4, "0 is for never")
}

// TestNamesGoUp whatever the clock does, and over a restart.
func TestNamesGoUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	noon := time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)
	for i, now := range []time.Time{noon, noon, noon.Add(-time.Hour), noon.Add(time.Minute)} {
		a, err := newArchive(path, RotationConfig{})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, line(i), 0o600))
		_, err = a.take(path, now)
		require.NoError(t, err)
	}
	files := archived(t, path)
	assert.Equal(t, []int{0, 1, 2, 3}, numbers(t, files...))
	assert.Equal(t, "events-2025-01-27T12-00-00.002.jsonl", filepath.Base(files[2]))
	assert.Equal(t, "events-2025-01-27T12-01-00.000.jsonl", filepath.Base(files[3]))
}

func TestTidy(t *testing.T) {
	now := time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)
	const first, second, third = "events-2025-01-27T09-00-00.000.jsonl", "events-2025-01-27T10-00-00.000.jsonl", "events-2025-01-27T11-00-00.000.jsonl"
	for _, tt := range []struct {
		name    string
		cfg     RotationConfig
		want    []string
		removed int
	}{
		{name: "keep", want: []string{first, second, third}},
		{name: "compress", cfg: RotationConfig{Compress: true}, want: []string{first + ".gz", second + ".gz", third + ".gz"}},
		{name: "count", cfg: RotationConfig{MaxFiles: 2}, want: []string{second, third}, removed: 1},
		{name: "age", cfg: RotationConfig{MaxAge: 90 * time.Minute}, want: []string{third}, removed: 2},
		{name: "all", cfg: RotationConfig{MaxFiles: 2, MaxAge: 90 * time.Minute, Compress: true}, want: []string{third + ".gz"}, removed: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, name := range []string{first, second, third} {
				path := filepath.Join(dir, name)
				require.NoError(t, os.WriteFile(path, line(i), 0o600))
				written := now.Add(time.Duration(i-3) * time.Hour)
				require.NoError(t, os.Chtimes(path, written, written))
			}
			// Files of others, which only look like ours.
			others := []string{"events.jsonl", "events.jsonl.lock", "events-old.jsonl", "events-2025-01-27T09-00-00.000.jsonl.bz2", "other-2025-01-27T09-00-00.000.jsonl"}
			for _, name := range others {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
			}
			a, err := newArchive(filepath.Join(dir, "events.jsonl"), tt.cfg)
			require.NoError(t, err)
			removed := 0
			a.removed = func(_, _ string, events uint64) {
				assert.Equal(t, uint64(1), events)
				removed++
			}
			require.NoError(t, a.tidy(t.Context(), now))
			assert.Equal(t, tt.removed, removed)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			assert.ElementsMatch(t, append(others, tt.want...), names)
			assert.Equal(t, []int{0, 1, 2}[tt.removed:], numbers(t, archived(t, a.dir+"/events.jsonl")...))
			require.NoError(t, a.tidy(t.Context(), now))
			assert.Equal(t, tt.removed, removed, "compressed files keep their age")
		})
	}
}

// TestCrashWhileCompressing: whatever a crash has left, the events are there,
// whole, and once when all is tidy.
func TestCrashWhileCompressing(t *testing.T) {
	const name = "events-2025-01-27T09-00-00.000.jsonl"
	for _, tt := range []struct {
		name  string
		crash func(t *testing.T, path string)
	}{
		{"before the part was whole", func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path+".gz.part", []byte("\x1f\x8b\x08"), 0o600))
		}},
		{"before the original went", func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, compressTo(t.Context(), path+".gz", path))
		}},
		{"somebody else's half", func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path+".gz", []byte("\x1f\x8b\x08"), 0o600))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(path, line(1), 0o600))
			tt.crash(t, path)
			a, err := newArchive(filepath.Join(dir, "events.jsonl"), RotationConfig{Compress: true})
			require.NoError(t, err)
			require.NoError(t, a.tidy(t.Context(), time.Now()))
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1)
			assert.Equal(t, name+".gz", entries[0].Name())
			assert.Equal(t, []int{1}, numbers(t, path+".gz"))
		})
	}
}

// TestCompressionInterrupted: a shutdown leaves the original and nothing else.
func TestCompressionInterrupted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events-2025-01-27T09-00-00.000.jsonl")
	require.NoError(t, os.WriteFile(path, line(1), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, compress(ctx, path), context.Canceled)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, []int{1}, numbers(t, path))
}
