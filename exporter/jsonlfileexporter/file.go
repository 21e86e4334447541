// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// observer is told what becomes of a file.
type observer struct {
	rotated   func()
	takenBack func()
	repaired  func(path string, bytes int64)
	reopened  func(path, why string)
	unchained func(path string)
	removed   func(name, reason string, events uint64)
}

// file is the one that is written to. It is not safe for concurrent use.
type file struct {
	cfg      *Config
	observer observer
	keep     time.Duration      // of its events; 0 for ever
	key      ed25519.PrivateKey // nil without integrity

	path    string // without symbolic links; empty before the first open
	lock    *flock.Flock
	archive *archive

	f        *os.File // nil while there is none
	opened   fs.FileInfo
	size     int64 // of the whole batches in it
	mode     fs.FileMode
	torn     bool // a part of a batch may follow them
	unsynced bool
	written  time.Time // when it was written to last
	newest   time.Time // no event in it arrived later

	chain   evidence.Chain // behind the whole batches
	resumed bool           // chain is known
	before  struct {       // the last batch
		size  int64
		chain evidence.Chain
	}

	fsync func(*os.File) error
}

func newFile(cfg *Config, o observer) *file {
	return &file{cfg: cfg, observer: o, mode: newFileMode, fsync: (*os.File).Sync}
}

// isFull says whether an error is that of a full disk, quota or size limit.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// open opens the file, or makes it, and cuts off what a crash has left of a
// line.
func (w *file) open() error {
	if err := w.claim(); err != nil {
		return err
	}
	// What is no file must not be opened: a pipe would wait for a reader.
	if info, err := os.Stat(w.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("path: found %s, which is no regular file, expected one", w.path)
	}
	f, err := openOrMake(w.path, w.mode)
	if err != nil {
		return fmt.Errorf("opening the file: %w", err)
	}
	w.f, w.torn = f, false
	if err := w.adopt(); err != nil {
		w.f = nil
		return errors.Join(fmt.Errorf("opening %s: %w", w.path, err), f.Close())
	}
	return w.resume()
}

// adopt makes the open file one of whole lines, and durable in its folder.
func (w *file) adopt() error {
	info, err := w.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 { // it may be new, or a crash came before its name was durable
		if err := syncDirectory(filepath.Dir(w.path)); err != nil {
			return err
		}
	}
	end, unbroken, err := whole(w.f, info.Size())
	if err != nil {
		return err
	}
	if end < info.Size() {
		if err := w.f.Truncate(end); err != nil {
			return fmt.Errorf("cutting off a torn line: %w", err)
		}
		w.observer.repaired(w.path, info.Size()-end)
		w.unsynced = true
	}
	w.opened, w.size, w.mode = info, end, info.Mode().Perm()
	w.written, w.newest = info.ModTime(), info.ModTime()
	if end == 0 {
		w.newest = time.Time{}
	}
	if unbroken {
		return w.write([]byte{'\n'})
	}
	return nil
}

// add adds a batch, which was begun when the file was ready. After an error
// nothing of it is in the file, or, where even taking it back has failed, nothing
// will be before the next one is added.
func (w *file) add(b *batch) error {
	limit, size := int64(w.cfg.Rotation.MaxSize), int64(len(b.lines))
	if full := limit > 0 && w.size > 0 && w.size+size > limit; full || w.isOld(time.Now()) {
		if err := w.rotate(); err != nil {
			return err
		}
	}
	w.before.size, w.before.chain = w.size, w.chain
	if err := w.write(b.lines); err != nil {
		w.observer.takenBack()
		return errors.Join(fmt.Errorf("writing %d bytes: %w", len(b.lines), err), w.takeBack())
	}
	w.chain = b.chain
	if b.newest.After(w.newest) {
		w.newest = b.newest
	}
	return nil
}

// undo takes back the last batch.
func (w *file) undo() error {
	w.size, w.chain, w.torn, w.unsynced = w.before.size, w.before.chain, true, true
	return w.takeBack()
}

// write adds bytes, and syncs them where that is asked for. After an error the
// file is torn.
func (w *file) write(p []byte) error {
	w.torn, w.unsynced = true, true
	if _, err := w.f.Write(p); err != nil {
		return err
	}
	if w.cfg.Fsync == FsyncAlways {
		if err := w.sync(); err != nil {
			return err
		}
	}
	w.torn = false
	w.size += int64(len(p))
	w.written = time.Now()
	return nil
}

func (w *file) sync() error {
	if w.f == nil || !w.unsynced {
		return nil
	}
	if err := w.fsync(w.f); err != nil {
		return fmt.Errorf("syncing: %w", err)
	}
	w.unsynced = false
	return nil
}

// takeBack cuts off what was written of a batch that failed.
func (w *file) takeBack() error {
	info, err := w.f.Stat()
	if err == nil && info.Size() > w.size { // somebody else may have cut it shorter
		err = w.f.Truncate(w.size)
	}
	if err != nil {
		return fmt.Errorf("taking back a part of a batch: %w", err)
	}
	w.torn = false
	return nil
}

// ready makes sure that the open file is the one of that name, and that it ends
// with a whole batch.
func (w *file) ready() error {
	if w.f == nil {
		return w.open()
	}
	if w.torn {
		if err := w.takeBack(); err != nil {
			return err
		}
	}
	info, err := os.Stat(w.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for the file: %w", err)
	}
	change := ""
	switch {
	case err != nil || !os.SameFile(info, w.opened):
		change = "it was moved or removed"
	case info.Size() != w.size:
		change = fmt.Sprintf("found %d bytes, expected %d", info.Size(), w.size)
	default:
		return nil
	}
	w.observer.reopened(w.path, change)
	if err := w.put(); err != nil {
		return err
	}
	return w.open()
}

// put syncs and closes the file.
func (w *file) put() error {
	if w.f == nil {
		return nil
	}
	err := w.sync()
	if w.cfg.Fsync == FsyncAlways {
		err = nil // all that was acknowledged is synced already
	}
	f := w.f
	w.f, w.unsynced, w.torn = nil, false, false
	return errors.Join(err, f.Close())
}

// rotate puts the file aside and begins a new one. After an error the next
// batch tries again.
func (w *file) rotate() error {
	if err := w.put(); err != nil {
		return fmt.Errorf("closing the file: %w", err)
	}
	aside, err := w.archive.take(w.path, time.Now())
	if err != nil {
		return fmt.Errorf("putting the file aside: %w", err)
	}
	w.observer.rotated()
	if w.keep > 0 && !w.newest.IsZero() {
		// Its time is when its newest event arrived, from which it is kept.
		err = os.Chtimes(aside, w.newest, w.newest)
	}
	return errors.Join(err, w.open())
}

// rotateOld puts a file aside that nothing may be added to any more.
func (w *file) rotateOld(now time.Time) error {
	if w.f == nil || !w.isOld(now) {
		return nil
	}
	if err := w.ready(); err != nil {
		return err
	}
	if !w.isOld(now) {
		return nil
	}
	return w.rotate()
}

// isOld says whether the file has events of an earlier interval.
func (w *file) isOld(now time.Time) bool {
	interval := w.cfg.Rotation.Interval
	return interval > 0 && w.size > 0 && w.written.Truncate(interval).Before(now.Truncate(interval))
}

// close syncs and closes the file and gives it free.
func (w *file) close() error {
	var err error
	if w.f != nil && w.torn {
		err = w.takeBack()
	}
	err = errors.Join(err, w.put())
	if w.lock != nil {
		err = errors.Join(err, w.lock.Close())
		w.lock = nil
	}
	return err
}
