// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
)

// DamageError says that payloads cannot be read. The reader has gone on behind
// them.
type DamageError struct {
	// From and To are the numbers of the first and the last payload lost.
	From, To uint64
	// Segment is the file, Offset where in it the damage begins, in bytes.
	Segment string
	Offset  int64
}

// Error names the numbers and the place.
func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: damaged at byte %d: payloads %d to %d are lost", e.Segment, e.Offset, e.From, e.To)
}

// Count returns how many payloads are lost.
func (e *DamageError) Count() uint64 { return e.To - e.From + 1 }

// Reader reads a journal in order. It is for one goroutine.
type Reader struct {
	journal *Journal
	next    uint64

	file    *os.File
	segment segment
	limit   uint64 // the number at which the next segment begins, or the end
	offset  int64  // of window in the file
	window  []byte // what was read
	pos     int    // in window
}

const windowSize = 256 << 10

// NewReader returns a reader that begins at a number, or at the first payload
// that is kept where that one is gone. Close it.
func (j *Journal) NewReader(from uint64) *Reader {
	first, end := j.Bounds()
	return &Reader{journal: j, next: min(max(from, first), end)}
}

// Skip goes on at a number that is not before the next one.
func (r *Reader) Skip(to uint64) { r.next = to }

// Seq returns the number of the next payload.
func (r *Reader) Seq() uint64 { return r.next }

// Close releases the reader's file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}

// Next returns the next payload. io.EOF means that there is none yet, a
// *DamageError that some are lost; both leave the reader fit to go on.
func (r *Reader) Next() (Entry, error) {
	for {
		if err := r.locate(); err != nil {
			return Entry{}, err
		}
		entry, size, err := r.frame()
		if err != nil {
			return Entry{}, err
		}
		switch {
		case size == 0 || entry.Seq >= r.limit:
			return Entry{}, r.skipDamage(r.limit)
		case entry.Seq > r.next:
			return Entry{}, r.skipDamage(entry.Seq)
		case entry.Seq == r.next:
			r.pos += size
			r.next++
			return entry, nil
		default:
			r.pos += size // before where the reader began
		}
	}
}

// skipDamage goes on at a number and says what is lost before it.
func (r *Reader) skipDamage(to uint64) error {
	err := &DamageError{From: r.next, To: to - 1, Segment: r.segment.path, Offset: r.offset + int64(r.pos)}
	r.next = to
	return err
}

// locate opens the segment of the next payload, and learns how far it goes.
func (r *Reader) locate() error {
	if r.file != nil && r.next < r.limit {
		return nil
	}
	s, limit, first, err := r.journal.segmentOf(r.next)
	if err != nil {
		return err
	}
	if r.next < first {
		err := &DamageError{From: r.next, To: first - 1, Segment: s.path}
		r.next = first
		return err
	}
	r.limit = limit
	if r.file != nil && r.segment.path == s.path {
		r.segment.size = s.size
		return nil
	}
	if err := r.Close(); err != nil {
		return err
	}
	r.segment, r.offset, r.window, r.pos = s, segmentHeader, r.window[:0], 0
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return r.skipDamage(limit)
	}
	if err != nil {
		return fmt.Errorf("opening a segment: %w", err)
	}
	r.file = f
	return nil
}

// segmentOf finds the segment of a payload, the number at which the one behind
// it begins, and the first number that is kept.
func (j *Journal) segmentOf(seq uint64) (s segment, limit, first uint64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq >= j.end {
		return s, 0, 0, io.EOF
	}
	i := max(0, sort.Search(len(j.segments), func(i int) bool { return j.segments[i].base > seq })-1)
	limit = j.end
	if i+1 < len(j.segments) {
		limit = j.segments[i+1].base
	}
	return j.segments[i], limit, j.segments[0].base, nil
}

// frame returns the next whole frame, which it does not step over; size 0 when
// there is none in the segment.
func (r *Reader) frame() (Entry, int, error) {
	for {
		rest := r.window[r.pos:]
		entry, size, ok := parseFrame(rest, r.segment.salt)
		if ok {
			return entry, size, nil
		}
		claimed := frameSize(rest, r.segment.salt)
		if len(rest) < frameHeader || claimed > len(rest) {
			grown, err := r.fill(max(claimed, frameHeader))
			if err != nil {
				return Entry{}, 0, err
			}
			if grown {
				continue
			}
			rest = r.window[r.pos:]
		}
		found, err := r.seek(rest)
		if err != nil || !found {
			return Entry{}, 0, err
		}
	}
}

// seek steps over a damaged byte, to where the next frame may begin.
func (r *Reader) seek(rest []byte) (bool, error) {
	if len(rest) > 0 {
		if i := bytes.Index(rest[1:], frameMagic); i >= 0 {
			r.pos += 1 + i
			return true, nil
		}
	}
	// The magic may stand across the window's end.
	r.pos = max(r.pos, len(r.window)-len(frameMagic)+1)
	return r.fill(frameHeader)
}

// fill reads on, so that the window holds n bytes from pos where the segment
// goes that far; false when there is nothing more. It reads synced bytes alone:
// what is behind them may be taken back and written anew.
func (r *Reader) fill(n int) (bool, error) {
	rest := copy(r.window, r.window[r.pos:])
	r.offset += int64(r.pos)
	r.window, r.pos = r.window[:rest], 0
	if size := max(n, windowSize); cap(r.window) < size {
		r.window = append(make([]byte, 0, size), r.window...)
	}
	from := r.offset + int64(rest)
	to := min(int64(cap(r.window)), r.segment.size-r.offset)
	if to <= int64(rest) {
		return false, nil
	}
	read, err := readAt(r.file, r.window[rest:to], from)
	r.window = r.window[:rest+read]
	if err != nil {
		return false, fmt.Errorf("reading a segment: %w", err)
	}
	return read > 0, nil
}
