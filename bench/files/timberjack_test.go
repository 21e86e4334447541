// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/DeRuina/timberjack"
)

// TestTimberjack reports what decision 3 reads: how far timberjack, which
// contrib's file exporter rotates with, would do for jsonl_file. It fails for
// nothing: what it logs is the result.
func TestTimberjack(t *testing.T) {
	t.Run("a batch larger than a file", func(t *testing.T) {
		l := &timberjack.Logger{Filename: filepath.Join(t.TempDir(), "events.jsonl"), MaxSize: 1}
		defer l.Close()
		_, err := l.Write(make([]byte, 1<<20+1))
		t.Log(err)
	})
	t.Run("files put aside within one millisecond", func(t *testing.T) {
		dir := t.TempDir()
		l := &timberjack.Logger{Filename: filepath.Join(dir, "events.jsonl"), MaxSize: 1}
		const rotations = 1000
		for range rotations {
			if _, err := l.Write([]byte("{}\n")); err != nil {
				t.Fatal(err)
			}
			if err := l.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d rotations, %d files: the others were replaced", rotations, len(entries)-1)
	})
	t.Run("a write taken back from outside", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "events.jsonl")
		l := &timberjack.Logger{Filename: path, MaxSize: 1}
		defer l.Close()
		for range 3 { // a retry of the same batch, of which nothing stays
			if _, err := l.Write([]byte(strings.Repeat("x", 500<<10))); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("rotated %d empty files", len(entries)-1)
	})
	t.Run("after it is closed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		l := &timberjack.Logger{Filename: path, MaxSize: 1, FileMode: 0o600}
		l.Close()
		for range 3 {
			if _, err := l.Write(make([]byte, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bytes of at most %d, mode %s", info.Size(), 1<<20, info.Mode())
	})
}
