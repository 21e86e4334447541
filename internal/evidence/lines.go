// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// lineReader hashes lines of any length in bounded memory.
type lineReader struct {
	in      *bufio.Reader
	content hash.Hash // of all that was read
	line    hash.Hash // of the line, without its break
	bytes   int64
	tail    []byte // the line's end, long enough for a link
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(r, 256<<10), content: sha256.New(), line: sha256.New()}
}

// next reads a line. Torn says that its break is missing. The error is io.EOF
// behind the last line.
func (l *lineReader) next() (torn bool, err error) {
	l.line.Reset()
	l.tail = l.tail[:0]
	for read := false; ; read = true {
		part, err := l.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return false, err
		}
		l.bytes += int64(len(part))
		l.content.Write(part)
		switch {
		case err == nil:
			l.add(part[:len(part)-1])
			return false, nil
		case errors.Is(err, io.EOF) && len(part) == 0 && !read:
			return false, io.EOF
		}
		l.add(part)
		if errors.Is(err, io.EOF) {
			return true, nil
		}
	}
}

func (l *lineReader) add(part []byte) {
	l.line.Write(part)
	if len(part) >= maxLink {
		l.tail = append(l.tail[:0], part[len(part)-maxLink:]...)
		return
	}
	if over := len(l.tail) + len(part) - maxLink; over > 0 {
		l.tail = append(l.tail[:0], l.tail[over:]...)
	}
	l.tail = append(l.tail, part...)
}

// sum is the SHA-256 of the line.
func (l *lineReader) sum() (h Hash) {
	l.line.Sum(h[:0])
	return h
}
