// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	program       = "../../bin/otelcol-mockforge"
	defaultConfig = "../../otelcol-config.yaml"
	patience      = 90 * time.Second // for what takes milliseconds on an idle machine
	readyText     = "Everything is ready. Begin running and processing data."
)

// collector is the binary: one process after another, with the same ports,
// folder and configuration.
type collector struct {
	dir     string // where it keeps its data
	journal string
	config  string // on top of the default one
	more    string // on top of that, if any
	ports   []int
	env     []string
	wrap    []string // runs the binary in other surroundings
	log     *syncBuffer

	cmd    *exec.Cmd
	exited chan struct{}

	// mu is held while the end of a process is decided, so that a sender can
	// tell whether an answer came before.
	mu      sync.Mutex
	kills   int  // by kill -9
	expects bool // the process is to end
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (c *collector) http() string    { return fmt.Sprintf("127.0.0.1:%d", c.ports[0]) }
func (c *collector) syslog() string  { return fmt.Sprintf("127.0.0.1:%d", c.ports[1]) }
func (c *collector) control() string { return fmt.Sprintf("127.0.0.1:%d", c.ports[2]) }
func (c *collector) health() string  { return fmt.Sprintf("127.0.0.1:%d", c.ports[3]) }
func (c *collector) siems() string   { return fmt.Sprintf("127.0.0.1:%d", c.ports[5]) }
func (c *collector) input() string   { return filepath.Join(c.dir, "in", "events.jsonl") }
func (c *collector) output() string  { return filepath.Join(c.dir, "data", "siem-events.jsonl") }

// start begins a process and does not wait for it.
func (c *collector) start(t *testing.T) {
	t.Helper()
	args := slices.Concat(c.wrap, []string{absolute(t, program), "--config", absolute(t, defaultConfig), "--config", c.config})
	if c.more != "" {
		args = append(args, "--config", c.more)
	}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.cmd.Env = append(append(os.Environ(),
		"MOCKFORGE_HTTP_ENDPOINT="+c.http(),
		"MOCKFORGE_SYSLOG_ENDPOINT="+c.syslog(),
		"MOCKFORGE_CONTROL_ENDPOINT="+c.control(),
		"MOCKFORGE_HEALTH_ENDPOINT="+c.health(),
		"MOCKFORGE_SIEM_HEALTH_ENDPOINT="+c.siems(),
		"MOCKFORGE_METRICS_HOST=127.0.0.1",
		fmt.Sprintf("MOCKFORGE_METRICS_PORT=%d", c.ports[4]),
		"MOCKFORGE_JOURNAL="+c.journal,
		"MOCKFORGE_EVENTS_FILE="+c.output()), c.env...)
	require.NoError(t, c.cmd.Start(), "run make build first")
	cmd, exited := c.cmd, make(chan struct{})
	c.exited = exited
	c.mu.Lock()
	c.expects = false
	c.mu.Unlock()
	go func() {
		err := cmd.Wait()
		c.mu.Lock()
		if !c.expects {
			t.Errorf("the collector ended by itself: %v", err)
		}
		c.mu.Unlock()
		close(exited)
	}()
}

// absolute is a path that holds in another mount namespace.
func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// waitReady returns when the process is healthy.
func (c *collector) waitReady(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		select {
		case <-c.exited:
			return true
		default:
		}
		resp, err := client.Get("http://" + c.health())
		if err != nil {
			return false
		}
		return errors.Join(resp.Body.Close()) == nil && resp.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond, "not healthy")
	select {
	case <-c.exited:
		t.Fatal("the collector ended at its start")
	default:
	}
}

// end decides that the process ends. From kill -9 on no closed connection proves
// anything.
func (c *collector) end(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sig == syscall.SIGKILL {
		c.kills++
	}
	c.expects = sig != syscall.SIGHUP
	return c.cmd.Process.Signal(sig)
}

// killed returns how many processes have been killed.
func (c *collector) killed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kills
}

// kill ends the process as a power cut of the process would.
func (c *collector) kill() {
	_ = c.end(syscall.SIGKILL) // it may have ended
	<-c.exited
}

// stop ends the process as an operator does.
func (c *collector) stop(t *testing.T) {
	t.Helper()
	c.terminate(t)
	require.Zero(t, c.cmd.ProcessState.ExitCode(), "the exit status after SIGTERM")
}

// terminate ends the process whatever its exit status.
func (c *collector) terminate(t *testing.T) {
	t.Helper()
	if err := c.end(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) { // it may be ending already
		require.NoError(t, err)
	}
	select {
	case <-c.exited:
	case <-time.After(patience):
		t.Fatal("the collector does not stop")
	}
}

// reload has the process read its configuration anew.
func (c *collector) reload(t *testing.T) {
	t.Helper()
	before := strings.Count(c.log.String(), readyText)
	require.NoError(t, c.end(syscall.SIGHUP))
	require.Eventually(t, func() bool { return strings.Count(c.log.String(), readyText) > before }, patience, 20*time.Millisecond, "does not reload")
	c.waitReady(t)
}

// cursor is what the control server says of one.
type cursor struct {
	Destination  string
	State        string
	Position     uint64
	Began        uint64
	Delivered    uint64
	DeadLettered uint64 `json:"dead_lettered"`
	Damaged      uint64
	Others       uint64
	Pending      uint64
}

// cursors returns the cursors by destination; nil when there is no answer.
func (c *collector) cursors() map[string]cursor {
	resp, err := client.Get("http://" + c.control() + "/cursors")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var s struct{ Cursors []cursor }
	if json.NewDecoder(resp.Body).Decode(&s) != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	all := make(map[string]cursor)
	for _, one := range s.Cursors {
		all[one.Destination] = one
	}
	return all
}

// unaccounted returns what siem_health cannot account for, by destination and by
// way in; nil when it does not answer.
func (c *collector) unaccounted() map[string]int64 {
	resp, err := client.Get("http://" + c.siems() + "/api/v1/siem/health")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var s struct {
		Destinations []struct {
			Pipeline    string
			Unaccounted int64
		}
		Intakes []struct {
			Protocol    string
			Unaccounted int64
		}
	}
	if json.NewDecoder(resp.Body).Decode(&s) != nil {
		return nil
	}
	all := make(map[string]int64)
	for _, d := range s.Destinations {
		all[d.Pipeline] = d.Unaccounted
	}
	for _, i := range s.Intakes {
		all[i.Protocol] = i.Unaccounted
	}
	return all
}

// client is the tests' own, without connections that outlive a process.
var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// The ports of the tests: below those that the system hands out by itself, and
// each one once.
const firstPort, lastPort = 10_000, 32_000

var nextPort atomic.Int64

func init() { nextPort.Store(int64(os.Getpid()) * 61) } // apart from another run's

func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, 0, n)
	for range lastPort - firstPort {
		port := firstPort + int(nextPort.Add(1)%(lastPort-firstPort))
		if isFree(port) {
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports
		}
	}
	t.Fatal("no free ports")
	return nil
}

func isFree(port int) bool {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	defer l.Close()
	p, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	defer p.Close()
	return true
}
