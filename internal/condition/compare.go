// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"cmp"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

type literalKind uint8

const (
	literalText literalKind = iota
	literalNumber
	literalBool
	literalNull
)

type literal struct {
	kind    literalKind
	text    string // as it was written, without quotes
	number  float64
	integer int64
	fits    bool // the number is an integer of 64 bits
	boolean bool
}

func anyOf(a, b predicate) predicate {
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		return a(record, resource) || b(record, resource)
	}
}

func allOf(a, b predicate) predicate {
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		return a(record, resource) && b(record, resource)
	}
}

func negation(a predicate) predicate {
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		return !a(record, resource)
	}
}

func present(find lookup) predicate {
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		v, ok := find(record, resource)
		return ok && v.Type() != pcommon.ValueTypeEmpty
	}
}

// holds tells what an operator makes of an order; != is the negation of ==, so
// it is not among them.
var holds = map[string]func(order int) bool{
	"==": func(order int) bool { return order == 0 },
	"=":  func(order int) bool { return order == 0 },
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

func compare(find lookup, operator string, lit literal) predicate {
	if operator == "!=" {
		return negation(compare(find, "==", lit))
	}
	if lit.kind == literalNull {
		return compareNull(find, operator)
	}
	equality, accept := operator == "==" || operator == "=", holds[operator]
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		v, ok := find(record, resource)
		if !ok {
			return false
		}
		if v.Type() != pcommon.ValueTypeSlice {
			return matches(v, lit, equality, accept)
		}
		for i := range v.Slice().Len() {
			if matches(v.Slice().At(i), lit, equality, accept) {
				return true
			}
		}
		return false
	}
}

// compareNull: nothing is below or above null.
func compareNull(find lookup, operator string) predicate {
	if operator == "<" || operator == ">" {
		return func(plog.LogRecord, pcommon.Resource) bool { return false }
	}
	return negation(present(find))
}

func matches(v pcommon.Value, lit literal, equality bool, accept func(int) bool) bool {
	order, ordered, alike := lit.order(v)
	return alike && (ordered || equality) && accept(order)
}

// order compares a value with the literal. alike is false where the two
// have no common form; ordered is false where they are only equal or not.
func (l literal) order(v pcommon.Value) (order int, ordered, alike bool) {
	switch l.kind {
	case literalNumber:
		order, alike = l.orderNumber(v)
		return order, true, alike
	case literalBool:
		return l.orderBool(v)
	default:
		switch v.Type() {
		case pcommon.ValueTypeStr:
			return cmp.Compare(v.Str(), l.text), true, true
		case pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
			return cmp.Compare(string(eventlog.AppendJSON(nil, v)), l.text), false, true
		default:
			return 0, false, false
		}
	}
}

func (l literal) orderNumber(v pcommon.Value) (int, bool) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		if l.fits {
			return cmp.Compare(v.Int(), l.integer), true
		}
		return l.orderText(strconv.FormatInt(v.Int(), 10))
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
	if text == "" || !isDigit(text[len(text)-1]) || !json.Valid([]byte(text)) {
		return 0, false
	}
	if isInteger(text) && isInteger(l.text) {
		return compareIntegers(text, l.text), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return cmp.Compare(f, l.number), true // out of range is an infinity
}

func isInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
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

func (l literal) orderBool(v pcommon.Value) (order int, ordered, alike bool) {
	switch v.Type() {
	case pcommon.ValueTypeBool:
		if v.Bool() == l.boolean {
			return 0, false, true
		}
		return 1, false, true
	case pcommon.ValueTypeStr:
		return cmp.Compare(v.Str(), l.text), false, true
	default:
		return 0, false, false
	}
}

// compareSeverity compares ranks: low < medium < high < critical. An event
// without a severity is equal to none of them, below and above none.
func compareSeverity(operator string, want event.Severity) predicate {
	if operator == "!=" {
		return negation(compareSeverity("==", want))
	}
	accept := holds[operator]
	return func(record plog.LogRecord, _ pcommon.Resource) bool {
		got := event.SeverityFromNumber(int32(record.SeverityNumber()))
		if got == event.SeverityUnknown || want == event.SeverityUnknown {
			return got == want && accept(0)
		}
		return accept(cmp.Compare(got, want))
	}
}
