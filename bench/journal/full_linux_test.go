// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A disk is full in one of two ways: "limit" is the process's limit on a file's
// size, which any user can set, and "disk" a small file system in memory, in a
// namespace of its own, filled up by another file.
const (
	fileLimit = 1 << 20
	diskSize  = 32 << 20
	diskLeft  = 1 << 20
	manyFull  = 20_000
)

// childDisk mounts the small file system and runs the others there: it goes
// with this process, whatever becomes of them.
func childDisk(e engine, dir string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", diskSize)); err != nil {
		say("unmounted", err)
		return nil
	}
	for _, task := range []string{"full " + e.name + " " + dir + " disk", "read " + e.name + " " + filepath.Join(dir, "data")} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), childEnv+"="+task)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := cmd.Run(); err != nil {
			say("crash", crash(context.Background(), err, stderr.String()))
		}
		_ = os.Remove(filepath.Join(dir, "ballast")) // where it crashed before it did so
	}
	return nil
}

// childFull appends until that fails, makes room, and appends again. It says
// which events were acknowledged.
func childFull(e engine, dir, how string) error {
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	s, err := e.open(data, 4<<20)
	if err != nil {
		return err
	}
	n := 0
	add := func() error {
		err := s.append([][]byte{event(n)})
		if err == nil {
			say("ack", n)
		}
		n++
		return err
	}
	for range 200 {
		if err := add(); err != nil {
			return err
		}
	}
	free, err := fillUp(filepath.Join(dir, "ballast"), how)
	if err != nil {
		return err
	}
	for range manyFull {
		if err = add(); err != nil {
			break
		}
	}
	say("full", err)
	_ = add()
	if err := free(); err != nil {
		return err
	}
	freed := time.Now()
	for err = add(); err != nil && time.Since(freed) < 3*time.Second; err = add() {
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		say("sick", err)
	} else {
		say("healed", time.Since(freed).Round(time.Millisecond))
		for range 100 {
			if err := add(); err != nil {
				say("sick", err)
				break
			}
		}
	}
	return nil
}

// fillUp leaves a little room, and returns what gives it back.
func fillUp(ballast, how string) (free func() error, err error) {
	if how == "limit" {
		signal.Ignore(syscall.SIGXFSZ)
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return nil, err
		}
		old := limit
		limit.Cur = fileLimit
		return func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) },
			syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	}
	f, err := os.Create(ballast)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	written := int64(0)
	for chunk := make([]byte, 64<<10); err == nil; written += int64(len(chunk)) {
		_, err = f.Write(chunk)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return nil, err
	}
	return func() error { return os.Remove(ballast) }, f.Truncate(written - diskLeft)
}

// TestFull reports what a full disk does. It fails for no engine: the table is
// the result.
func TestFull(t *testing.T) {
	for _, e := range engines {
		for _, how := range []string{"limit", "disk"} {
			t.Run(e.name+"/"+how, func(t *testing.T) {
				dir := t.TempDir()
				var wrap []string
				task := []string{"full", e.name, dir, how}
				if how == "disk" {
					unshare, err := exec.LookPath("unshare")
					if err != nil {
						t.Skip("no unshare: ", err)
					}
					task = []string{"disk", e.name, dir}
					wrap = []string{unshare, "--user", "--map-root-user", "--mount"}
				}
				r := child(t, wrap, task...)
				if why, ok := r.said["unmounted"]; ok {
					t.Skip("no file system of our own: ", why)
				}
				read := r
				if how == "limit" {
					read = child(t, nil, "read", e.name, filepath.Join(dir, "data"))
				}
				t.Logf("%s", fullSummary(r, read))
			})
		}
	}
}

func fullSummary(r, read result) string {
	lost := 0
	for n := range r.acked {
		if !read.events[n] {
			lost++
		}
	}
	s := fmt.Sprintf("full: %s", short(r.said["full"]))
	if r.crash != "" {
		s += ", CRASHED: " + short(r.crash)
	}
	if healed, ok := r.said["healed"]; ok {
		s += ", healed after " + healed
	}
	if sick, ok := r.said["sick"]; ok {
		s += ", NOT HEALED: " + short(sick)
	}
	s += fmt.Sprintf("; read back: %d acknowledged, %d of them lost", len(r.acked), lost)
	if read.wrong > 0 {
		s += fmt.Sprintf(", %d wrong ones passed as good", read.wrong)
	}
	if read.failed != "" {
		s += ", OPEN FAILED: " + short(read.failed)
	}
	if len(read.losses) > 0 {
		s += fmt.Sprintf(", reported %d times: %s", len(read.losses), short(read.losses[0]))
	}
	return s
}
