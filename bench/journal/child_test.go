// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	total     = 2000 // events of a damage test
	eventSize = 600
	childEnv  = "JOURNAL_CHILD"
)

// TestMain runs a child's task when the environment names one: an engine that
// crashes takes its child along, and not the harness.
func TestMain(m *testing.M) {
	if task := os.Getenv(childEnv); task != "" {
		if err := runChild(strings.Fields(task)); err != nil {
			say("failed", err)
		}
		say("done", "")
		os.Exit(0) // without closing: as if killed
	}
	os.Exit(m.Run())
}

// say writes one line to the parent.
func say(what string, detail any) {
	fmt.Printf("\n%s %s\n", what, strings.ReplaceAll(fmt.Sprint(detail), "\n", " "))
}

func runChild(args []string) error {
	e, err := find(args[1])
	if err != nil {
		return err
	}
	dir := args[2]
	switch args[0] {
	case "fill":
		return childFill(e, dir, args[3])
	case "read":
		return childRead(e, dir)
	case "append":
		senders, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(args[4])
		if err != nil {
			return err
		}
		return childAppend(e, dir, senders, count)
	case "disk":
		return childDisk(e, dir)
	case "remove":
		return childRemove(e, dir)
	case "full":
		return childFull(e, dir, args[3])
	}
	return fmt.Errorf("found the task %q", args[0])
}

// event makes the n-th event: its number and text that compresses badly.
func event(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	e := fmt.Appendf(make([]byte, 0, eventSize), "event-%08d-", n)
	for len(e) < eventSize {
		e = append(e, byte('!'+r.UintN(94)))
	}
	return e
}

// number returns the number of an undamaged event.
func number(data []byte) (int, bool) {
	if len(data) != eventSize {
		return 0, false
	}
	n, err := strconv.Atoi(string(data[6:14]))
	return n, err == nil && string(data) == string(event(n))
}

func childFill(e engine, dir string, end string) error {
	s, err := e.open(dir, 0)
	if err != nil {
		return err
	}
	for n := 0; n < total; n += 10 {
		var batch [][]byte
		for i := range 10 {
			batch = append(batch, event(n+i))
		}
		if err := s.append(batch); err != nil {
			return err
		}
	}
	switch end {
	case "close":
		return s.close()
	case "settle":
		return s.settle()
	}
	return nil
}

func childRead(e engine, dir string) error {
	return e.read(dir, found{
		event: func(data []byte) {
			if n, ok := number(data); ok {
				say("event", n)
			} else {
				say("wrong", len(data))
			}
		},
		loss: func(err error) { say("loss", err) },
	})
}

// sender returns what each of many senders calls with an event.
func sender(e engine, s store) func([]byte) error {
	if e.grouped {
		return func(e []byte) error { return s.append([][]byte{e}) }
	}
	g := &group{append: s.append}
	return g.add
}

// send appends count events from as many senders.
func send(add func([]byte) error, senders, count int) error {
	events := make([][]byte, 512)
	for i := range events {
		events[i] = event(i)
	}
	var n atomic.Int64
	var mu sync.Mutex
	var failed error
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := n.Add(1); i <= int64(count); i = n.Add(1) {
				if err := add(events[i%int64(len(events))]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func childAppend(e engine, dir string, senders, count int) error {
	s, err := e.open(dir, 0)
	if err != nil {
		return err
	}
	return send(sender(e, s), senders, count)
}

// result is what a child said.
type result struct {
	events map[int]bool
	wrong  int
	losses []string
	acked  map[int]bool
	said   map[string]string // everything else, the last of each
	failed string            // an error: opening failed
	crash  string            // the process ended, or hung
}

const childTimeout = 30 * time.Second

// child runs a task in a process of its own; wrap comes in front of the
// command.
func child(t *testing.T, wrap []string, task ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), childTimeout)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := append(wrap, self)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(task, " "))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	r := parse(string(out))
	if _, done := r.said["done"]; !done {
		r.crash = crash(ctx, err, stderr.String())
	}
	return r
}

func parse(out string) result {
	r := result{events: make(map[int]bool), acked: make(map[int]bool), said: make(map[string]string)}
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		what, detail, _ := strings.Cut(lines.Text(), " ")
		n, _ := strconv.Atoi(detail)
		switch what {
		case "event":
			r.events[n] = true
		case "ack":
			r.acked[n] = true
		case "wrong":
			r.wrong++
		case "loss":
			r.losses = append(r.losses, detail)
		case "failed":
			r.failed = detail
		case "crash":
			r.crash = detail
		default:
			r.said[what] = detail
		}
	}
	return r
}

func crash(ctx context.Context, err error, stderr string) string {
	if ctx.Err() != nil {
		return "hung"
	}
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "unexpected fault address") {
			return strings.TrimSpace(line)
		}
	}
	return fmt.Sprint(err)
}

// short cuts a message for a table.
func short(s string) string {
	if len(s) > 110 {
		return s[:110] + "…"
	}
	return s
}
