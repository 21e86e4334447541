// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"io"
	"os"
)

// headSize is how much of a file the consumer knows it by.
const headSize = 1000

// fileIdentity is what a path led to when a look at it began.
type fileIdentity struct {
	info os.FileInfo
	head []byte
}

// identify returns what a path leads to; false when that cannot be told.
func identify(path string) (id fileIdentity, ok bool) {
	f, err := os.Open(path) //nolint:gosec // named by the settings
	if err != nil {
		return id, false
	}
	defer f.Close() //nolint:errcheck // it was only read
	if id.info, err = f.Stat(); err != nil {
		return id, false
	}
	id.head = make([]byte, headSize)
	n, err := io.ReadFull(f, id.head)
	id.head = id.head[:n]
	return id, err == nil || err == io.ErrUnexpectedEOF //nolint:errorlint // io.ReadFull returns it as it is
}

// overwritten reports whether the same file begins otherwise now: it was
// truncated, and is being written anew, under a reader that goes on where it was.
func (id fileIdentity) overwritten(path string) bool {
	now, ok := identify(path)
	return ok && os.SameFile(id.info, now.info) && !bytes.HasPrefix(now.head, id.head)
}
