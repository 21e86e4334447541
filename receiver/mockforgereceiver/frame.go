// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// framing is how a connection tells where a message ends. Its first byte
// decides: a message begins with '<', a count with a digit.
type framing uint8

const (
	framingUnknown framing = iota
	// framingOctets counts octets (RFC 6587 section 3.4.1).
	framingOctets
	// framingLines ends messages with a line break (RFC 6587 section 3.4.2);
	// the last one may end with the connection, as MockForge's do.
	framingLines
)

// frames cuts what a connection sends into messages.
type frames struct {
	r       io.Reader
	max     int // largest message
	buf     []byte
	from    int // what comes before it is taken
	looked  int // octets behind it without a line break
	framing framing
	skip    int  // octets of a message too large that are still to come
	toLine  bool // the rest of a line too large is still to come
}

// frame is one message; where err is set, what there is of it.
type frame struct {
	data []byte
	err  error
}

// maxCount is the most digits of a count.
const maxCount = 10

// The buffer begins small, for the many connections that bring one event, and
// grows while reading fills it: the more is read at once, the more is synced at
// once.
const (
	minReadBuffer = 8 << 10
	maxReadBuffer = 512 << 10
)

func newFrames(r io.Reader, maxMessage int) *frames {
	return &frames{r: r, max: maxMessage, buf: make([]byte, 0, minReadBuffer)}
}

// fill reads once, behind what is not taken yet. Frames that were returned
// before are gone then.
func (f *frames) fill() error {
	wasFull := len(f.buf) == cap(f.buf)
	if f.from > 0 {
		f.buf = f.buf[:copy(f.buf, f.buf[f.from:])]
		f.from = 0
	}
	// A message may need more than maxReadBuffer; next takes it when it is as
	// large as max.
	if len(f.buf) == cap(f.buf) || wasFull && cap(f.buf) < maxReadBuffer {
		f.buf = append(make([]byte, 0, 2*cap(f.buf)), f.buf...)
	}
	n, err := f.r.Read(f.buf[len(f.buf):cap(f.buf)])
	f.buf = f.buf[:len(f.buf)+n]
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// next takes the next message out of what was read; false when it is not whole
// yet. An error of the framing itself is returned apart: nothing that comes
// after it can be told apart any more.
func (f *frames) next() (fr frame, ok bool, err error) {
	f.drop()
	if f.skip > 0 || f.toLine || f.from == len(f.buf) {
		return frame{}, false, nil
	}
	if f.framing == framingUnknown {
		f.framing = framingLines
		if c := f.buf[f.from]; c >= '1' && c <= '9' {
			f.framing = framingOctets
		}
	}
	if f.framing == framingOctets {
		return f.counted()
	}
	fr, ok = f.line()
	return fr, ok, nil
}

// drop leaves out the rest of what was too large, and what some senders put
// between messages.
func (f *frames) drop() {
	if n := min(f.skip, len(f.buf)-f.from); n > 0 {
		f.from += n
		f.skip -= n
	}
	if f.toLine {
		end := bytes.IndexByte(f.buf[f.from:], '\n')
		if end < 0 {
			f.from = len(f.buf)
			return
		}
		f.from += end
		f.toLine = false
	}
	for f.skip == 0 && f.from < len(f.buf) && isTrailer(f.buf[f.from]) {
		f.from++
	}
}

// isTrailer reports what RFC 6587 section 3.4.2 has seen behind messages.
func isTrailer(c byte) bool { return c == '\n' || c == '\r' || c == 0 }

func (f *frames) line() (frame, bool) {
	rest := f.buf[f.from:]
	looked := f.looked
	f.looked = 0
	end := bytes.IndexByte(rest[looked:], '\n')
	switch {
	case end >= 0 && looked+end <= f.max:
		end += looked
		f.from += end + 1
		return frame{data: trimTrailer(rest[:end])}, true
	case end < 0 && len(rest) <= f.max:
		f.looked = len(rest) // a line may come byte by byte
		return frame{}, false
	default:
		f.from += f.max
		f.toLine = true
		return frame{data: rest[:f.max], err: tooLarge("", f.max)}, true
	}
}

func (f *frames) counted() (frame, bool, error) {
	rest := f.buf[f.from:]
	length, digits, err := count(rest)
	if err != nil || digits == 0 {
		return frame{}, false, err
	}
	rest = rest[digits+1:]
	if length > f.max {
		if len(rest) < f.max {
			return frame{}, false, nil
		}
		f.from += digits + 1 + f.max
		f.skip = length - f.max
		return frame{data: rest[:f.max], err: tooLarge(fmt.Sprintf("%d bytes", length), f.max)}, true, nil
	}
	if len(rest) < length {
		return frame{}, false, nil
	}
	f.from += digits + 1 + length
	return frame{data: trimTrailer(rest[:length])}, true, nil
}

// count reads MSG-LEN SP; no digits when it is not whole yet.
func count(data []byte) (length, digits int, err error) {
	for i, c := range data {
		switch {
		case c >= '0' && c <= '9' && i < maxCount && (i > 0 || c != '0'):
			length = length*10 + int(c-'0')
		case c == ' ' && i > 0 && length > math.MaxInt32:
			return 0, 0, notEvent("framing", "octet count: found %d, expected at most %d", length, math.MaxInt32)
		case c == ' ' && i > 0:
			return length, i, nil
		default:
			return 0, 0, notEvent("framing", "octet count: found byte 0x%02X at its place %d, expected up to %d digits and a space", c, i, maxCount)
		}
	}
	return 0, 0, nil
}

// tail returns what is left when the connection has ended; false when that is
// nothing. The end of a connection ends a message, unless its octets were
// counted.
func (f *frames) tail() (frame, bool) {
	f.drop()
	rest := f.buf[f.from:]
	f.from = len(f.buf)
	if f.skip > 0 || f.toLine || len(rest) == 0 {
		return frame{}, false
	}
	if f.framing != framingOctets {
		return frame{data: trimTrailer(rest)}, true
	}
	length, digits, err := count(rest)
	if err != nil {
		return frame{data: rest, err: err}, true
	}
	if digits == 0 {
		return frame{data: rest, err: notEvent("framing", "octet count: found %d bytes at the end of the connection, expected a count", len(rest))}, true
	}
	rest = rest[digits+1:]
	return frame{data: rest, err: notEvent("torn", "found %d bytes at the end of the connection, expected %d", len(rest), length)}, len(rest) > 0
}

func tooLarge(found string, limit int) error {
	if found == "" {
		found = fmt.Sprintf("more than %d bytes", limit)
	}
	return notEvent("too_large", "found a message of %s, expected at most %d", found, limit)
}

func trimTrailer(data []byte) []byte {
	for len(data) > 0 && isTrailer(data[len(data)-1]) {
		data = data[:len(data)-1]
	}
	return data
}
