// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const segmentSuffix = ".segment"

// segment is one file; its name is the number of its first payload.
type segment struct {
	base     uint64
	path     string
	size     int64
	modified time.Time
}

func segmentPath(dir string, base uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", base, segmentSuffix))
}

// listSegments returns the segments of a folder by number.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir) // sorted by name, which is the number
	if err != nil {
		return nil, err
	}
	var segments []segment
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok {
			continue
		}
		base, err := strconv.ParseUint(name, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: found the segment %q, expected a number for a name", dir, e.Name())
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, segment{
			base: base, path: filepath.Join(dir, e.Name()), size: info.Size(), modified: info.ModTime(),
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
	data, err := os.ReadFile(s.path)
	if err != nil {
		return recovered{}, err
	}
	r := recovered{next: s.base, size: min(segmentHeader, int64(len(data)))}
	if _, ok := segmentVersion(data); !ok && !bytes.Contains(data, frameMagic) && len(bytes.Trim(data, "\x00")) > 0 && r.size == segmentHeader {
		return r, fmt.Errorf("%s: found no segment of a journal; nothing was changed", s.path)
	}
	for pos := int(r.size); pos < len(data); {
		entry, size, ok := parseFrame(data[pos:])
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

// createSegment makes an empty segment and syncs it and its folder. A file that
// is there already holds nothing that was acknowledged.
func createSegment(dir string, base uint64) (*os.File, segment, error) {
	s := segment{base: base, path: segmentPath(dir, base), size: segmentHeader, modified: time.Now()}
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, s, err
	}
	if _, err = f.Write(appendSegmentHeader(nil, base)); err == nil {
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
