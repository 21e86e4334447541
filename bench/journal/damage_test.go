// SPDX-License-Identifier: Apache-2.0

//go:build linux

package journal

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// file is one that holds events.
type file struct {
	path string
	data []byte // without the zeros at its end
	size int64  // with them
}

// eventFiles returns the files under a folder that hold a good part of the
// events, in the order of their names.
func eventFiles(t *testing.T, dir string) []file {
	t.Helper()
	var files []file
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		size := int64(len(data))
		if data = bytes.TrimRight(data, "\x00"); len(data) > 64<<10 {
			files = append(files, file{path, data, size})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const pageSize = 4096

type page struct {
	path   string
	offset int64
	size   int
}

// pageCount is how many pages are damaged, one at a time, of each engine.
func pageCount() int {
	if n, err := strconv.Atoi(os.Getenv("JOURNAL_PAGES")); err == nil && n > 1 {
		return n
	}
	return 8
}

// pages returns so many pages, from the first to the last one, evenly.
func pages(t *testing.T, dir, end string, count int) []page {
	t.Helper()
	var all []page
	for _, f := range eventFiles(t, dir) {
		if end == "settle" && filepath.Ext(f.path) == ".log" {
			continue // it has done its duty
		}
		for offset := 0; offset < len(f.data); offset += pageSize {
			all = append(all, page{f.path, int64(offset), min(pageSize, len(f.data)-offset)})
		}
	}
	var chosen []page
	for i := range count {
		chosen = append(chosen, all[i*(len(all)-1)/(count-1)])
	}
	return chosen
}

// tail returns the file that holds the last event.
func tail(t *testing.T, dir string) file {
	t.Helper()
	last := event(total - 1)[:20]
	for _, f := range eventFiles(t, dir) {
		if bytes.Contains(f.data, last) {
			return f
		}
	}
	t.Fatal("found no file with the last event")
	return file{}
}

func overwrite(t *testing.T, path string, offset int64, size int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, size), offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// relative returns the same file in a copy of its folder.
func relative(t *testing.T, from, path, to string) string {
	t.Helper()
	name, err := filepath.Rel(from, path)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(to, name)
}

// cost is what one kind of damage did, over all tries.
type cost struct {
	lost                                 []int
	wrong, openFailed, crashed, unspoken int
	says                                 string // what the engine said to the costliest
}

func (c *cost) add(r result) {
	lost := total - len(r.events)
	said := r.crash + r.failed
	if said == "" && len(r.losses) > 0 {
		said = r.losses[0]
	}
	switch {
	case r.crash != "":
		c.crashed++
	case r.failed != "":
		c.openFailed++
	case lost > 0 && len(r.losses) == 0:
		c.unspoken++
		said = "nothing"
	}
	if len(c.lost) == 0 || lost > slices.Max(c.lost) {
		c.says = said
	}
	c.lost = append(c.lost, lost)
	if r.wrong > 0 {
		c.wrong++
	}
}

func (c *cost) String() string {
	slices.Sort(c.lost)
	n := len(c.lost)
	return fmt.Sprintf("lost %4d in the median, %4d at most; of %d tries: open failed %d, crashed %d, loss unreported %d, wrong events passed as good %d; said: %s",
		c.lost[n/2], c.lost[n-1], n, c.openFailed, c.crashed, c.unspoken, c.wrong, short(c.says))
}

// TestDamage reports what each kind of damage costs. It fails only for an
// undamaged store that does not read back: the table is the result.
func TestDamage(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			ends := []string{"close", "kill"}
			if e.settles {
				ends = append(ends, "settle")
			}
			for _, end := range ends {
				testDamage(t, e, end)
			}
		})
	}
}

// testDamage damages copies of a store that was closed, killed or settled.
func testDamage(t *testing.T, e engine, end string) {
	t.Helper()
	origin := t.TempDir()
	if r := child(t, nil, "fill", e.name, origin, end); r.failed != "" || r.crash != "" {
		t.Fatalf("filling: %s%s", r.failed, r.crash)
	}
	try := func(damage func(dir string)) result {
		dir := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		damage(dir)
		return child(t, nil, "read", e.name, dir)
	}
	report := func(kind string, c cost) {
		if len(c.lost) > 0 {
			t.Logf("%-7s %-11s %s", end, kind, &c)
		}
	}

	var none, page, tailCut, tailZeroed cost
	none.add(try(func(string) {}))
	report("none", none)
	if none.lost[0] > 0 || none.wrong > 0 {
		t.Error("found events missing or wrong without damage")
	}
	for _, p := range pages(t, origin, end, pageCount()) {
		page.add(try(func(dir string) {
			overwrite(t, relative(t, origin, p.path, dir), p.offset, p.size)
		}))
	}
	report("page", page)
	if end == "settle" {
		return // the log's tail is of no account any more
	}
	last := tail(t, origin)
	end100 := int64(len(last.data)) - 100
	tailCut.add(try(func(dir string) {
		if err := os.Truncate(relative(t, origin, last.path, dir), end100); err != nil {
			t.Fatal(err)
		}
	}))
	report("tail_cut", tailCut)
	// What a crash leaves of a file that was longer beforehand.
	sector := end100 / 512 * 512
	tailZeroed.add(try(func(dir string) {
		overwrite(t, relative(t, origin, last.path, dir), sector, len(last.data)-int(sector))
	}))
	report("tail_zeroed", tailZeroed)
}
