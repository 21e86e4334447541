// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// What follows is for a collector that writes, compresses and removes files while
// they are verified.

// find lists the series and opens the file that is written to, if it was given.
// The collector may put that aside at any time: it is done again until nothing
// has come between the two.
func (s *series) find() error {
	for range 100 {
		var file *os.File
		if s.given[s.name] {
			var err error
			if file, err = os.Open(s.path(s.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		s.files = nil
		if err := s.list(); err != nil {
			return errors.Join(err, closeFile(file))
		}
		last := len(s.files) - 1
		open := last >= 0 && s.files[last].open
		if file == nil && (!open || !s.given[s.name]) {
			return nil
		}
		if file != nil && open && isAt(file, s.path(s.name)) {
			s.files[last].file = file
			return nil
		}
		if err := closeFile(file); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: found another file each time it was opened, expected it to stay for a moment", s.path(s.name))
}

// isAt says whether an open file is still the one of that name.
func isAt(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

func closeFile(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// isLeft says whether something is left of a file that was put aside.
func isLeft(path string) bool {
	plain := strings.TrimSuffix(strings.TrimSuffix(path, SealSuffix), GzipSuffix)
	return exists(plain+GzipSuffix) || exists(plain+SealSuffix)
}

// wentMeanwhile looks for a file that was there when the folder was listed: the
// collector compresses and removes files while they are verified.
func (v *verifier) wentMeanwhile(s *series, m *member, name string, from, to Chain) bool {
	if zipped := m.name + GzipSuffix; name == m.name && exists(s.path(zipped)) {
		if !s.given[zipped] || !slices.Contains(m.there, zipped) { // else it has its turn
			v.content(s, m, zipped, from, to)
		}
		return true
	}
	before := m.seal.Hash
	s.lookAgain(m)
	if m.wrong != nil || m.seal.Removal == nil || m.seal.Hash != before || v.seal(s, m) != nil {
		return false
	}
	v.removed(s, m)
	return true
}

// lookAgain reads the seal of a file that may have come, or changed, since the
// folder was listed.
func (s *series) lookAgain(m *member) {
	if path := s.path(m.name + SealSuffix); exists(path) {
		m.seal, m.wrong = ReadSealFile(path)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
