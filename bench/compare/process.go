// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	// stall is how long a contender may show no progress.
	stall = time.Minute
	poll  = 20 * time.Millisecond
)

// process is a contender at work.
type process struct {
	cmd    *exec.Cmd
	dir    string
	out    string // file that it writes
	port   string // on which it listens, if it does
	log    string
	exited chan struct{}
}

// start runs a contender in a folder of its own. in is the file it reads, if it
// reads one.
func (b *bench) start(c contender, in string) (*process, error) {
	dir, err := os.MkdirTemp(b.dir, "run")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, out: filepath.Join(dir, "out.jsonl"), port: ports[0], log: filepath.Join(dir, "log"), exited: make(chan struct{})}
	if p.cmd, err = c.command(b.options, dir, p.port); err != nil {
		return nil, err
	}
	p.cmd.Env = append(os.Environ(), "IN="+in, "OUT="+p.out, "DIR="+dir, "PORT="+p.port, "METRICS_PORT="+ports[1])
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // stop looks at how it ended
		close(p.exited)
	}()
	return p, nil
}

// freePorts are free at the moment.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Close() }() // nobody came
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// listening waits until the process takes connections.
func (p *process) listening(ctx context.Context) error {
	deadline := time.Now().Add(stall)
	for {
		conn, err := net.Dial("tcp", "127.0.0.1:"+p.port)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return p.failed(err)
		}
		if err := p.sleep(ctx); err != nil {
			return err
		}
	}
}

// sleep waits for a moment, and fails when the process has ended.
func (p *process) sleep(ctx context.Context) error {
	select {
	case <-time.After(poll):
		return nil
	case <-p.exited:
		return p.failed(errors.New("it has ended"))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed adds the end of the process's log to an error.
func (p *process) failed(err error) error {
	const most = 2000
	log, _ := os.ReadFile(p.log) // it may say why
	return fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), err, log[max(0, len(log)-most):])
}

// stop ends the process and returns the processor time of all its life, and the
// most memory it had.
func (p *process) stop() (cpu time.Duration, peak int64, err error) {
	peak, err = p.peak()
	if err != nil {
		return 0, 0, p.failed(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, 0, p.failed(err)
	}
	select {
	case <-p.exited:
	case <-time.After(stall):
		return 0, 0, p.failed(errors.New("it does not stop"))
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), peak, nil
}

// peak is the most memory that the process had resident, in bytes. The figure of
// wait4 is not used: it begins with what the parent had.
func (p *process) peak() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(status) {
		var kib int64
		if _, err := fmt.Sscanf(string(line), "VmHWM: %d kB", &kib); err == nil {
			return kib << 10, nil
		}
	}
	return 0, errors.New("VmHWM: found nothing, expected the peak of memory")
}

// end removes what the process left behind, and the process if it still runs.
func (p *process) end() error {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
	return os.RemoveAll(p.dir)
}
