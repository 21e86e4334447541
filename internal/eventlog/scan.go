// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

const (
	// MaxDepth is how deep objects and arrays may nest in one event.
	MaxDepth = 32
	// MaxMembers is how many members one object may have. pcommon.Map looks a
	// key up by walking all others, so the work grows with the square of it.
	MaxMembers = 1024
	// MaxValues is how many values one event may hold, names of members
	// included: in a record each takes many times its bytes on the wire.
	MaxValues = 1 << 16
)

// kind is the JSON type of a node.
type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

var kindNames = [...]string{
	kindNull: "null", kindFalse: "a boolean", kindTrue: "a boolean", kindNumber: "a number",
	kindString: "a string", kindArray: "an array", kindObject: "an object",
}

// node is one JSON value on the tape. The members of an object follow it as
// key, value, key, value; the elements of an array follow it too.
type node struct {
	start, end int32  // the text; of a string without its quotes
	next       int32  // the node after this value and all it holds
	size       uint16 // members, or elements as far as 16 bits count them
	kind       kind
	escaped    bool // a string that holds a backslash
}

// scanner checks one JSON text against RFC 8259 and notes its values on a tape.
// The tape is reused from event to event: scanning allocates nothing.
type scanner struct {
	data []byte
	pos  int
	tape []node
	keys attributeKeys
}

// scan reads one value that starts at pos and leaves pos behind it.
func (s *scanner) scan(data []byte, pos int) error {
	s.data, s.pos, s.tape = data, pos, s.tape[:0]
	return s.value(0)
}

func (s *scanner) value(depth int) error {
	if len(s.tape) >= MaxValues {
		return s.limit(fmt.Sprintf("more than %d values", MaxValues), fmt.Sprintf("an event of at most %d", MaxValues))
	}
	s.skipSpace()
	if s.pos >= len(s.data) {
		return s.fail("a JSON value")
	}
	switch c := s.data[s.pos]; c {
	case '"':
		return s.str()
	case '{':
		return s.object(depth + 1)
	case '[':
		return s.array(depth + 1)
	case 't':
		return s.literal("true", kindTrue)
	case 'f':
		return s.literal("false", kindFalse)
	case 'n':
		return s.literal("null", kindNull)
	default:
		if c == '-' || isDigit(c) {
			return s.number()
		}
		return s.fail("a JSON value")
	}
}

func (s *scanner) object(depth int) error {
	at, err := s.open(kindObject, depth)
	if err != nil {
		return err
	}
	if s.closes('}') {
		s.close(at, 0)
		return nil
	}
	for size := 1; ; size++ {
		if size > MaxMembers {
			return s.limit(fmt.Sprintf("more than %d members", MaxMembers), fmt.Sprintf("an object of at most %d", MaxMembers))
		}
		s.skipSpace()
		if !s.at('"') {
			return s.fail("a member name in double quotes")
		}
		if err := s.str(); err != nil {
			return err
		}
		s.skipSpace()
		if !s.at(':') {
			return s.fail("':' after a member name")
		}
		s.pos++
		if err := s.value(depth); err != nil {
			return err
		}
		if s.closes('}') {
			s.close(at, size)
			return nil
		}
		if !s.at(',') {
			return s.fail("',' or '}' after a member")
		}
		s.pos++
	}
}

func (s *scanner) array(depth int) error {
	at, err := s.open(kindArray, depth)
	if err != nil {
		return err
	}
	if s.closes(']') {
		s.close(at, 0)
		return nil
	}
	for size := 1; ; size++ {
		if err := s.value(depth); err != nil {
			return err
		}
		if s.closes(']') {
			s.close(at, size)
			return nil
		}
		if !s.at(',') {
			return s.fail("',' or ']' after an element")
		}
		s.pos++
	}
}

func (s *scanner) open(k kind, depth int) (int, error) {
	if depth > MaxDepth {
		return 0, &Error{
			Reason: ReasonTooDeep, Offset: s.pos,
			Found: "deeper nesting", Expected: fmt.Sprintf("at most %d levels", MaxDepth),
		}
	}
	s.tape = append(s.tape, node{kind: k, start: int32(s.pos)})
	s.pos++
	return len(s.tape) - 1, nil
}

func (s *scanner) close(at, size int) {
	n := &s.tape[at]
	n.size, n.end, n.next = uint16(min(size, math.MaxUint16)), int32(s.pos), int32(len(s.tape))
}

// plain marks the bytes that stand for themselves in a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 256; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// skipPlain returns where the first byte is that is not plain, eight at a time:
// the lowest high bit that is set in special is exact ("Bit Twiddling Hacks",
// "Determine if a word has a byte less than n").
func skipPlain(data []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		special := (w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash
		if special &= highs; special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(data) && plain[data[i]] {
		i++
	}
	return i
}

func (s *scanner) str() error {
	s.pos++
	start, escaped := s.pos, false
	for {
		s.pos = skipPlain(s.data, s.pos)
		if s.pos >= len(s.data) {
			return s.fail("'\"' at the end of a string")
		}
		switch s.data[s.pos] {
		case '"':
			s.leaf(kindString, start, escaped)
			s.pos++
			return nil
		case '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return err
			}
		default:
			return s.fail("an escape for a control character")
		}
	}
}

func (s *scanner) escape() error {
	s.pos++
	if s.pos >= len(s.data) {
		return s.fail("an escaped character")
	}
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
		return nil
	case 'u':
		s.pos++
		for range 4 {
			if s.pos >= len(s.data) || !isHex(s.data[s.pos]) {
				return s.fail("four hexadecimal digits after \\u")
			}
			s.pos++
		}
		return nil
	}
	return s.fail("one of \" \\ / b f n r t u after a backslash")
}

func (s *scanner) number() error {
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	switch {
	case s.at('0'):
		s.pos++
	case !s.digits():
		return s.fail("a digit")
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return s.fail("a digit after the decimal point")
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return s.fail("a digit in the exponent")
		}
	}
	s.leaf(kindNumber, start, false)
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && isDigit(s.data[s.pos]) {
		s.pos++
	}
	return s.pos > start
}

func (s *scanner) literal(word string, k kind) error {
	if end := s.pos + len(word); end > len(s.data) || string(s.data[s.pos:end]) != word {
		return s.fail("a JSON value")
	}
	start := s.pos
	s.pos += len(word)
	s.leaf(k, start, false)
	return nil
}

// leaf notes a value that holds no others and ends at pos.
func (s *scanner) leaf(k kind, start int, escaped bool) {
	s.tape = append(s.tape, node{
		kind: k, start: int32(start), end: int32(s.pos), next: int32(len(s.tape) + 1), escaped: escaped,
	})
}

func (s *scanner) skipSpace() {
	s.pos = skipSpace(s.data, s.pos)
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

// closes skips white space and takes c where it stands next.
func (s *scanner) closes(c byte) bool {
	s.skipSpace()
	if s.at(c) {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) fail(expected string) error {
	return &Error{Reason: ReasonSyntax, Offset: s.pos, Found: describe(s.data, s.pos), Expected: expected}
}

func (s *scanner) limit(found, expected string) error {
	return &Error{Reason: ReasonTooLarge, Offset: s.pos, Found: found, Expected: expected}
}

func skipSpace(data []byte, pos int) int {
	for pos < len(data) && (data[pos] == ' ' || data[pos] == '\n' || data[pos] == '\r' || data[pos] == '\t') {
		pos++
	}
	return pos
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
