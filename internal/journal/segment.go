// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const segmentSuffix = ".segment"

// segment is one file; its name has the number of its first payload and its
// salt.
type segment struct {
	base     uint64
	salt     uint64
	path     string
	size     int64
	modified time.Time
}

func segmentPath(dir string, base, salt uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d-%016x%s", base, salt, segmentSuffix))
}

// parseSegmentName reads what segmentPath wrote.
func parseSegmentName(name string) (base, salt uint64, ok bool) {
	number, hex, _ := strings.Cut(strings.TrimSuffix(name, segmentSuffix), "-")
	base, err := strconv.ParseUint(number, 10, 64)
	salt, saltErr := strconv.ParseUint(hex, 16, 64)
	return base, salt, err == nil && saltErr == nil
}

// listSegments returns the segments of a folder by number.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir) // sorted by name, which is the number
	if err != nil {
		return nil, err
	}
	var segments []segment
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), segmentSuffix) {
			continue
		}
		base, salt, ok := parseSegmentName(e.Name())
		if !ok {
			return nil, fmt.Errorf("%s: found the segment %q, expected a number and a salt for a name", dir, e.Name())
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, segment{
			base: base, salt: salt, path: filepath.Join(dir, e.Name()), size: info.Size(), modified: info.ModTime(),
		})
	}
	return segments, nil
}

// checkVersion refuses a segment of another version. A damaged header says
// nothing, and costs nothing: the name has the number too.
func checkVersion(path string) error {
	f, err := os.Open(path) //nolint:gosec // a file of the journal's folder
	if err != nil {
		return err
	}
	header := make([]byte, segmentHeader)
	n, err := f.ReadAt(header, 0)
	if n < segmentHeader {
		err = nil // torn when it was made: it holds nothing
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if version, ok := segmentVersion(header); ok && version != formatVersion {
		return fmt.Errorf("%s: found format version %d, expected %d: written by another release; nothing was changed", path, version, formatVersion)
	}
	return nil
}

// recovered is what the last segment holds.
type recovered struct {
	next uint64 // the number after the last payload
	size int64  // where the last payload ends
}

// recoverSegment finds the end of a segment. Damage before the last whole frame
// stays for readers to report; what is behind it was never acknowledged.
func recoverSegment(s segment) (recovered, error) {
	data := make([]byte, s.size)
	f, err := os.Open(s.path)
	if err != nil {
		return recovered{}, err
	}
	n, err := readAt(f, data, 0)
	data = data[:n]
	if err = errors.Join(err, f.Close()); err != nil {
		return recovered{}, err
	}
	r := recovered{next: s.base, size: min(segmentHeader, int64(len(data)))}
	if _, ok := segmentVersion(data); !ok && !bytes.Contains(data, frameMagic) && len(bytes.Trim(data, "\x00")) > 0 && r.size == segmentHeader {
		return r, fmt.Errorf("%s: found no segment of a journal; nothing was changed", s.path)
	}
	for pos := int(r.size); pos < len(data); {
		entry, size, ok := parseFrame(data[pos:], s.salt)
		if !ok {
			next := bytes.Index(data[pos+1:], frameMagic)
			if next < 0 {
				break
			}
			pos += 1 + next
			continue
		}
		pos += size
		if entry.Seq >= r.next {
			r.next, r.size = entry.Seq+1, int64(pos)
		}
	}
	return r, nil
}

// createSegment makes an empty segment and syncs it and its folder.
func createSegment(dir string, base uint64) (*os.File, segment, error) {
	s := segment{base: base, salt: rand.Uint64(), size: segmentHeader, modified: time.Now()} //nolint:gosec // nobody sees it
	s.path = segmentPath(dir, base, s.salt)
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, s, err
	}
	if _, err = f.Write(appendSegmentHeader(nil, base, s.salt)); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = SyncDir(dir)
	}
	if err != nil {
		return nil, s, errors.Join(err, f.Close(), remove(s.path))
	}
	return f, s, nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReplaceFile puts data in the place of a file, or makes it: after a crash there
// is either the old file or the new one.
func ReplaceFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // in the folder of the settings
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes names in a folder durable (fsync(2), "Notes").
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // NTFS journals its folders, and cannot sync one
	}
	d, err := os.Open(dir) //nolint:gosec // the folder of the settings
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readAt fills data from a file, as far as that goes. What the disk cannot read
// any more is read as zeros, a page at a time: damage like any other.
func readAt(f *os.File, data []byte, offset int64) (int, error) {
	const page = 4096
	n, err := f.ReadAt(data, offset)
	if !errors.Is(err, syscall.EIO) {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return n, err
	}
	for n = 0; n < len(data); {
		part := data[n:min(n+page, len(data))]
		read, err := f.ReadAt(part, offset+int64(n))
		switch {
		case errors.Is(err, syscall.EIO):
			clear(part)
			read = len(part)
		case errors.Is(err, io.EOF):
			return n + read, nil
		case err != nil:
			return n, err
		}
		n += read
	}
	return n, nil
}
