// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Errors of Append and Open.
var (
	// ErrFull says that the journal has reached Options.MaxBytes.
	ErrFull = errors.New("the journal is full")
	// ErrClosed says that the journal was closed.
	ErrClosed = errors.New("the journal is closed")
	// ErrTooLarge says that what was to be appended at once will never fit.
	ErrTooLarge = errors.New("more than half of what the journal may hold")
	// ErrLocked says that another process has the folder.
	ErrLocked = errors.New("the journal's folder is locked by another process")
)

const defaultSegmentBytes = 64 << 20

// Options bound a journal.
type Options struct {
	// SegmentBytes is the size at which a new segment begins; 64 MiB by default.
	SegmentBytes int64
	// MaxBytes is the size of all segments above which Append fails with
	// ErrFull; 0 for no limit.
	MaxBytes int64
	// NextAtLeast keeps numbers that readers have seen from being given again,
	// should the last payloads be damaged.
	NextAtLeast uint64
}

// Stats counts what happened since Open.
type Stats struct {
	// Appended counts payloads, Syncs the syncs that made them durable.
	Appended, Syncs uint64
	// Bytes is the size of all segments.
	Bytes int64
	// CutBytes is what was cut from the end at Open: never acknowledged.
	CutBytes int64
}

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	dir     string
	options Options
	lock    *flock.Flock

	pendingMu sync.Mutex
	pending   *round

	// writeMu is held by the caller that writes for all who wait.
	writeMu sync.Mutex
	file    *os.File
	broken  bool // the file's end is unknown: go on in a new segment
	next    uint64
	buf     []byte

	// mu guards what readers see.
	mu       sync.Mutex
	segments []segment
	end      uint64 // number after the last synced payload
	grown    chan struct{}
	stats    Stats
	closed   bool
}

// Open opens or makes a journal. It changes nothing where it fails.
func Open(dir string, options Options) (*Journal, error) {
	if options.SegmentBytes <= 0 {
		options.SegmentBytes = defaultSegmentBytes
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the journal's folder: %w", err)
	}
	j := &Journal{dir: dir, options: options, lock: flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600)), grown: make(chan struct{})}
	locked, err := j.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking the journal: %w", err)
	}
	if !locked {
		return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
	}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the journal: %w", err), j.lock.Unlock())
	}
	return j, nil
}

func (j *Journal) open() error {
	segments, err := listSegments(j.dir)
	if err != nil {
		return err
	}
	for _, s := range segments {
		if err := checkVersion(s.path); err != nil {
			return err
		}
	}
	if len(segments) > 0 {
		last := &segments[len(segments)-1]
		r, err := recoverSegment(*last)
		if err != nil {
			return err
		}
		j.stats.CutBytes = last.size - r.size
		j.next = r.next
		if err := j.continueSegment(last, r); err != nil {
			return err
		}
	}
	j.segments = segments
	if j.file == nil || j.next < j.options.NextAtLeast {
		j.next = max(j.next, j.options.NextAtLeast)
		if _, err := j.rotate(); err != nil {
			return err
		}
	}
	j.end = j.next
	return nil
}

// continueSegment opens the last segment at its end; one that was torn when it
// was made is left to be made again.
func (j *Journal) continueSegment(last *segment, r recovered) error {
	if r.size < segmentHeader {
		return nil
	}
	f, err := os.OpenFile(last.path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Truncate(r.size); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	j.file, last.size = f, r.size
	return nil
}

// rotate begins a new segment at the next number, and returns it.
func (j *Journal) rotate() (segment, error) {
	j.mu.Lock()
	kept := slices.Clone(j.segments)
	j.mu.Unlock()
	if n := len(kept); n > 0 && kept[n-1].base == j.next {
		// It holds nothing that was acknowledged. It goes first: of two segments
		// with one number nobody could tell which counts.
		if err := remove(kept[n-1].path); err != nil {
			return segment{}, err
		}
		kept = kept[:n-1]
	}
	f, s, err := createSegment(j.dir, j.next)
	if err != nil {
		return s, err
	}
	if j.file != nil {
		_ = j.file.Close() // all that counts in it is synced
	}
	j.file, j.broken = f, false
	j.mu.Lock()
	defer j.mu.Unlock()
	kept = append(kept, s)
	j.segments = kept
	return s, nil
}

// Bounds returns the number of the first payload that is kept and the number
// after the last one.
func (j *Journal) Bounds() (first, end uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.segments[0].base, j.end
}

// Stats returns the counts so far.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	stats := j.stats
	stats.Bytes = j.bytesLocked()
	return stats
}

func (j *Journal) bytesLocked() (total int64) {
	for _, s := range j.segments {
		total += s.size
	}
	return total
}

// Wait returns when there is a payload of that number, or ctx ends, or the
// journal is closed.
func (j *Journal) Wait(ctx context.Context, seq uint64) error {
	for {
		j.mu.Lock()
		there, closed, grown := seq < j.end, j.closed, j.grown
		j.mu.Unlock()
		if there {
			return nil
		}
		if closed {
			return ErrClosed
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// RemoveBefore removes segments all of whose payloads have numbers below seq
// and which were last written before the given time. One that is half full is
// ended for it: else a journal could stay full of what nobody needs.
func (j *Journal) RemoveBefore(seq uint64, written time.Time) error {
	j.writeMu.Lock()
	defer j.writeMu.Unlock()
	j.mu.Lock()
	active, idle := j.segments[len(j.segments)-1], j.end <= seq && !j.closed
	j.mu.Unlock()
	if idle && active.modified.Before(written) && active.size > min(j.options.SegmentBytes, cmp.Or(j.options.MaxBytes, j.options.SegmentBytes))/2 {
		if _, err := j.rotate(); err != nil {
			return fmt.Errorf("beginning a segment: %w", err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.segments) > 1 && j.segments[1].base <= seq && j.segments[0].modified.Before(written) {
		if err := remove(j.segments[0].path); err != nil {
			return fmt.Errorf("removing a segment: %w", err)
		}
		j.segments = j.segments[1:]
	}
	return nil
}

// Close ends the journal; appends under way are finished first.
func (j *Journal) Close() error {
	j.writeMu.Lock()
	defer j.writeMu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil
	}
	j.closed = true
	close(j.grown)
	return errors.Join(j.file.Close(), j.lock.Unlock())
}
