// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// readAhead is how much is read at once when looking for the last line break.
const readAhead = 64 << 10

// whole returns how many bytes of a file hold whole lines, and whether only the
// line break of the last one is missing. A last line without a break is whole
// when it is a complete JSON object.
//
// A file that does not begin as ours do is refused: a wrong path must not cost
// somebody else's last line.
func whole(r io.ReaderAt, size int64) (end int64, unbroken bool, err error) {
	if size == 0 {
		return 0, false, nil
	}
	var first [1]byte
	if _, err := r.ReadAt(first[:], 0); err != nil {
		return 0, false, fmt.Errorf("reading the first line: %w", err)
	}
	// A power cut may leave zeros where the first batch was to be.
	if first[0] != '{' && first[0] != 0 {
		return 0, false, fmt.Errorf("path: found a file that begins with %q, expected JSON objects, one on a line", first[:])
	}
	end, err = lastBreak(r, size)
	if err != nil || end == size {
		return end, false, err
	}
	// Only what ends as an object does is worth being read.
	var last [1]byte
	if _, err := r.ReadAt(last[:], size-1); err != nil {
		return 0, false, fmt.Errorf("reading the last line: %w", err)
	}
	if last[0] != '}' {
		return end, false, nil
	}
	line := make([]byte, size-end)
	if _, err := r.ReadAt(line, end); err != nil {
		return 0, false, fmt.Errorf("reading the last line: %w", err)
	}
	if line[0] == '{' && json.Valid(line) {
		return size, true, nil
	}
	return end, false, nil
}

// lastBreak returns the offset behind the last line break, 0 if there is none.
func lastBreak(r io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, min(size, readAhead))
	for end := size; end > 0; {
		begin := max(0, end-readAhead)
		part := buf[:end-begin]
		if _, err := r.ReadAt(part, begin); err != nil {
			return 0, fmt.Errorf("looking for the last line: %w", err)
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}
