// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// maxNesting bounds brackets and NOTs, and with them the parser's stack.
const maxNesting = 64

// Condition is a compiled condition.
type Condition struct {
	text  string
	match predicate
}

// predicate answers for one record.
type predicate func(record plog.LogRecord, resource pcommon.Resource) bool

// Parse compiles a condition. The error is an *Error.
func Parse(text string) (*Condition, error) {
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	match, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected("AND, OR or the end")
	}
	return &Condition{text: text, match: match}, nil
}

// String returns the condition as it was written.
func (c *Condition) String() string { return c.text }

// Match reports whether the condition holds for a record and its resource.
func (c *Condition) Match(record plog.LogRecord, resource pcommon.Resource) bool {
	return c.match(record, resource)
}

type parser struct {
	lexer
	tok token
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected(expected string) error {
	found := "the end"
	if p.tok.kind != tokenEnd {
		found = strconv.Quote(p.tok.text)
	}
	return p.fail(p.tok.pos, found, expected)
}

func (p *parser) or(depth int) (predicate, error) {
	left, err := p.and(depth)
	for err == nil && p.tok.kind == tokenOr {
		if err = p.advance(); err != nil {
			return nil, err
		}
		var right predicate
		if right, err = p.and(depth); err == nil {
			left = anyOf(left, right)
		}
	}
	return left, err
}

func (p *parser) and(depth int) (predicate, error) {
	left, err := p.not(depth)
	for err == nil && p.tok.kind == tokenAnd {
		if err = p.advance(); err != nil {
			return nil, err
		}
		var right predicate
		if right, err = p.not(depth); err == nil {
			left = allOf(left, right)
		}
	}
	return left, err
}

func (p *parser) not(depth int) (predicate, error) {
	if depth > maxNesting {
		return nil, p.fail(p.tok.pos, "deeper nesting", fmt.Sprintf("at most %d brackets and NOTs", maxNesting))
	}
	switch p.tok.kind {
	case tokenNot:
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.not(depth + 1)
		return negation(inner), err
	case tokenOpen:
		return p.brackets(depth + 1)
	default:
		return p.comparison()
	}
}

func (p *parser) brackets(depth int) (predicate, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	inner, err := p.or(depth)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenClose {
		return nil, p.unexpected("')'")
	}
	return inner, p.advance()
}

func (p *parser) comparison() (predicate, error) {
	name, err := p.field()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenOperator {
		return present(resolve(name)), nil
	}
	operator := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	lit, err := p.value()
	if err != nil {
		return nil, err
	}
	if name.isSeverity() {
		return p.severity(operator, lit)
	}
	return compare(resolve(name), operator, lit), p.advance()
}

// fieldName is a field as it was written: a dotted name, or attributes["k"] or
// resource["k"].
type fieldName struct {
	name string
	key  string // of attributes and resource
}

func (f fieldName) isSeverity() bool { return f.key == "" && f.name == "severity" }

func (p *parser) field() (fieldName, error) {
	if p.tok.kind != tokenWord {
		return fieldName{}, p.unexpected("the name of a field")
	}
	f, start := fieldName{name: p.tok.text}, p.tok
	if strings.Contains("."+f.name+".", "..") {
		return f, p.fail(start.pos, strconv.Quote(f.name), "a name between two dots")
	}
	if err := p.advance(); err != nil || p.tok.kind != tokenIndex {
		return f, err
	}
	if f.name != "attributes" && f.name != "resource" {
		return f, p.unexpected("an operator; only attributes and resource take a key")
	}
	if err := p.advance(); err != nil {
		return f, err
	}
	if p.tok.kind != tokenText || p.tok.text == "" {
		return f, p.unexpected("a key in quotes")
	}
	f.key = p.tok.text
	if err := p.advance(); err != nil {
		return f, err
	}
	if p.tok.kind != tokenIndexEnd {
		return f, p.unexpected("']'")
	}
	return f, p.advance()
}

// value reads the token as a literal and leaves it in place, for errors.
func (p *parser) value() (literal, error) {
	switch p.tok.kind {
	case tokenText:
		return literal{kind: literalText, text: p.tok.text}, nil
	case tokenNumber:
		f, err := strconv.ParseFloat(p.tok.text, 64)
		if err != nil {
			return literal{}, p.unexpected("a number")
		}
		lit := literal{kind: literalNumber, text: p.tok.text, number: f}
		i, err := strconv.ParseInt(p.tok.text, 10, 64)
		lit.integer, lit.fits = i, err == nil
		return lit, nil
	case tokenWord:
		switch p.tok.text {
		case "true", "false":
			return literal{kind: literalBool, text: p.tok.text, boolean: p.tok.text == "true"}, nil
		case "null":
			return literal{kind: literalNull}, nil
		}
		return literal{kind: literalText, text: p.tok.text}, nil
	default:
		return literal{}, p.unexpected("a value")
	}
}

// severity compares by rank; a name that is no severity is an error.
func (p *parser) severity(operator string, lit literal) (predicate, error) {
	if lit.kind == literalNull {
		return compareSeverity(operator, event.SeverityUnknown), p.advance()
	}
	want, ok := event.ParseSeverity(lit.text)
	if lit.kind != literalText || !ok {
		return nil, p.unexpected("a severity: " + strings.Join(event.SeverityNames(), ", "))
	}
	return compareSeverity(operator, want), p.advance()
}
