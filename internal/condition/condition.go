// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Condition is a compiled condition. It is safe for concurrent use.
type Condition struct {
	text    string
	match   predicate
	clashes *atomic.Int64
	parts   []part
}

// Parse compiles a condition on one event. The error is an *Error.
func Parse(text string) (*Condition, error) {
	p := &parser{lexer: lexer{text: text}}
	n, err := p.parse()
	if err != nil {
		return nil, err
	}
	return &Condition{text: text, match: n.match, clashes: p.clashes, parts: p.parts}, nil
}

// String returns the condition as it was written.
func (c *Condition) String() string { return c.text }

// Match reports whether the condition holds for a record and its resource.
func (c *Condition) Match(record plog.LogRecord, resource pcommon.Resource) bool {
	return c.match(record, resource)
}

// Clashes returns how many comparisons so far met a value of which they could
// not tell whether it is above or below the literal, or matches the pattern: a
// word against a number, an object against anything. Such a comparison is false.
func (c *Condition) Clashes() int64 { return c.clashes.Load() }
