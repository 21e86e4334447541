// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Extent is what the lines of one file are.
type Extent struct {
	FirstSeq uint64 `json:"first_seq"`
	LastSeq  uint64 `json:"last_seq"`
	Lines    uint64 `json:"lines"`
	Bytes    int64  `json:"bytes"` // uncompressed, as is ContentHash
	// FirstTime and LastTime are the earliest and the latest arrival.
	FirstTime time.Time `json:"first_time"`
	LastTime  time.Time `json:"last_time"`
	// FirstPrev is what the first line is chained to.
	FirstPrev   Hash `json:"first_prev_sha256"`
	LastHash    Hash `json:"last_line_sha256"`
	ContentHash Hash `json:"content_sha256"`
}

// End is the chain behind the file.
func (e *Extent) End() Chain { return Chain{Seq: e.LastSeq, Hash: e.LastHash} }

// Broken is the first line of a file that is not as it was written.
type Broken struct {
	// Line counts from 1.
	Line uint64
	// Problem says what was found and what was expected.
	Problem string
	// Unchained: the first line is no part of a chain, as in a file that was
	// written without integrity.
	Unchained bool
	// Torn: the line is the last one and has no break, and all before it hold.
	Torn bool
}

// Error names the line and the problem.
func (b *Broken) Error() string { return fmt.Sprintf("line %d: %s", b.Line, b.Problem) }

// Scan reads the lines of one file. From is the chain behind the line before; nil
// takes the first line's word for it. To is where the file should end, if that
// is known. The error is a *Broken where the lines are not one chain.
func Scan(ctx context.Context, r io.Reader, from, to *Chain) (Extent, error) {
	s := scanner{lines: newLineReader(r), to: to}
	if from != nil {
		s.last, s.known = *from, true
	}
	for {
		if s.extent.Lines%1024 == 0 && ctx.Err() != nil {
			return s.extent, ctx.Err()
		}
		torn, err := s.lines.next()
		if errors.Is(err, io.EOF) {
			return s.end()
		}
		if err != nil {
			return s.extent, err
		}
		if err := s.add(torn); err != nil {
			return s.extent, err
		}
	}
}

type scanner struct {
	lines  *lineReader
	to     *Chain
	last   Chain // behind the lines so far
	known  bool
	extent Extent
	// suspect is set when the last line was not chained to the one before it:
	// one of the two was changed, and the next line says which.
	suspect *Broken
}

func (s *scanner) broken(format string, args ...any) *Broken {
	return &Broken{Line: s.extent.Lines, Problem: fmt.Sprintf(format, args...)}
}

func (s *scanner) add(torn bool) error {
	s.extent.Lines++
	if torn {
		s.extent.LastSeq, s.extent.LastHash = s.last.Seq, s.last.Hash
		b := s.broken("found a line without its break, expected a whole one")
		b.Torn = true
		return s.or(b)
	}
	l, ok := parseLink(s.lines.tail)
	if !ok {
		b := s.broken("found no %s at its end, expected what chains it to the line before", Member)
		b.Unchained = s.extent.Lines == 1
		return s.or(b)
	}
	sum := s.lines.sum()
	if s.suspect != nil {
		return s.decide(l.prev == s.last.Hash)
	}
	if !s.known {
		s.last, s.known = Chain{Seq: l.seq - 1, Hash: l.prev}, true
	}
	if err := s.follow(l, sum); err != nil {
		return err
	}
	s.last = Chain{Seq: l.seq, Hash: sum}
	if s.extent.Lines == 1 {
		s.extent.FirstSeq, s.extent.FirstPrev = l.seq, l.prev
		s.extent.FirstTime, s.extent.LastTime = l.at, l.at
	}
	if l.at.Before(s.extent.FirstTime) {
		s.extent.FirstTime = l.at
	}
	if l.at.After(s.extent.LastTime) {
		s.extent.LastTime = l.at
	}
	return nil
}

// follow checks that a line is the next one.
func (s *scanner) follow(l link, sum Hash) error {
	switch {
	case s.to != nil && s.last.Seq == s.to.Seq:
		return s.broken("found a line, expected the end: the seal ends with number %d", s.to.Seq)
	case l.seq > s.last.Seq+1:
		return s.broken("found number %d, expected %d: %d lines are missing before it", l.seq, s.last.Seq+1, l.seq-s.last.Seq-1)
	case l.seq != s.last.Seq+1:
		return s.broken("found number %d, expected %d", l.seq, s.last.Seq+1)
	case l.prev == s.last.Hash:
		return nil
	case s.extent.Lines == 1:
		return s.broken("found it chained to %s, expected %s, the last line before this file", l.prev, s.last.Hash)
	}
	s.suspect = &Broken{
		Line:    s.extent.Lines - 1,
		Problem: fmt.Sprintf("found a line of SHA-256 %s, expected %s, to which the next one is chained", s.last.Hash, l.prev),
	}
	if s.to != nil && l.seq == s.to.Seq {
		return s.decide(sum == s.to.Hash)
	}
	return nil
}

// decide says which of two lines was changed, the suspect or the one behind it:
// that one is as it was if it has the hash that is known of it.
func (s *scanner) decide(secondHolds bool) *Broken {
	if secondHolds {
		return s.suspect
	}
	return &Broken{
		Line:    s.suspect.Line + 1,
		Problem: "found it chained to no line that is there, and the next one not to it: expected both",
	}
}

// or prefers what was suspected before.
func (s *scanner) or(b *Broken) *Broken {
	if s.suspect != nil {
		return s.suspect
	}
	return b
}

func (s *scanner) end() (Extent, error) {
	if s.suspect != nil {
		return s.extent, s.suspect
	}
	s.extent.LastSeq, s.extent.LastHash, s.extent.Bytes = s.last.Seq, s.last.Hash, s.lines.bytes
	s.lines.content.Sum(s.extent.ContentHash[:0])
	if s.to == nil {
		return s.extent, nil
	}
	if missing := s.to.Seq - s.last.Seq; s.last.Seq < s.to.Seq {
		s.extent.Lines++
		return s.extent, s.broken("found the end, expected %d more lines", missing)
	}
	if s.last.Hash != s.to.Hash {
		return s.extent, s.broken("found a line of SHA-256 %s, expected %s, as sealed", s.last.Hash, s.to.Hash)
	}
	return s.extent, nil
}
