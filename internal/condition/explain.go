// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Part is one comparison of a condition, and what it finds in a record.
type Part struct {
	// Text is the comparison as it was written, without a NOT before it.
	Text string
	// Holds says that it is true of the record.
	Holds bool
	// Found is the value of its field, as Field.AppendText writes it.
	Found string
	// Absent says that the field is absent or null.
	Absent bool
}

// part is a comparison of a compiled condition.
type part struct {
	name  string // of its field
	text  string
	field Field
	match predicate
}

// Explain tells what each comparison of the condition finds, in their order,
// whether or not Match would ask it.
func (c *Condition) Explain(record plog.LogRecord, resource pcommon.Resource) []Part {
	return explain(c.parts, record, resource)
}

// Explain is that of Condition. A glob and severity:LEVEL are one comparison.
func (s *Selector) Explain(record plog.LogRecord, resource pcommon.Resource) []Part {
	return explain(s.parts, record, resource)
}

// Fields names the fields that the condition asks for, each as often as it does.
func (c *Condition) Fields() []string { return fields(c.parts) }

// Fields is that of Condition. A glob asks for event_type.
func (s *Selector) Fields() []string { return fields(s.parts) }

func fields(parts []part) []string {
	names := make([]string, 0, len(parts))
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

func explain(parts []part, record plog.LogRecord, resource pcommon.Resource) []Part {
	found := make([]Part, 0, len(parts))
	for _, p := range parts {
		text, ok := p.field.AppendText(nil, record, resource)
		found = append(found, Part{Text: p.text, Holds: p.match(record, resource), Found: string(text), Absent: !ok})
	}
	return found
}
