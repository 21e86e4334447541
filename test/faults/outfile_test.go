// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"
	"time"
)

// outFile is the destination that is a file of JSON lines: it is read as it
// grows, so that it is known what came when.
type outFile struct {
	*arrivals
	path   string
	offset int64
	stop   chan struct{}
	done   chan struct{}
}

func followFile(t *testing.T, path string) *outFile {
	t.Helper()
	f := &outFile{arrivals: newArrivals(), path: path, stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for {
			if err := f.look(); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-f.stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() { _ = f.end() })
	return f
}

// look reads whole lines. The exporter never takes a whole line back, but for a
// full disk, and that of this file is not.
func (f *outFile) look() error {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) && f.offset == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < f.offset {
		return fmt.Errorf("%s: found %d bytes, expected at least the %d that were whole lines", f.path, info.Size(), f.offset)
	}
	data := make([]byte, info.Size()-f.offset)
	n, _ := file.ReadAt(data, f.offset) // what is not there yet comes with the next look
	end := bytes.LastIndexByte(data[:n], '\n') + 1
	keys, err := keysOf(data[:end])
	if err != nil {
		return err
	}
	f.offset += int64(end)
	f.add(keys, false)
	return nil
}

// end reads what there is and stops. The file must end with a whole line.
func (f *outFile) end() error {
	select {
	case <-f.stop:
		return nil
	default:
	}
	close(f.stop)
	<-f.done
	if err := f.look(); err != nil {
		return err
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if info.Size() != f.offset {
		return fmt.Errorf("%s: found %d bytes behind the last whole line", f.path, info.Size()-f.offset)
	}
	return nil
}
