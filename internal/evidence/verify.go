// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// State says what is known of a file.
type State string

// What Verify finds.
const (
	// Proven: the file is as it was sealed.
	Proven State = "proven"
	// Unsealed: the file is still written to. Its lines are chained to one
	// another and to the seal before, and signed by nobody yet.
	Unsealed State = "unsealed"
	// Removed: a signed removal says that the file went on purpose.
	Removed State = "removed"
	// NotRead: the file is there but was not given; only its seal was checked.
	NotRead State = "not read"
	// Wrong: the file, its seal or what was before it is not as it was written.
	Wrong State = "broken"
)

// Finding is what Verify says of one file.
type Finding struct {
	State State
	Path  string
	// Line is the first that is wrong, from 1; 0 where it is no line.
	Line uint64
	Text string
}

// Summary adds up what Verify found.
type Summary struct {
	Count map[State]int
	// Lines is how many were read and are in their place.
	Lines uint64
	// Keys are the public keys by which seals were signed.
	Keys []ed25519.PublicKey
}

// Verify proves files of any number of series, each in order, and tells report
// of each file. It reads what seals there are beside them. Keys are those that
// may have signed; without any, the key of a series' first seal is believed.
// The error is that of a path that is not there; whatever is wrong with files
// that are there is a finding.
func Verify(ctx context.Context, paths []string, keys []ed25519.PublicKey, report func(Finding)) (Summary, error) {
	all, err := group(paths)
	if err != nil {
		return Summary{}, err
	}
	v := verifier{ctx: ctx, trusted: keys, report: report, sum: Summary{Count: make(map[State]int)}}
	for _, s := range all {
		if err := v.series(s); err != nil {
			return v.sum, err
		}
	}
	return v.sum, ctx.Err()
}

type verifier struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one call
	trusted []ed25519.PublicKey
	report  func(Finding)
	sum     Summary

	// Of the series so far:
	keys     []ed25519.PublicKey
	last     *Chain // nil where it cannot be known
	lastSeal *Hash  // nil where it cannot be known
}

