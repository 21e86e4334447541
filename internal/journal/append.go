// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"errors"
	"fmt"
	"time"
)

// round is what one write and one sync make durable: the payloads of all who
// called while the round before was under way.
type round struct {
	payloads [][]byte
	first    uint64
	err      error
	done     chan struct{}
}

// Append makes payloads durable and returns the number of the first; the others
// follow it. An error means that none of them counts: they may be appended
// again. A payload must not be changed before Append returns.
func (j *Journal) Append(payloads ...[]byte) (first uint64, err error) {
	var total int64
	for _, p := range payloads {
		if len(p) > MaxPayload {
			return 0, fmt.Errorf("found a payload of %d bytes, expected at most %d: %w", len(p), MaxPayload, ErrTooLarge)
		}
		total += int64(len(p) + frameHeader)
	}
	if limit := j.options.MaxBytes; limit > 0 && total > limit/2 {
		return 0, fmt.Errorf("found %d bytes, expected at most %d: %w", total, limit/2, ErrTooLarge)
	}
	r, offset, leader := j.join(payloads)
	if leader {
		j.commit(r)
	} else {
		<-r.done
	}
	return r.first + uint64(offset), r.err
}

// join puts payloads into the waiting round. Who begins a round leads it.
func (j *Journal) join(payloads [][]byte) (r *round, offset int, leader bool) {
	j.pendingMu.Lock()
	defer j.pendingMu.Unlock()
	if j.pending == nil {
		j.pending = &round{done: make(chan struct{})}
		leader = true
	}
	r = j.pending
	offset = len(r.payloads)
	r.payloads = append(r.payloads, payloads...)
	return r, offset, leader
}

// commit writes a round once the round before is done. Until then others join.
func (j *Journal) commit(r *round) {
	j.writeMu.Lock()
	defer j.writeMu.Unlock()
	j.pendingMu.Lock()
	j.pending = nil
	j.pendingMu.Unlock()
	r.first, r.err = j.write(r.payloads)
	close(r.done)
}

func (j *Journal) write(payloads [][]byte) (first uint64, err error) {
	now, length := time.Now(), int64(len(payloads)*frameHeader)
	for _, p := range payloads {
		length += int64(len(p))
	}
	s, err := j.room(length)
	if err != nil {
		return 0, err
	}
	j.buf = j.buf[:0]
	for i, p := range payloads {
		j.buf = appendFrame(j.buf, s.salt, Entry{Seq: j.next + uint64(i), Time: now, Payload: p})
	}
	if _, err := j.file.WriteAt(j.buf, s.size); err != nil {
		return 0, j.undo(s.size, err)
	}
	if err := j.file.Sync(); err != nil {
		// What of it is on the disk is unknown from now on.
		j.broken = true
		return 0, j.undo(s.size, err)
	}
	first = j.next
	j.next += uint64(len(payloads))
	j.publish(s.size+int64(len(j.buf)), len(payloads), now)
	if cap(j.buf) > maxKeptBuffer {
		j.buf = nil
	}
	return first, nil
}

// maxKeptBuffer is the size up to which a round's buffer is used again.
const maxKeptBuffer = 4 << 20

// room returns the segment to write n bytes at the end of: a new one, if need
// be.
func (j *Journal) room(n int64) (segment, error) {
	j.mu.Lock()
	last, total, closed := j.segments[len(j.segments)-1], j.bytesLocked(), j.closed
	j.mu.Unlock()
	switch limit := j.options.MaxBytes; {
	case closed:
		return last, ErrClosed
	case limit > 0 && total+n > limit:
		return last, fmt.Errorf("%w: it holds %d bytes, and may hold %d", ErrFull, total, limit)
	case j.broken || last.size > segmentHeader && last.size+n > j.options.SegmentBytes:
		s, err := j.rotate()
		if err != nil {
			return s, fmt.Errorf("beginning a segment: %w", err)
		}
		return s, nil
	}
	return last, nil
}

// undo takes back a write that failed, so that a full disk has room again. What
// it cannot take back readers never see: it has numbers that the next segment
// gives again.
func (j *Journal) undo(size int64, err error) error {
	err = fmt.Errorf("writing to the journal: %w", err)
	if truncateErr := j.file.Truncate(size); truncateErr != nil {
		j.broken = true
		return errors.Join(err, truncateErr)
	}
	return err
}

// publish shows readers what is durable.
func (j *Journal) publish(size int64, count int, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	last := &j.segments[len(j.segments)-1]
	last.size, last.modified = size, now
	j.end = j.next
	j.stats.Appended += uint64(count)
	j.stats.Syncs++
	close(j.grown)
	j.grown = make(chan struct{})
}
