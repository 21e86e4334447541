// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
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

// TestRestart continues the file.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		c := start(t, options{dir: dir})
		status, _ := c.post(fmt.Sprintf(small, i))
		require.Equal(t, http.StatusOK, status)
		assert.Equal(t, upTo(i+1), numbers(t, c.lines(t)))
		c.stop(t)
	}
}

// TestFullDisk: a sender is answered with 503, so that it keeps the event, and
// never with 200. Once there is room again events are taken again, without a
// restart, and every accepted one is delivered.
func TestFullDisk(t *testing.T) {
	sink := newSink(t)
	c := start(t, options{shell: "ulimit -S -f 16", configs: []string{sink.config(t)}}) // 16 KiB
	accepted := 0
	var status int
	var answer string
	for n := range 1000 {
		if status, answer = c.post(fmt.Sprintf(small, n)); status != http.StatusOK {
			break
		}
		accepted++
	}
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, `{"error":"the pipeline cannot take events at the moment"}`, answer)
	require.Greater(t, accepted, 5)
	c.waitHealthy(t)

	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	require.NoError(t, unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unlimited, nil))
	for n := accepted; n < accepted+10; n++ {
		status, answer = c.post(fmt.Sprintf(small, n))
		assert.Equal(t, http.StatusOK, status, answer)
	}
	c.settle(t)
	for n := range accepted + 10 {
		assert.True(t, sink.has(n), "event %d was acknowledged and is lost", n)
	}
	assert.Equal(t, upTo(accepted+10), numbers(t, c.lines(t)), "the file has each once, on a whole line")
}

// TestZeroedPage: a page of the journal that a disk has lost costs the events
// on it, and the collector says which.
func TestZeroedPage(t *testing.T) {
	const total, page = 2000, 4096
	sink := newSink(t)
	sink.down.Store(true)
	dir := t.TempDir()
	c := start(t, options{dir: dir, configs: []string{sink.config(t)}})
	status, answer := c.post(strings.Join(events(total), "\n"))
	require.Equal(t, http.StatusOK, status, answer)
	c.kill()

	segments, err := filepath.Glob(filepath.Join(dir, "data", "journal", "*.segment"))
	require.NoError(t, err)
	require.Len(t, segments, 1)
	f, err := os.OpenFile(segments[0], os.O_RDWR, 0)
	require.NoError(t, err)
	info, err := f.Stat()
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, page), info.Size()/2/page*page)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	sink.down.Store(false)
	c = start(t, options{dir: dir, configs: []string{sink.config(t)}})
	c.settle(t)
	lost := 0
	for n := range total {
		if !sink.has(n) {
			lost++
			assert.Contains(t, c.log.String(), "events are lost to damage of the journal")
		}
	}
	assert.Positive(t, lost)
	assert.LessOrEqual(t, lost, 10)
	for _, cur := range c.cursors(t).Cursors {
		if cur.Destination == "logs/sink" {
			assert.Equal(t, uint64(lost), cur.Damaged)
			assert.Equal(t, uint64(total), cur.Delivered+cur.Damaged, "the books balance")
		}
	}
}

// TestKilledAHundredTimes kills the process at random moments, thirty of them
// while it starts, with torn tails and a full disk among them. Senders post all
// the while. Each event that was answered with 200 must arrive.
func TestKilledAHundredTimes(t *testing.T) {
	const kills, inRecovery = 100, 30
	sink := newSink(t)
	dir, ports := t.TempDir(), freePorts(t, portCount)
	journal := filepath.Join(dir, "data", "journal")
	var accepted sync.Map
	var count atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		wg.Go(func() {
			c := &collector{endpoint: fmt.Sprintf("127.0.0.1:%d", ports[0])}
			for ctx.Err() == nil {
				n := int(next.Add(1))
				if status, _ := c.post(fmt.Sprintf(small, n)); status == http.StatusOK {
					accepted.Store(n, true)
					count.Add(1)
				} else {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	defer wg.Wait()
	defer cancel()
	for kill := range kills {
		o := options{dir: dir, ports: ports, configs: []string{sink.config(t)}}
		o.noWait = kill%10 < inRecovery*10/kills
		if kill%25 == 24 {
			o.shell = fmt.Sprintf("ulimit -S -f %d", size(t, journal)/1024+100)
		}
		sink.down.Store(kill%4 == 3)
		c := start(t, o)
		pause := time.Duration(rand.IntN(250)) * time.Millisecond
		time.Sleep(pause)
		c.kill()
		if kill%20 == 10 {
			tear(t, journal)
		}
	}
	sink.down.Store(false)
	c := start(t, options{dir: dir, ports: ports, configs: []string{sink.config(t)}})
	cancel()
	wg.Wait()
	c.settle(t)
	lost := 0
	accepted.Range(func(n, _ any) bool {
		if !sink.has(n.(int)) {
			lost++
		}
		return true
	})
	t.Logf("%d kills, %d in recovery: %d acknowledged, %d lost", kills, inRecovery, count.Load(), lost)
	assert.Zero(t, lost)
	assert.Greater(t, count.Load(), int64(1000))
	inFile := make(map[int]bool)
	for _, n := range numbers(t, c.lines(t)) {
		inFile[n] = true
	}
	accepted.Range(func(n, _ any) bool {
		return assert.True(t, inFile[n.(int)], "event %d was acknowledged and is not in the file", n)
	})
	for _, cur := range c.cursors(t).Cursors {
		assert.Zero(t, cur.Damaged, cur.Destination)
		assert.Equal(t, cur.Position-cur.Began, cur.Delivered+cur.DeadLettered+cur.Damaged+cur.Others, cur.Destination)
	}
}

// last returns the journal's last segment.
func last(t *testing.T, journal string) string {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(journal, "*.segment"))
	require.NoError(t, err)
	if len(segments) == 0 {
		return ""
	}
	return segments[len(segments)-1]
}

func size(t *testing.T, journal string) int64 {
	t.Helper()
	info, err := os.Stat(last(t, journal))
	require.NoError(t, err)
	return info.Size()
}

// tear leaves the beginning of a write that a power cut ended.
func tear(t *testing.T, journal string) {
	t.Helper()
	path := last(t, journal)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Write(append(data[20:min(len(data), 300)], make([]byte, 700)...))
	require.NoError(t, err)
}
