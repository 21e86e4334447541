// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestFileExample is the guide's file destination.
func TestFileExample(t *testing.T) {
	c := start(t, options{configs: []string{"../../examples/file.yaml"}})
	status, _ := c.post(strings.Join(events(100), "\n"))
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, upTo(100), numbers(t, c.lines(t)))
	info, err := os.Stat(c.file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Len(t, c.metric(t, `otelcol_exporter_jsonl_file_written{exporter="jsonl_file"}`), 1)
}

// TestFileKilled kills the process at random moments while senders post, and
// files are rotated and compressed all the time. Whatever stands in the folder
// then is whole, but for the end of the file that was written; and in the end
// each event that was answered with 200 is in one of the files.
func TestFileKilled(t *testing.T) {
	const kills = 40
	dir, ports := t.TempDir(), freePorts(t, portCount)
	config := fileConfig(t, "{max_size: 8KiB, max_files: 0, compress: true}")
	var accepted sync.Map
	var next, count atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c := &collector{endpoint: fmt.Sprintf("127.0.0.1:%d", ports[0])}
			for ctx.Err() == nil {
				first := int(next.Add(10))
				batch := make([]string, 10)
				for i := range batch {
					batch[i] = fmt.Sprintf(small, first+i)
				}
				if status, _ := c.post(strings.Join(batch, "\n")); status != http.StatusOK {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				for i := range batch {
					accepted.Store(first+i, true)
				}
				count.Add(int64(len(batch)))
			}
		})
	}
	defer wg.Wait()
	defer cancel()
	o := options{dir: dir, ports: ports, configs: []string{config}}
	var c *collector
	for kill := range kills {
		o.noWait = kill%4 == 0
		c = start(t, o)
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
		c.kill()
		inFiles(t, c.file, true)
	}
	o.noWait = false
	c = start(t, o)
	cancel()
	wg.Wait()
	c.settle(t)
	require.Eventually(t, func() bool {
		plain, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), "siem-events-*.jsonl"))
		return err == nil && len(plain) == 0
	}, startTimeout, 20*time.Millisecond, "everything is compressed in the end")
	c.stop(t)

	files, in := inFiles(t, c.file, false)
	lost, twice := 0, 0
	accepted.Range(func(n, _ any) bool {
		switch in[n.(int)] {
		case 0:
			lost++
		case 1:
		default:
			twice++
		}
		return true
	})
	t.Logf("%d kills: %d acknowledged, %d lost, %d more than once, in %d files", kills, count.Load(), lost, twice, files)
	assert.Zero(t, lost)
	assert.Greater(t, count.Load(), int64(1000))
	assert.Greater(t, files, 20)
	parts, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), "*.part"))
	require.NoError(t, err)
	assert.Empty(t, parts)
}

// TestFileFull: the file is full while the journal, in its smaller segments, is
// not. Once there is room again each event is in the file once, on a line of its
// own, in order.
func TestFileFull(t *testing.T) {
	const total, batch = 20_000, 500
	c := start(t, options{
		configs: []string{fileConfig(t, "{max_size: 0}")},
		shell:   "ulimit -S -f 1500", // KiB
	})
	all := events(total)
	for i := 0; i < total; i += batch {
		status, answer := c.post(strings.Join(all[i:i+batch], "\n"))
		require.Equal(t, http.StatusOK, status, answer)
	}
	require.Eventually(t, func() bool {
		return len(c.metric(t, "otelcol_exporter_jsonl_file_taken_back")) == 1
	}, startTimeout, 20*time.Millisecond)
	c.waitHealthy(t)
	inFiles(t, c.file, false)
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	require.NoError(t, unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unlimited, nil))
	assert.Equal(t, upTo(total), numbers(t, c.lines(t)))
}

// fileConfig changes the file's rotation.
func fileConfig(t *testing.T, rotation string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
connectors:
  siem_journal: {segment_size_mib: 1, retry: {initial_interval: 20ms, max_interval: 200ms}}
exporters:
  jsonl_file: {rotation: %s}
`, rotation), 0o600))
	return path
}

// inFiles counts how often each event is in a file, rotated or not. Every line
// must be whole, but for the last one of the file that a killed process wrote.
func inFiles(t *testing.T, path string, killed bool) (files int, in map[int]int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(path), "siem-events*.jsonl*"))
	require.NoError(t, err)
	in = make(map[int]int)
	for _, p := range paths {
		if ext := filepath.Ext(p); ext == ".lock" || ext == ".part" {
			continue
		}
		files++
		text := readFile(t, p)
		lines := strings.Split(text, "\n")
		if end := lines[len(lines)-1]; end != "" {
			require.True(t, killed && p == path, "%s ends with %q", p, end)
		}
		for _, line := range lines[:len(lines)-1] {
			var e struct{ N *int }
			require.NoError(t, json.Unmarshal([]byte(line), &e), "%s: %q", p, line)
			require.NotNil(t, e.N, line)
			in[*e.N]++
		}
	}
	return files, in
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if filepath.Ext(path) == ".gz" {
		r, err = gzip.NewReader(f)
		require.NoError(t, err, path)
	}
	data, err := io.ReadAll(r)
	require.NoError(t, err, path)
	return string(data)
}
