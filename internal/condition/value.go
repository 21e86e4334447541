// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// Field is a field by which events are grouped, counted or summed. The zero
// Field must not be asked.
type Field struct {
	text     string
	find     lookup
	severity bool
}

// ParseField compiles a field alone. The error is an *Error.
func ParseField(text string) (Field, error) {
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil {
		return Field{}, err
	}
	f, err := p.valueOf()
	if err == nil && p.tok.kind != tokenEnd {
		err = p.unexpected("the end after the name of a field")
	}
	return f, err
}

func (p *parser) valueOf() (Field, error) {
	start := p.tok.pos
	name, err := p.field()
	if err != nil {
		return Field{}, err
	}
	f := name.value()
	f.text = strings.TrimSpace(p.text[start:p.tok.pos])
	return f, nil
}

func (f fieldName) value() Field { return Field{find: f.resolve(), severity: f.is("severity")} }

// String returns the field as it was written.
func (f Field) String() string { return f.text }

// AppendText appends the value as text: a text as it is, a severity as its name,
// all else as JSON. false means that the field is absent or null.
func (f Field) AppendText(dst []byte, record plog.LogRecord, resource pcommon.Resource) ([]byte, bool) {
	if f.severity {
		s := event.SeverityFromNumber(int32(record.SeverityNumber()))
		return append(dst, s.String()...), s != event.SeverityUnknown
	}
	v, ok := f.find(record, resource)
	switch {
	case !ok || v.Type() == pcommon.ValueTypeEmpty:
		return dst, false
	case v.Type() == pcommon.ValueTypeStr:
		return append(dst, v.Str()...), true
	default:
		return eventlog.AppendJSON(dst, v), true
	}
}

// Number returns the value as a number, read from text if need be. false means
// that the field is absent or null, or that it is a clash: no number.
func (f Field) Number(record plog.LogRecord, resource pcommon.Resource) (n float64, ok, clash bool) {
	v, found := f.find(record, resource)
	if !found {
		return 0, false, false
	}
	switch v.Type() {
	case pcommon.ValueTypeEmpty:
		return 0, false, false
	case pcommon.ValueTypeInt:
		return float64(v.Int()), true, false
	case pcommon.ValueTypeDouble:
		return v.Double(), true, false
	case pcommon.ValueTypeStr:
		n, ok = parseNumber(v.Str())
		return n, ok, !ok
	default:
		return 0, false, true
	}
}
