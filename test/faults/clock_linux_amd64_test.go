// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// clockFaults set the clock that the process sees: forward, and back behind
// where it was. Nothing else on the machine may feel that, so it is not the
// system's clock that is set: the code by which the kernel has each process read
// the clock (vdso(7)) is replaced in this one process.
var clockFaults = []fault{{name: "clock jumps", act: func(r *run) {
	clock, err := r.takeClock()
	if err != nil {
		results.note("The clock was not made to jump: %v.", err)
		r.t.Skip(err)
	}
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 400 * 24 * time.Hour, -3 * 365 * 24 * time.Hour, 0} {
		clock.set(jump)
		r.flows()
		r.wait(pause)
	}
	clock.set(-24 * time.Hour)
	r.flows()
	r.kill() // and the next process is a day ahead of the journal's times
	r.start()
	r.flows()
}}}

// clockCode asks the kernel itself, and adds to the wall clock's seconds what
// stands behind it.
var clockCode = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, 228 (clock_gettime)
	0x0f, 0x05, // syscall
	0x85, 0xff, // test edi, edi (CLOCK_REALTIME is 0)
	0x75, 0x0a, // jne to the end
	0x48, 0x8b, 0x15, 0x04, 0x00, 0x00, 0x00, // mov rdx, [rip+4]
	0x48, 0x01, 0x16, // add [rsi], rdx
	0xc3, // ret
}

// clock is that of one process.
type clock struct {
	r      *run
	memory string
	offset int64 // of the seconds that are added
}

// takeClock puts the code in the place of the process's own. An error says that
// this kernel does not have it.
func (r *run) takeClock() (*clock, error) {
	r.t.Helper()
	pid := r.collector.cmd.Process.Pid
	from, to, err := vdso(pid)
	if err != nil {
		return nil, err
	}
	c := &clock{r: r, memory: fmt.Sprintf("/proc/%d/mem", pid)}
	image := make([]byte, to-from)
	c.access(func(f *os.File) error { _, err := f.ReadAt(image, from); return err })
	at, err := symbol(image, "__vdso_clock_gettime")
	if err != nil {
		return nil, err
	}
	c.offset = from + at + int64(len(clockCode))
	c.halted(from, to, func() {
		c.access(func(f *os.File) error {
			_, err := f.WriteAt(append(bytes.Clone(clockCode), make([]byte, 8)...), from+at)
			return err
		})
	})
	return c, nil
}

// set makes the clock differ from the system's.
func (c *clock) set(by time.Duration) {
	c.r.t.Helper()
	seconds := binary.LittleEndian.AppendUint64(nil, uint64(int64(by/time.Second)))
	c.access(func(f *os.File) error { _, err := f.WriteAt(seconds, c.offset); return err })
	c.r.eventually("the process does not see the clock jump", func() bool {
		resp, err := client.Get("http://" + c.r.collector.control() + "/cursors")
		if err != nil {
			return false
		}
		seen, err := http.ParseTime(resp.Header.Get("Date"))
		return errors.Join(err, resp.Body.Close()) == nil && (time.Until(seen)-by).Abs() < time.Minute
	})
}

func (c *clock) access(do func(*os.File) error) {
	c.r.t.Helper()
	f, err := os.OpenFile(c.memory, os.O_RDWR, 0)
	require.NoError(c.r.t, err)
	require.NoError(c.r.t, errors.Join(do(f), f.Close()))
}

// halted stops the process at a moment when no thread is in the code.
func (c *clock) halted(from, to int64, do func()) {
	c.r.t.Helper()
	process := c.r.collector.cmd.Process
	for range 1000 {
		require.NoError(c.r.t, process.Signal(syscall.SIGSTOP))
		time.Sleep(20 * time.Millisecond)
		free := outside(process.Pid, from, to)
		if free {
			do()
		}
		require.NoError(c.r.t, process.Signal(syscall.SIGCONT))
		if free {
			return
		}
	}
	c.r.t.Fatal("there is always a thread that reads the clock")
}

// outside reports whether every thread stands elsewhere (proc_pid_syscall(5)).
func outside(pid int, from, to int64) bool {
	paths, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		fields := strings.Fields(string(text))
		if err != nil || len(fields) < 2 {
			return false // it runs
		}
		pc, err := strconv.ParseInt(fields[len(fields)-1], 0, 64)
		if err != nil || pc >= from && pc < to {
			return false
		}
	}
	return len(paths) > 0
}

// vdso returns where the kernel's code is in a process.
func vdso(pid int) (from, to int64, err error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(maps)) {
		if strings.HasSuffix(strings.TrimSpace(line), "[vdso]") {
			_, err := fmt.Sscanf(line, "%x-%x", &from, &to)
			return from, to, err
		}
	}
	return 0, 0, errors.New("the process has no vdso")
}

func symbol(image []byte, name string) (int64, error) {
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return 0, err
	}
	for _, s := range symbols {
		if s.Name == name && s.Size >= uint64(len(clockCode)+8) {
			return int64(s.Value), nil
		}
	}
	return 0, fmt.Errorf("found no function %s that is large enough", name)
}
