// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	removeTotal = 20_000
	removeFirst = 18_000
)

// childRemove fills parts of 1 MiB, removes nine tenths of the events, and says
// how long that took, what it wrote, and what is left on the disk.
func childRemove(e engine, dir string) error {
	s, err := e.open(dir, 1<<20)
	if err != nil {
		return err
	}
	for n := 0; n < removeTotal; n += 500 {
		var batch [][]byte
		for i := range 500 {
			batch = append(batch, event(n+i))
		}
		if err := s.append(batch); err != nil {
			return err
		}
	}
	if s.settle != nil {
		if err := s.settle(); err != nil {
			return err
		}
	}
	before, err := onDisk(dir)
	if err != nil {
		return err
	}
	wrote, err := written()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.remove(removeFirst); err != nil {
		return err
	}
	took := time.Since(began)
	time.Sleep(2 * time.Second) // for what engines do in the background
	after, err := onDisk(dir)
	if err != nil {
		return err
	}
	wroteAfter, err := written()
	if err != nil {
		return err
	}
	say("removed", fmt.Sprintf("took %7.2f ms, wrote %8d bytes, disk %d KiB before, %d KiB after",
		float64(took)/1e6, wroteAfter-wrote, before>>10, after>>10))
	return nil
}

// onDisk returns how much of the disk the files take.
func onDisk(dir string) (int64, error) {
	var bytes int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			bytes += info.Sys().(*syscall.Stat_t).Blocks * 512
		}
		return err
	})
	return bytes, err
}

// written returns how much this process has written (proc(5), "io").
func written() (n int64, err error) {
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if _, err := fmt.Sscanf(line, "wchar: %d", &n); err == nil {
			return n, nil
		}
	}
	return 0, errors.New("found no wchar")
}

// TestRemove reports what it costs to remove nine tenths of the events. It
// fails for no engine: the table is the result.
func TestRemove(t *testing.T) {
	for _, e := range engines {
		r := child(t, nil, "remove", e.name, t.TempDir())
		t.Logf("%-12s %s%s%s", e.name, r.said["removed"], r.failed, r.crash)
	}
}
