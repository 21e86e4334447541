// SPDX-License-Identifier: Apache-2.0

//go:build e2e || load

// Package e2e starts the real binary, posts bytes to it and reads the bytes it
// keeps.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	binary        = "../../bin/otelcol-mockforge"
	defaultConfig = "../../otelcol-config.yaml"
	startTimeout  = 30 * time.Second
)

// collector is one running process.
type collector struct {
	cmd      *exec.Cmd
	log      *syncBuffer
	exited   chan struct{}
	endpoint string
	health   string
	metrics  string
	control  string
	syslog   string
	siem     string // health of the destinations
	file     string
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

// options change how a collector is started.
type options struct {
	dir     string   // where it keeps its data; a new folder by default
	configs []string // after the default one
	only    string   // instead of the default one
	env     []string
	shell   string // run before the binary in the same process
	ports   []int  // free ones by default
	noWait  bool   // until it is healthy
}

// portCount is how many ports a collector listens on.
const portCount = 6

// start runs the default configuration on free ports and waits until it is
// healthy.
func start(t *testing.T, o options) *collector {
	t.Helper()
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	ports := o.ports
	if ports == nil {
		ports = freePorts(t, portCount)
	}
	c := &collector{
		log:      &syncBuffer{},
		exited:   make(chan struct{}),
		endpoint: fmt.Sprintf("127.0.0.1:%d", ports[0]),
		health:   fmt.Sprintf("127.0.0.1:%d", ports[1]),
		metrics:  fmt.Sprintf("127.0.0.1:%d", ports[2]),
		control:  fmt.Sprintf("127.0.0.1:%d", ports[3]),
		syslog:   fmt.Sprintf("127.0.0.1:%d", ports[4]),
		siem:     fmt.Sprintf("127.0.0.1:%d", ports[5]),
		file:     filepath.Join(o.dir, "data", "siem-events.jsonl"),
	}
	first := defaultConfig
	if o.only != "" {
		first = o.only
	}
	args := []string{binary, "--config", first}
	for _, config := range o.configs {
		args = append(args, "--config", config)
	}
	if o.shell != "" {
		args = append([]string{"/bin/bash", "-c", o.shell + `; exec "$0" "$@"`}, args...)
	}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	c.cmd.Env = append(append(os.Environ(),
		"MOCKFORGE_HTTP_ENDPOINT="+c.endpoint,
		"MOCKFORGE_HEALTH_ENDPOINT="+c.health,
		"MOCKFORGE_SYSLOG_ENDPOINT="+c.syslog,
		"MOCKFORGE_CONTROL_ENDPOINT="+c.control,
		"MOCKFORGE_SIEM_HEALTH_ENDPOINT="+c.siem,
		"MOCKFORGE_JOURNAL="+filepath.Join(o.dir, "data", "journal"),
		"MOCKFORGE_METRICS_HOST=127.0.0.1",
		fmt.Sprintf("MOCKFORGE_METRICS_PORT=%d", ports[2]),
		"MOCKFORGE_EVENTS_FILE="+c.file), o.env...)
	require.NoError(t, c.cmd.Start(), "run make build first")
	go func() {
		_ = c.cmd.Wait() // the tests look at the log
		close(c.exited)
	}()
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Log(c.log)
		}
	})
	if !o.noWait {
		c.waitHealthy(t)
	}
	return c
}

// The ports of the tests: below those that the system hands out by itself, and
// each one once, so that no two tests and no connection take the same one.
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

func (c *collector) waitHealthy(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + c.health)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, startTimeout, 20*time.Millisecond, "not healthy:\n%s", c.log)
}

// kill ends the process as a power cut would.
func (c *collector) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	<-c.exited
}

// stop ends the process as an operator does.
func (c *collector) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-c.exited:
	case <-time.After(startTimeout):
		t.Fatal("does not stop")
	}
	require.Zero(t, c.cmd.ProcessState.ExitCode(), "%s", c.log)
}

// post sends a request and returns status and body; status 0 when there was no
// answer.
func (c *collector) post(body string, header ...string) (int, string) {
	return c.do(http.MethodPost, body, header...)
}

func (c *collector) do(method, body string, header ...string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.endpoint+"/api/v1/events", strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, strings.TrimSpace(string(answer))
}

// lines waits until everything in the journal is delivered, and returns what
// the file has.
func (c *collector) lines(t *testing.T) []string {
	t.Helper()
	c.settle(t)
	data, err := os.ReadFile(c.file)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	if len(data) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// cursor is what the control server says of one.
type cursor struct {
	Destination                                                        string
	Position, Began, Delivered, DeadLettered, Damaged, Others, Pending uint64
	RateLimited                                                        uint64 `json:"rate_limited"`
}

type cursors struct {
	First, End, Appended, Syncs uint64
	Cursors                     []cursor
}

func (c *collector) cursors(t *testing.T) (s cursors) {
	t.Helper()
	resp, err := http.Get("http://" + c.control + "/cursors")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(bytes.ReplaceAll(body, []byte("dead_lettered"), []byte("deadLettered")), &s))
	return s
}

// metric returns the lines of the collector's own metrics that begin with name.
func (c *collector) metric(t *testing.T, name string) []string {
	t.Helper()
	resp, err := http.Get("http://" + c.metrics + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	var found []string
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		if strings.HasPrefix(s.Text(), name) {
			found = append(found, s.Text())
		}
	}
	return found
}