func (v *verifier) say(state State, path string, line uint64, format string, args ...any) {
	v.sum.Count[state]++
	v.report(Finding{State: state, Path: path, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (v *verifier) series(s *series) error {
	if err := s.find(); err != nil {
		return err
	}
	v.last, v.lastSeal, v.keys = new(Chain), new(Hash), v.trusted
	for _, m := range s.files {
		if m.seal == nil && m.wrong == nil && !m.open {
			s.lookAgain(m)
		}
		if m.seal != nil || m.wrong != nil {
			v.sealed(s, m)
			continue
		}
		v.unsealed(s, m)
	}
	return nil
}

// sealed checks a seal, and then the file against it.
func (v *verifier) sealed(s *series, m *member) {
	path := s.path(m.name + SealSuffix)
	if err := v.seal(s, m); err != nil {
		v.say(Wrong, path, 0, "%s", err)
		v.last, v.lastSeal = nil, nil
		return
	}
	if err := v.follow(&m.seal.Seal); err != nil {
		v.say(Wrong, path, 0, "%s", err)
	}
	from, to := Chain{m.seal.FirstSeq - 1, m.seal.FirstPrev}, m.seal.End()
	v.last, v.lastSeal = &to, &m.seal.Hash
	given := slices.DeleteFunc(slices.Clone(m.there), func(name string) bool { return !s.given[name] })
	if len(given) == 0 && s.given[m.name] { // it was compressed since
		given = m.there
	}
	switch {
	case len(given) > 0:
		for _, name := range given {
			v.content(s, m, name, from, to)
		}
	case len(m.there) > 0:
		v.say(NotRead, s.path(m.there[0]), 0, "its seal holds: numbers %d to %d", m.seal.FirstSeq, m.seal.LastSeq)
	case m.seal.Removal != nil:
		v.removed(s, m)
	default:
		v.say(Wrong, s.path(m.name), 0, "found no file, expected one, as its seal says of no removal: numbers %d to %d", m.seal.FirstSeq, m.seal.LastSeq)
	}
}

// seal checks what a seal says of itself.
func (v *verifier) seal(s *series, m *member) error {
	if m.wrong != nil {
		return fmt.Errorf("found no seal: %w", m.wrong)
	}
	if err := m.seal.Check(); err != nil {
		return err
	}
	if m.seal.Series != s.name || m.seal.File != m.name {
		return fmt.Errorf("found the seal of %q in the series %q, expected that of %q in %q", m.seal.File, m.seal.Series, m.name, s.name)
	}
	if err := v.key(m.seal.PublicKey); err != nil {
		return err
	}
	if m.seal.Removal != nil {
		return v.key(m.seal.Removal.PublicKey)
	}
	return nil
}

func (v *verifier) key(public ed25519.PublicKey) error {
	is := func(other ed25519.PublicKey) bool { return bytes.Equal(other, public) }
	if len(v.keys) == 0 {
		v.keys = []ed25519.PublicKey{public}
	}
	if !slices.ContainsFunc(v.keys, is) {
		if len(v.trusted) > 0 {
			return fmt.Errorf("found it signed by the key %s, expected one of those that were given", Fingerprint(public))
		}
		return fmt.Errorf("found it signed by the key %s, expected %s, as before; give both public keys if the key was replaced",
			Fingerprint(public), Fingerprint(v.keys[0]))
	}
	if !slices.ContainsFunc(v.sum.Keys, is) {
		v.sum.Keys = append(v.sum.Keys, public)
	}
	return nil
}

// follow checks that a seal is the one after the last.
func (v *verifier) follow(seal *Seal) error {
	if v.last != nil && seal.FirstSeq != v.last.Seq+1 {
		return fmt.Errorf("found it to begin with number %d, expected %d: of those between there is neither file nor seal",
			seal.FirstSeq, v.last.Seq+1)
	}
	if v.last != nil && seal.FirstPrev != v.last.Hash {
		return fmt.Errorf("found its first line chained to %s, expected %s, the last line before", seal.FirstPrev, v.last.Hash)
	}
	if v.lastSeal != nil && seal.PreviousSeal != *v.lastSeal {
		return fmt.Errorf("found it made after the seal %s, expected %s, which is there", seal.PreviousSeal, *v.lastSeal)
	}
	return nil
}

func (v *verifier) removed(s *series, m *member) {
	r := m.seal.Removal
	v.say(Removed, s.path(m.name), 0, "removed for %s at %s: numbers %d to %d, the newest of %s",
		r.Reason, r.RemovedAt.Format(linkLayout), m.seal.FirstSeq, m.seal.LastSeq, m.seal.LastTime.Format(linkLayout))
}

func (v *verifier) content(s *series, m *member, name string, from, to Chain) {
	path := s.path(name)
	extent, err := v.scan(path, &from, &to)
	if errors.Is(err, fs.ErrNotExist) && v.wentMeanwhile(s, m, name, from, to) {
		return
	}
	if err == nil && extent != m.seal.Extent {
		err = errors.New("found other content than was sealed, although each line holds")
	}
	if err != nil {
		v.wrong(path, err)
		return
	}
	v.sum.Lines += extent.Lines
	v.say(Proven, path, 0, "%d lines, numbers %d to %d, sealed at %s by the key %s",
		extent.Lines, extent.FirstSeq, extent.LastSeq, m.seal.ClosedAt.Format(linkLayout), Fingerprint(m.seal.PublicKey))
}

// unsealed checks the lines of a file that has no seal. One that was not given is
// looked at too, for what follows it, and nothing is said of it while it holds.
func (v *verifier) unsealed(s *series, m *member) {
	for _, name := range m.there {
		given := s.given[name]
		if m.open && !given {
			continue
		}
		extent, err := v.lines(s, m, name)
		torn := m.open && isTorn(err)
		if err != nil && !torn {
			if given {
				v.wrong(s.path(name), err)
				v.last = nil
			}
			continue
		}
		if !m.open { // it may have been sealed meanwhile
			if s.lookAgain(m); m.seal != nil || m.wrong != nil {
				v.sealed(s, m)
				return
			}
		}
		end := extent.End()
		v.last = &end
		switch {
		case !given:
		case !m.open:
			v.say(Wrong, s.path(name), 0, "found no seal, expected one, as the file is closed: %d lines are chained, and signed by nobody", extent.Lines)
		case torn:
			v.sum.Lines += extent.Lines - 1
			v.say(Unsealed, s.path(name), 0, "still open: %d lines are chained, and signed by nobody yet; behind them is a part of a line, of a write that is under way or was torn by a crash", extent.Lines-1)
		default:
			v.sum.Lines += extent.Lines
			v.say(Unsealed, s.path(name), 0, "still open: %d lines are chained, and signed by nobody yet", extent.Lines)
		}
	}
}

// lines scans a file that has no seal.
func (v *verifier) lines(s *series, m *member, name string) (_ Extent, err error) {
	if m.file == nil {
		return v.scan(s.path(name), v.last, nil)
	}
	defer func() { err = errors.Join(err, m.file.Close()) }()
	// No further than it goes now: whoever writes may be quicker.
	info, err := m.file.Stat()
	if err != nil {
		return Extent{}, err
	}
	return Scan(v.ctx, io.LimitReader(m.file, info.Size()), v.last, nil)
}

func isTorn(err error) bool {
	var broken *Broken
	return errors.As(err, &broken) && broken.Torn
}

func (v *verifier) wrong(path string, err error) {
	var broken *Broken
	if errors.As(err, &broken) {
		v.say(Wrong, path, broken.Line, "%s", broken.Problem)
		return
	}
	v.say(Wrong, path, 0, "reading: %s", err)
}

func (v *verifier) scan(path string, from, to *Chain) (_ Extent, err error) {
	f, err := Open(path)
	if err != nil {
		return Extent{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return Scan(v.ctx, f, from, to)
}
