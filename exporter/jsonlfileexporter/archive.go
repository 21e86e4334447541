// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stampLayout is the time of rotation, UTC, in the name of a rotated file.
const stampLayout = "2006-01-02T15-04-05.000"

const (
	gzipSuffix = ".gz"
	// partSuffix is that of a compressed file that is not whole yet.
	partSuffix = gzipSuffix + ".part"
)

// archive has the rotated files of one path: of events.jsonl they are
// events-2025-01-27T10-30-00.000.jsonl, with .gz where they are compressed.
type archive struct {
	dir, prefix, ext string
	cfg              RotationConfig
	last             time.Time // stamp of the newest
}

// rotated is a file of the archive; for a moment, or after a crash, there is
// one of each kind.
type rotated struct {
	stamp    time.Time
	names    []string // what there is of it
	plain    bool     // it is not compressed, or the compressed one is not known to be whole
	modified time.Time
}

func newArchive(path string, cfg RotationConfig) (*archive, error) {
	dir, base := filepath.Split(path)
	ext := filepath.Ext(base)
	a := &archive{dir: filepath.Clean(dir), prefix: strings.TrimSuffix(base, ext) + "-", ext: ext, cfg: cfg}
	files, _, err := a.list()
	if err != nil {
		return nil, err
	}
	if len(files) > 0 {
		a.last = files[len(files)-1].stamp
	}
	return a, nil
}

// list returns the rotated files, oldest first, and what is left of
// compressions that did not end.
func (a *archive) list() (files []rotated, parts []string, err error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("listing rotated files: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		stamp, kind, ok := a.parse(name)
		if !ok || !entry.Type().IsRegular() {
			continue
		}
		if kind == partSuffix {
			parts = append(parts, name)
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // it went meanwhile
		}
		i, found := slices.BinarySearchFunc(files, stamp, func(r rotated, t time.Time) int { return r.stamp.Compare(t) })
		if !found {
			files = slices.Insert(files, i, rotated{stamp: stamp})
		}
		files[i].names = append(files[i].names, name)
		files[i].plain = files[i].plain || kind == ""
		if info.ModTime().After(files[i].modified) {
			files[i].modified = info.ModTime()
		}
	}
	return files, parts, nil
}

// parse takes the name of a rotated file apart.
func (a *archive) parse(name string) (stamp time.Time, kind string, ok bool) {
	rest, ok := strings.CutPrefix(name, a.prefix)
	if !ok || len(rest) < len(stampLayout) {
		return time.Time{}, "", false
	}
	stamp, err := time.Parse(stampLayout, rest[:len(stampLayout)])
	kind, ok = strings.CutPrefix(rest[len(stampLayout):], a.ext)
	if err != nil || !ok || kind != "" && kind != gzipSuffix && kind != partSuffix {
		return time.Time{}, "", false
	}
	return stamp, kind, true
}

// name is that of the file put aside at a time, before it is compressed.
func (a *archive) name(stamp time.Time) string {
	return filepath.Join(a.dir, a.prefix+stamp.Format(stampLayout)+a.ext)
}

// take puts a file aside. Names go up whatever the clock does, so that the
// first in order is the oldest, and no file replaces another.
func (a *archive) take(path string, now time.Time) error {
	stamp := now.UTC().Truncate(time.Millisecond)
	if !stamp.After(a.last) {
		stamp = a.last.Add(time.Millisecond)
	}
	for exists(a.name(stamp)) || exists(a.name(stamp)+gzipSuffix) {
		stamp = stamp.Add(time.Millisecond)
	}
	if err := os.Rename(path, a.name(stamp)); err != nil {
		return err
	}
	a.last = stamp
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// tidy removes what is too old or too much, and compresses the rest. One file
// that cannot be helped does not keep it from the others.
func (a *archive) tidy(ctx context.Context, now time.Time) (removed int, err error) {
	files, parts, err := a.list()
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, name := range parts {
		errs = append(errs, os.Remove(filepath.Join(a.dir, name)))
	}
	for i, r := range files {
		tooMany := a.cfg.MaxFiles > 0 && i < len(files)-a.cfg.MaxFiles
		tooOld := a.cfg.MaxAge > 0 && now.Sub(r.modified) > a.cfg.MaxAge
		switch {
		case tooMany || tooOld:
			if err := a.remove(r); err != nil {
				errs = append(errs, err)
				continue
			}
			removed++
		case a.cfg.Compress && r.plain && ctx.Err() == nil:
			errs = append(errs, compress(ctx, a.name(r.stamp)))
		}
	}
	return removed, errors.Join(errs...)
}

func (a *archive) remove(r rotated) error {
	var errs []error
	for _, name := range r.names {
		errs = append(errs, os.Remove(filepath.Join(a.dir, name)))
	}
	return errors.Join(errs...)
}
