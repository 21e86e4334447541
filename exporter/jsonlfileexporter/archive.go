// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

const gzipSuffix = evidence.GzipSuffix

// partSuffix is that of a compressed file that is not whole yet.
const partSuffix = evidence.GzipSuffix + evidence.PartSuffix

// archive has the rotated files of one path: of events.jsonl they are
// events-2025-01-27T10-30-00.000.jsonl, with .gz where they are compressed.
type archive struct {
	dir, series string
	cfg         RotationConfig
	keep        time.Duration      // of events; 0 for ever
	key         ed25519.PrivateKey // nil without integrity
	removed     func(name, reason string, events uint64)
	last        time.Time // stamp of the newest
}

// rotated is a file of the archive; for a moment, or after a crash, there is
// one of each kind. Where the file was removed, its seal is left.
type rotated struct {
	stamp    time.Time
	names    []string // what there is of it, without its seal
	plain    bool     // it is not compressed, or the compressed one is not known to be whole
	sealed   bool
	held     bool // it cannot be sealed
	modified time.Time
}

func newArchive(path string, cfg RotationConfig) (*archive, error) {
	dir, series := filepath.Split(path)
	a := &archive{dir: filepath.Clean(dir), series: series, cfg: cfg, removed: func(string, string, uint64) {}}
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
		stamp, kind, ok := evidence.ParseName(a.series, name)
		if !ok || !entry.Type().IsRegular() {
			continue
		}
		if strings.HasSuffix(kind, evidence.PartSuffix) {
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
		if kind == evidence.SealSuffix {
			files[i].sealed = true
			continue
		}
		files[i].names = append(files[i].names, name)
		files[i].plain = files[i].plain || kind == ""
		if info.ModTime().After(files[i].modified) {
			files[i].modified = info.ModTime()
		}
	}
	return files, parts, nil
}

// name is that of the file put aside at a time, before it is compressed.
func (a *archive) name(stamp time.Time) string {
	return filepath.Join(a.dir, evidence.AsideName(a.series, stamp))
}

// take puts a file aside. Names go up whatever the clock does, so that the
// first in order is the oldest, and no file replaces another.
func (a *archive) take(path string, now time.Time) (aside string, err error) {
	stamp := now.UTC().Truncate(time.Millisecond)
	if !stamp.After(a.last) {
		stamp = a.last.Add(time.Millisecond)
	}
	aside = a.name(stamp)
	for exists(aside) || exists(aside+gzipSuffix) || exists(aside+evidence.SealSuffix) {
		stamp = stamp.Add(time.Millisecond)
		aside = a.name(stamp)
	}
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	a.last = stamp
	return aside, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// tidy seals what is not sealed, removes what is too old or too much, and
// compresses the rest. One file that cannot be helped does not keep it from the
// others. What cannot be sealed stays as it is: somebody has to look at it.
func (a *archive) tidy(ctx context.Context, now time.Time) error {
	files, parts, err := a.list()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range parts {
		errs = append(errs, os.Remove(filepath.Join(a.dir, name)))
	}
	if a.key != nil {
		errs = append(errs, a.sealAll(ctx, files, now))
	}
	files = slices.DeleteFunc(files, func(r rotated) bool { return len(r.names) == 0 })
	newer := a.newer(files)
	for i, r := range files {
		if ctx.Err() != nil {
			break
		}
		reason, err := a.expired(r, newer[i], now)
		switch {
		case err != nil || r.held:
			errs = append(errs, err)
		case reason != "":
			errs = append(errs, a.remove(ctx, r, reason, now))
		case a.cfg.Compress && r.plain:
			errs = append(errs, compress(ctx, a.name(r.stamp)))
		}
	}
	return errors.Join(errs...)
}

// expired names the setting by which a file is not kept any longer, if there is
// one. Newer is how many files are at least as new. Of a sealed file the seal's
// times count: who may write to the folder can set those of files, and would have
// a removal signed.
func (a *archive) expired(r rotated, newer int, now time.Time) (reason string, err error) {
	newest, written := r.modified, r.modified
	if (a.keep > 0 || a.cfg.MaxAge > 0) && r.sealed && a.key != nil {
		seal, err := evidence.ReadSealFile(a.name(r.stamp) + evidence.SealSuffix)
		if err != nil {
			return "", fmt.Errorf("reading the seal of %s: %w", a.name(r.stamp), err)
		}
		newest, written = seal.LastTime, seal.ClosedAt
	}
	switch {
	case a.keep > 0 && now.Sub(newest) > a.keep:
		return "retention", nil
	case a.cfg.MaxFiles > 0 && newer > a.cfg.MaxFiles:
		return "max_files", nil
	case a.cfg.MaxAge > 0 && now.Sub(written) > a.cfg.MaxAge:
		return "max_age", nil
	default:
		return "", nil
	}
}

// remove removes a file. Of a sealed one it first says so in its seal.
func (a *archive) remove(ctx context.Context, r rotated, reason string, now time.Time) error {
	events, err := count(ctx, filepath.Join(a.dir, r.names[0]))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		events = 0 // what cannot be read is not kept for that
	}
	if r.sealed && a.key != nil {
		if err := a.entomb(r, reason, now); err != nil {
			return err
		}
	}
	var errs []error
	for _, name := range r.names {
		errs = append(errs, os.Remove(filepath.Join(a.dir, name)))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	a.removed(filepath.Base(a.name(r.stamp)), reason, events)
	return nil
}

// count returns how many lines a file has.
func count(ctx context.Context, path string) (lines uint64, err error) {
	f, err := evidence.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, 64<<10)
	for in := (&interruptible{ctx, f}); ; {
		n, err := in.Read(buf)
		lines += uint64(bytes.Count(buf[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}
