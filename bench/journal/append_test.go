// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// BenchmarkAppend measures events a second, one event a call. Compare with
// engine=file of the same run.
func BenchmarkAppend(b *testing.B) {
	for _, senders := range []int{1, 64} {
		for _, e := range append([]engine{floor, jetStreamPlain}, engines...) {
			b.Run(fmt.Sprintf("senders=%d/engine=%s", senders, e.name), func(b *testing.B) {
				s, err := e.open(b.TempDir(), 0)
				if err != nil {
					b.Fatal(err)
				}
				add := sender(e, s)
				b.ResetTimer()
				if err := send(add, senders, b.N); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
				if err := s.close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// TestSyncs reports how many syncs an event takes, as the kernel sees it.
func TestSyncs(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("no strace: ", err)
	}
	count := func(e engine, senders, events int) int {
		out := filepath.Join(t.TempDir(), "syncs")
		r := child(t, []string{strace, "-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", out},
			"append", e.name, t.TempDir(), strconv.Itoa(senders), strconv.Itoa(events))
		if r.crash != "" || r.failed != "" {
			t.Skip("strace: ", r.crash, r.failed)
		}
		trace, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return len(calls.FindAll(trace, -1))
	}
	for _, e := range append([]engine{floor, jetStreamPlain}, engines...) {
		before := count(e, 1, 0)
		one := float64(count(e, 1, 200)-before) / 200
		many := float64(count(e, 64, 3200)-before) / 3200
		t.Logf("%-16s syncs an event: %.2f with one sender, %.3f with 64; %d at the start", e.name, one, many, before)
	}
}

// calls matches where a call begins, not where strace resumes it.
var calls = regexp.MustCompile(`(?m)^\d+ +(fsync|fdatasync)\(`)
