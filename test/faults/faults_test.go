// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFaults prints the table: each fault, over each protocol.
func TestFaults(t *testing.T) {
	t.Logf("FAULTS_SEED=%d repeats the random moments", seed)
	all := [][]fault{processFaults, destinationFaults, diskFaults, {memoryFault}, clockFaults}
	for _, group := range all {
		for _, f := range group {
			t.Run(f.name, func(t *testing.T) { results.add(runFault(t, &f)...) })
		}
	}
}

// processFaults hit the collector's process.
var processFaults = []fault{
	{name: "none", ordered: true, act: func(r *run) { r.wait(long(10*time.Second, 2*time.Second)) }},
	{name: fmt.Sprintf("kill -9, %d times", kills), act: killed},
	{name: fmt.Sprintf("SIGTERM, %d times", stops), act: stopped},
	{name: fmt.Sprintf("SIGTERM in a flood of syslog, %d times", stops), act: flooded},
	{name: fmt.Sprintf("reload, %d times", stops), act: reloaded},
}

var (
	kills = long(25, 4)
	stops = long(8, 2)
)

// killed kills the process at random moments: one in four of them while it starts,
// and one in four while the destination is down, so that much waits for it.
func killed(r *run) {
	for i := range kills {
		if i%4 == 1 {
			r.sink.down()
			r.allowBatch()
		}
		r.wait(r.upTo(time.Second))
		r.kill()
		if i%4 == 1 {
			r.sink.up()
		}
		if i%4 == 2 && i+1 < kills {
			r.collector.start(r.t)
		} else {
			r.start()
		}
	}
	r.flows()
}

func (r *run) upTo(d time.Duration) time.Duration { return time.Duration(r.random.Int64N(int64(d))) }

// stopped ends the process in order.
func stopped(r *run) {
	for range stops {
		r.wait(r.upTo(2 * time.Second))
		r.stop()
		r.start()
	}
	r.flows()
}

// flooded ends the process in order while a sender of syslog writes as fast as it
// can, so that much is in the buffers of the system.
func flooded(r *run) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(stops)*patience)
	defer cancel()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, name := range []string{"syslog/flood-a", "syslog/flood-b"} {
		flood := &source{name: name, size: 2000, ledger: r.ledger, send: (&syslogSender{r.collector, octets}).send}
		wg.Go(func() { flood.run(ctx, stop) })
	}
	for i := range stops {
		r.wait(pause + r.upTo(pause))
		if i%2 == 1 {
			r.stall()
		}
		r.stop()
		r.start()
	}
	close(stop)
	wg.Wait()
	r.flows()
}

// stall has the process stand still when it has begun to end, as on a machine that
// is moved or has other work to do.
func (r *run) stall() {
	process := r.collector.cmd.Process
	require.NoError(r.t, r.collector.end(syscall.SIGTERM))
	for range 5 {
		r.wait(r.upTo(50 * time.Millisecond))
		for _, signal := range []os.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
			if err := process.Signal(signal); !errors.Is(err, os.ErrProcessDone) {
				require.NoError(r.t, err)
			}
			r.wait(150 * time.Millisecond)
		}
	}
}

// reloaded changes the configuration under the process.
func reloaded(r *run) {
	for i := range stops {
		r.wait(r.upTo(2 * time.Second))
		r.configure(fmt.Sprintf("processors: {siem_filter: {exclude: [\"config.changed.%d\"]}}", i))
		r.reload()
	}
	r.flows()
}
