// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Member is the name of the member that chains a line to the one before.
const Member = "_integrity"

const (
	linkBegin = `"` + Member + `":{"seq":`
	linkAt    = `,"at":"`
	linkPrev  = `","prev":"`
	linkEnd   = `"}}`
	// linkLayout is RFC 3339 in UTC.
	linkLayout = "2006-01-02T15:04:05.999999999Z"
	// maxLink is longer than a link and the byte before it can be.
	maxLink = 256
)

// Hash is a SHA-256, 64 digits of lower-case hex as text.
type Hash [sha256.Size]byte

// String returns the hash as text.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hash as text.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) || bytes.ContainsAny(text, "ABCDEF") {
		return fmt.Errorf("found %d bytes, expected a SHA-256 in 64 digits of lower-case hex", len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Chain is where a series ends: number and hash of its last line. The zero
// Chain is that of a series without lines.
type Chain struct {
	Seq  uint64
	Hash Hash
}

// Append makes the compact JSON object in dst[start:] the next line of the
// chain, with its line break. Received is when its event arrived.
func (c *Chain) Append(dst []byte, start int, received time.Time) []byte {
	c.Seq++
	dst = dst[:len(dst)-1] // the object's closing brace
	if len(dst)-start > 1 {
		dst = append(dst, ',')
	}
	dst = appendLink(dst, link{seq: c.Seq, at: received, prev: c.Hash})
	c.Hash = sha256.Sum256(dst[start:])
	return append(dst, '\n')
}

// After returns the chain behind a line, given without its break; false when
// the line is no part of any.
func After(line []byte) (Chain, bool) {
	l, ok := parseLink(line)
	return Chain{Seq: l.seq, Hash: sha256.Sum256(line)}, ok
}

// link is what chains a line to the one before.
type link struct {
	seq  uint64
	at   time.Time
	prev Hash
}

func appendLink(dst []byte, l link) []byte {
	dst = append(dst, linkBegin...)
	dst = strconv.AppendUint(dst, l.seq, 10)
	dst = append(dst, linkAt...)
	dst = l.at.UTC().AppendFormat(dst, linkLayout)
	dst = append(dst, linkPrev...)
	dst = hex.AppendEncode(dst, l.prev[:])
	return append(dst, linkEnd...)
}

// parseLink reads the link at the end of a line, of which tail is the end. It is
// a link only if it is written as appendLink does: whatever else stands in the
// line, a sender's member of the same name included, is not.
func parseLink(tail []byte) (link, bool) {
	tail = tail[max(0, len(tail)-maxLink):]
	begin := bytes.LastIndex(tail, []byte(linkBegin))
	if begin < 1 || tail[begin-1] != ',' && tail[begin-1] != '{' {
		return link{}, false
	}
	rest := string(tail[begin+len(linkBegin):])
	seq, rest, _ := strings.Cut(rest, linkAt)
	at, rest, _ := strings.Cut(rest, linkPrev)
	prev, _ := strings.CutSuffix(rest, linkEnd)
	var l link
	var err error
	if l.seq, err = strconv.ParseUint(seq, 10, 64); err != nil || l.seq == 0 {
		return link{}, false
	}
	if l.at, err = time.Parse(linkLayout, at); err != nil {
		return link{}, false
	}
	if err = l.prev.UnmarshalText([]byte(prev)); err != nil {
		return link{}, false
	}
	return l, bytes.Equal(appendLink(nil, l), tail[begin:])
}
