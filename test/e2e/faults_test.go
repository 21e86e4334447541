// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestKilled kills the process while senders post, and holds that each event
// that was answered with 200 is in the file.
func TestKilled(t *testing.T) {
	c := start(t, options{})
	var mu sync.Mutex
	var accepted []int
	var wg sync.WaitGroup
	for sender := range 8 {
		wg.Go(func() {
			for i := range 10_000 {
				n := i*8 + sender
				status, _ := c.post(fmt.Sprintf(small, n))
				if status != http.StatusOK {
					return
				}
				mu.Lock()
				accepted = append(accepted, n)
				mu.Unlock()
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	c.kill()
	wg.Wait()
	require.Greater(t, len(accepted), 100)

	lines := c.lines(t)
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, "}") {
		lines = lines[:len(lines)-1] // torn, so not acknowledged
	}
	kept := numbers(t, lines)
	slices.Sort(kept)
	for _, n := range accepted {
		_, found := slices.BinarySearch(kept, n)
		require.True(t, found, "event %d was acknowledged and is lost", n)
	}
}

// TestRestart continues the file.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		c := start(t, options{dir: dir})
		status, _ := c.post(fmt.Sprintf(small, i))
		require.Equal(t, http.StatusOK, status)
		assert.Equal(t, []int{0, 1, 2}[:i+1], numbers(t, c.lines(t)))
		c.stop(t)
	}
}

// TestFileCannotGrow: a full disk is answered with 503, so that the sender
// keeps the event, and never with 200. Once there is room again events are
// taken again, without a restart.
func TestFileCannotGrow(t *testing.T) {
	c := start(t, options{shell: "ulimit -S -f 8"}) // 8 KiB
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
	require.Greater(t, accepted, 10)
	assert.Len(t, numbers(t, c.lines(t)[:accepted]), accepted)
	c.waitHealthy(t)

	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	require.NoError(t, unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_FSIZE, &unlimited, nil))
	for n := range 2 {
		status, answer = c.post(fmt.Sprintf(small, 1000+n))
		assert.Equal(t, http.StatusOK, status, answer)
	}
	lines := c.lines(t)
	// The exporter leaves the fragment of the event it refused, and the next
	// event begins behind it on the same line: README.md, "Limits known".
	assert.True(t, strings.HasSuffix(lines[len(lines)-2], `"n":1000,"compliance":{"soc2_cc":["CC4","CC6"],"iso27001":["A.9.4","A.12.4"]}}`))
	assert.Equal(t, []int{1001}, numbers(t, lines[len(lines)-1:]))
}
