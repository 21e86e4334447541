// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"strconv"
	"strings"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// comparison reads what follows a field that an operator follows. A duration
// after it makes the field "count" a window.
func (p *parser) comparison(name fieldName, start token, depth int) (node, error) {
	operator := p.tok
	if err := p.advance(); err != nil {
		return node{}, err
	}
	value := p.tok
	if value.kind == tokenOperator {
		err := p.unexpected("a value")
		err.Hint = operatorHint(operator.text + value.text)
		return node{}, err
	}
	lit, err := p.value()
	if err != nil {
		return node{}, err
	}
	if name.is("severity") {
		return p.severity(operator.text, lit)
	}
	if err := p.advance(); err != nil {
		return node{}, err
	}
	if p.isWord("in") {
		if len(name.keys) > 0 || !strings.EqualFold(name.name, "count") {
			return node{}, p.fail(p.tok.pos, `"in"`, "AND, OR or the end; a window begins with count, count(distinct FIELD) or sum(FIELD)")
		}
		return p.windowAfter(Window{Agg: Count}, start, operator, value, depth)
	}
	n := node{match: compare(name.resolve(), operator.text, lit, p.clashes)}
	if name.is("event_type") && lit.kind == literalText && (operator.text == "==" || operator.text == "=") {
		n.types = []string{lit.text}
	}
	return n, nil
}

// in reads a list of values: short for == joined by OR.
func (p *parser) in(name fieldName) (node, error) {
	if err := p.advance(); err != nil {
		return node{}, err
	}
	if p.tok.kind == tokenDuration {
		return node{}, p.unexpected("'[' and values; a window is count > 5 in " + p.tok.text)
	}
	if err := p.expect(tokenIndex, "'[' and values"); err != nil {
		return node{}, err
	}
	var all node
	for {
		one, err := p.element(name)
		if err != nil {
			return node{}, err
		}
		if all.match == nil {
			all = one
		} else {
			all = anyOf(all, one)
		}
		if p.tok.kind != tokenComma {
			break
		}
		if err := p.advance(); err != nil {
			return node{}, err
		}
	}
	return all, p.expect(tokenIndexEnd, "',' or ']'")
}

func (p *parser) element(name fieldName) (node, error) {
	lit, err := p.value()
	if err != nil {
		return node{}, err
	}
	if name.is("severity") {
		return p.severity("==", lit)
	}
	n := node{match: compare(name.resolve(), "==", lit, p.clashes)}
	if name.is("event_type") && lit.kind == literalText {
		n.types = []string{lit.text}
	}
	return n, p.advance()
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
		case "in": // its value was forgotten: count > in 5m
			return literal{}, p.unexpected("a value")
		case "true", "false":
			return literal{kind: literalBool, text: p.tok.text, boolean: p.tok.text == "true"}, nil
		case "null":
			return literal{kind: literalNull}, nil
		}
		return literal{kind: literalText, text: p.tok.text}, nil
	case tokenDuration:
		return literal{}, p.unexpected("a number, or a text in quotes")
	case tokenPattern:
		return literal{}, p.unexpected("a value; a regular expression stands after =~ or !~")
	default:
		return literal{}, p.unexpected("a value")
	}
}

// severity compares by rank; a name that is no severity is an error.
func (p *parser) severity(operator string, lit literal) (node, error) {
	if lit.kind == literalNull {
		return node{match: compareSeverity(operator, event.SeverityUnknown)}, p.advance()
	}
	want, ok := event.ParseSeverity(lit.text)
	if lit.kind != literalText || !ok {
		err := p.unexpected("a severity: " + strings.Join(event.SeverityNames(), ", "))
		err.Hint = nearest(lit.text, event.SeverityNames()...)
		return node{}, err
	}
	return node{match: compareSeverity(operator, want)}, p.advance()
}
