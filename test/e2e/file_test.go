// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fileWriter appends numbered events to a file as MockForge does, until it is
// stopped.
type fileWriter struct {
	path    string
	pause   sync.Mutex // held while an event is written
	written int
	stop    chan struct{}
	done    sync.WaitGroup
}

func newFileWriter(t *testing.T, dir string) *fileWriter {
	t.Helper()
	w := &fileWriter{path: filepath.Join(dir, "events.jsonl"), stop: make(chan struct{})}
	w.done.Go(func() {
		for {
			select {
			case <-w.stop:
				return
			case <-time.After(time.Millisecond):
			}
			if err := w.write(2); err != nil {
				t.Error(err)
				return
			}
		}
	})
	t.Cleanup(w.end)
	return w
}

func (w *fileWriter) write(n int) error {
	w.pause.Lock()
	defer w.pause.Unlock()
	f, err := os.OpenFile(w.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for range n {
		if _, err := fmt.Fprintf(f, `{"event_type":"auth.failure","severity":"medium","metadata":{"at":%d},"n":%d}`+"\n", time.Now().UnixNano(), w.written); err != nil {
			return err
		}
		w.written++
	}
	return nil
}

func (w *fileWriter) end() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.done.Wait()
}

func fileIn(dir string) options {
	return options{dir: dir, configs: []string{"../../examples/file-in.yaml"}, env: []string{
		"MOCKFORGE_EVENTS_IN=" + filepath.Join(dir, "events.jsonl*"),
		"MOCKFORGE_CHECKPOINTS=" + filepath.Join(dir, "checkpoints"),
	}}
}

// logrotate rotates the writer's file once. The writer waits meanwhile when a
// rotation would lose what it writes.
func logrotate(t *testing.T, w *fileWriter, paused bool, settings string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "logrotate.conf")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "%s {\n  rotate 50\n  %s\n}\n", w.path, settings), 0o600))
	if paused {
		w.pause.Lock()
		defer w.pause.Unlock()
	}
	out, err := exec.CommandContext(t.Context(), "logrotate", "--force", "--state", filepath.Join(dir, "state"), config).CombinedOutput()
	require.NoError(t, err, string(out))
}

var number = regexp.MustCompile(`"n":(\d+)`)

// occurrences returns how often each number is in the file of events. After a
// kill two events may be on a line.
func (c *collector) occurrences(t *testing.T) map[int]int {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	all := make(map[int]int)
	for _, found := range number.FindAllSubmatch(data, -1) {
		n, err := strconv.Atoi(string(found[1]))
		require.NoError(t, err)
		all[n]++
	}
	return all
}

func (c *collector) waitOccurrences(t *testing.T, total int) (duplicates int) {
	t.Helper()
	assert.Eventually(t, func() bool { return len(c.occurrences(t)) >= total }, startTimeout, 50*time.Millisecond)
	all := c.occurrences(t)
	missing := 0
	for n := range total {
		if all[n] == 0 {
			missing++
			continue
		}
		duplicates += all[n] - 1
	}
	t.Logf("%d events, %d missing, %d duplicates", total, missing, duplicates)
	assert.Zero(t, missing)
	return duplicates
}

// TestFileRotation: logrotate rotates a file under load in each of its ways, and
// each line comes once. A file that is truncated while it is being read is read
// again from the checkpoint, so there lines may come twice.
func TestFileRotation(t *testing.T) {
	for _, tt := range []struct {
		name, settings string
		paused         bool
	}{
		{"rename and create", "create 0600", false},
		{"dated names", "create 0600\n  dateext\n  dateformat -%Y%m%d-%s", false},
		{"copytruncate", "copytruncate", true},
		{"copytruncate and gzip", "copytruncate\n  compress", true},
		{"gzip", "create 0600\n  compress", false},
		{"gzip, delayed", "create 0600\n  compress\n  delaycompress", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			c := start(t, fileIn(dir))
			w := newFileWriter(t, dir)
			for range 4 {
				time.Sleep(time.Second + time.Duration(rand.IntN(300))*time.Millisecond) // a date is there once
				logrotate(t, w, tt.paused, tt.settings)
			}
			time.Sleep(300 * time.Millisecond)
			w.end()
			twice := 0
			if tt.paused {
				twice = w.written / 2
			}
			before := c.waitOccurrences(t, w.written)
			assert.LessOrEqual(t, before, twice)
			c.stop(t)
			c = start(t, fileIn(dir))
			time.Sleep(500 * time.Millisecond)
			assert.Equal(t, before, c.waitOccurrences(t, w.written), "a restart reads on")
			assert.NotContains(t, c.log.String(), "\terror\t")
		})
	}
}

// TestFileInKilled: kill -9 at any moment, and rotation meanwhile, lose no line.
// What is read twice is what was read since the last look at the files. The file
// has more twice: the journal too begins again at what it kept last.
func TestFileInKilled(t *testing.T) {
	const rounds, gzip = 20, "create 0600\n  compress"
	dir := t.TempDir()
	w := newFileWriter(t, dir)
	for i := range rounds {
		c := start(t, fileIn(dir))
		if i%2 == 1 {
			logrotate(t, w, false, gzip)
		}
		time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond)
		c.kill()
		if i%4 == 2 { // while it is down
			logrotate(t, w, false, gzip)
		}
	}
	w.end()
	c := start(t, fileIn(dir))
	c.waitOccurrences(t, w.written)
	again := int(c.cursors(t).End) - w.written
	t.Logf("%d read again in %d rounds", again, rounds)
	assert.Less(t, again, w.written/2)
}
