// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"cmp"
	"strconv"
	"sync/atomic"

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

// compare counts a clash when an order is asked for and the field is there, but
// no value of it has one with the literal.
func compare(find lookup, operator string, lit literal, clashes *atomic.Int64) predicate {
	if operator == "!=" {
		return negation(compare(find, "==", lit, clashes))
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
		matched, answered := anyElement(v, func(v pcommon.Value) (bool, bool) {
			order, ordered, alike := lit.order(v)
			answered := alike && (ordered || equality)
			return answered && accept(order), answered
		})
		if !answered && !equality && v.Type() != pcommon.ValueTypeEmpty {
			clashes.Add(1)
		}
		return matched
	}
}

// anyElement asks each element of an array, and any other value itself.
// answered tells whether one of them could answer.
func anyElement(v pcommon.Value, ask func(pcommon.Value) (matched, answered bool)) (matched, answered bool) {
	if v.Type() != pcommon.ValueTypeSlice {
		return ask(v)
	}
	for i := range v.Slice().Len() {
		m, c := ask(v.Slice().At(i))
		answered = answered || c
		if m {
			return true, true
		}
	}
	return false, answered || v.Slice().Len() == 0
}

// compareNull: nothing is below or above null.
func compareNull(find lookup, operator string) predicate {
	if operator == "<" || operator == ">" {
		return func(plog.LogRecord, pcommon.Resource) bool { return false }
	}
	return negation(present(find))
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
			var buf [32]byte
			if string(appendScalar(buf[:0], v)) == l.text {
				return 0, false, true
			}
			return 1, false, true
		default:
			return 0, false, false
		}
	}
}

// appendScalar appends a number or bool as JSON.
func appendScalar(dst []byte, v pcommon.Value) []byte {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(dst, v.Bool())
	default:
		return eventlog.AppendDouble(dst, v.Double())
	}
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
