// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// series has the files of one path.
type series struct {
	dir, name string
	given     map[string]bool // by name
	files     []*member       // in order
}

// member is a file of a series, or what is left of it.
type member struct {
	name  string // without .gz
	stamp time.Time
	open  bool     // it is the one that is written to
	there []string // names it has: without and with .gz
	seal  *SealFile
	wrong error // the seal could not be read
	// file is the open one, if it was given: it keeps its content when it is put
	// aside meanwhile.
	file *os.File
}

func (s *series) path(name string) string { return filepath.Join(s.dir, name) }

// group sorts paths by their series. Seals stand for their files; locks and
// parts for nothing.
func group(paths []string) ([]*series, error) {
	var all []*series
	for _, path := range paths {
		dir, name := filepath.Split(filepath.Clean(path))
		if ext := filepath.Ext(name); ext == ".lock" || ext == PartSuffix {
			continue
		}
		of := seriesOf(name)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && of != name && isLeft(path):
			// It was compressed or removed since the shell has named it.
		case err != nil:
			return nil, err
		case info.IsDir():
			return nil, fmt.Errorf("%s: found a folder, expected files, such as those of %s", path, filepath.Join(path, "*"))
		}
		i := slices.IndexFunc(all, func(s *series) bool { return s.dir == dir && s.name == of })
		if i < 0 {
			i = len(all)
			all = append(all, &series{dir: dir, name: of, given: make(map[string]bool)})
		}
		all[i].given[name] = true
	}
	return all, nil
}

// list finds all that there is of the series: what is missing shows only beside
// its neighbours.
func (s *series) list() error {
	entries, err := os.ReadDir(filepath.Clean(s.dir))
	if err != nil {
		return err
	}
	byName := make(map[string]*member)
	for _, entry := range entries {
		stamp, suffix, ok := ParseName(s.name, entry.Name())
		open := entry.Name() == s.name
		if !open && (!ok || strings.HasSuffix(suffix, PartSuffix)) {
			continue
		}
		name := strings.TrimSuffix(entry.Name(), suffix)
		m := byName[name]
		if m == nil {
			m = &member{name: name, stamp: stamp, open: open}
			byName[name] = m
			s.files = append(s.files, m)
		}
		if suffix == SealSuffix {
			m.seal, m.wrong = ReadSealFile(s.path(entry.Name()))
			continue
		}
		m.there = append(m.there, entry.Name())
	}
	slices.SortFunc(s.files, func(a, b *member) int {
		if a.open != b.open {
			return cmp.Compare(btoi(a.open), btoi(b.open))
		}
		return a.stamp.Compare(b.stamp)
	})
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ReadSealFile reads FILE.seal.
func ReadSealFile(path string) (s *SealFile, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err := io.ReadAll(io.LimitReader(f, maxSealFile))
	if err != nil {
		return nil, err
	}
	return ParseSealFile(data)
}

// Open opens a file of lines, compressed or not.
func Open(path string) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil || filepath.Ext(path) != GzipSuffix {
		return f, err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading gzip: %w", err), f.Close())
	}
	return &zipped{z, f}, nil
}

type zipped struct {
	*gzip.Reader
	file fs.File
}

// Close closes the file too.
func (z *zipped) Close() error { return errors.Join(z.Reader.Close(), z.file.Close()) }
