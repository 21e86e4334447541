// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"fmt"
	"strings"
	"unicode"
)

// Reason is the class of a refusal, from a closed list fit for a metric.
type Reason string

// Why an event is refused; anything else is carried.
const (
	ReasonSyntax    Reason = "syntax"     // not JSON (RFC 8259)
	ReasonUTF8      Reason = "utf8"       // not UTF-8 (RFC 8259 section 8.1)
	ReasonNotObject Reason = "not_object" // JSON, but no object
	ReasonEventType Reason = "event_type" // no usable event_type
	ReasonTooDeep   Reason = "too_deep"   // nested deeper than MaxDepth
	ReasonTooLarge  Reason = "too_large"  // over a limit of size or count
	ReasonEmpty     Reason = "empty"      // no event at all
)

// Error says why input was refused. Its text holds at most one character of
// the input, so it is safe to log.
type Error struct {
	// Reason is the class of the refusal.
	Reason Reason
	// Index is the position of the refused event in its request, from 0; -1 where
	// it came by itself.
	Index int
	// Offset is the place in the request, in bytes from 0.
	Offset int
	// Field is the path of the field at fault, empty when it is no field.
	Field string
	// Found says what is there.
	Found string
	// Expected says what should be there.
	Expected string
}

// Error gives the field, what was found, what was expected and where.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Field != "" {
		b.WriteString(e.Field)
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "found %s, expected %s (", e.Found, e.Expected)
	if e.Index >= 0 {
		fmt.Fprintf(&b, "event %d, ", e.Index)
	}
	fmt.Fprintf(&b, "byte %d)", e.Offset)
	return b.String()
}

// describe names the character at data[i] for an error text.
func describe(data []byte, i int) string {
	if i >= len(data) {
		return "end of input"
	}
	c := rune(data[i])
	if c > unicode.MaxASCII || !unicode.IsPrint(c) {
		return fmt.Sprintf("byte 0x%02X", data[i])
	}
	return fmt.Sprintf("%q", c)
}
