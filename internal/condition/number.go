// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

func (l literal) orderNumber(v pcommon.Value) (int, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		if l.fits {
			return cmp.Compare(v.Int(), l.integer), true
		}
		var buf [20]byte
		return l.orderText(string(strconv.AppendInt(buf[:0], v.Int(), 10)))
	case pcommon.ValueTypeDouble:
		return cmp.Compare(v.Double(), l.number), true
	case pcommon.ValueTypeStr:
		return l.orderText(v.Str())
	default:
		return 0, false
	}
}

// orderText compares a number that is text. Only JSON's numbers are numbers:
// not inf, not 0x10.
func (l literal) orderText(text string) (int, bool) {
	f, ok := parseNumber(text)
	if !ok {
		return 0, false
	}
	if isInteger(text) && isInteger(l.text) {
		return compareIntegers(text, l.text), true
	}
	return cmp.Compare(f, l.number), true
}

// parseNumber reads one of JSON's numbers; one out of range is an infinity.
func parseNumber(text string) (float64, bool) {
	if !isNumber(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// isNumber holds the grammar of RFC 8259 section 6.
func isNumber(text string) bool {
	whole, rest := cutDigits(strings.TrimPrefix(text, "-"))
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		if whole, rest = cutDigits(fraction); whole == "" {
			return false
		}
	}
	if rest == "" {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	rest = rest[1:]
	if rest != "" && (rest[0] == '+' || rest[0] == '-') {
		rest = rest[1:]
	}
	exponent, rest := cutDigits(rest)
	return exponent != "" && rest == ""
}

func cutDigits(text string) (digits, rest string) {
	n := 0
	for n < len(text) && isDigit(text[n]) {
		n++
	}
	return text[:n], text[n:]
}

func isInteger(text string) bool {
	digits, rest := cutDigits(strings.TrimPrefix(text, "-"))
	return digits != "" && rest == ""
}

// compareIntegers compares integers of any length.
func compareIntegers(a, b string) int {
	digitsA, negativeA := integerParts(a)
	digitsB, negativeB := integerParts(b)
	if negativeA != negativeB {
		if negativeA {
			return -1
		}
		return 1
	}
	order := cmp.Or(cmp.Compare(len(digitsA), len(digitsB)), cmp.Compare(digitsA, digitsB))
	if negativeA {
		return -order
	}
	return order
}

func integerParts(text string) (digits string, negative bool) {
	digits, negative = strings.CutPrefix(text, "-")
	digits = strings.TrimLeft(digits, "0")
	return digits, negative && digits != ""
}
