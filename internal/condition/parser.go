// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// maxNesting bounds brackets and NOTs, and with them the parser's stack.
const maxNesting = 64

// parser reads the grammar of README.md by recursive descent: one method for
// each rule, with one token of lookahead.
type parser struct {
	lexer
	tok token
	// alert allows a window.
	alert   bool
	window  *Window
	pos     int // of the window
	clashes *atomic.Int64
	// named is the field that was read last; parts are the comparisons so far.
	named fieldName
	parts []part
}

// parse reads all of a text.
func (p *parser) parse() (node, error) {
	p.clashes = new(atomic.Int64)
	if err := p.advance(); err != nil {
		return node{}, err
	}
	n, err := p.or(0)
	if err != nil {
		return node{}, err
	}
	if p.tok.kind != tokenEnd {
		return node{}, p.unexpectedAfterComparison()
	}
	return n, nil
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) unexpected(expected string) *Error {
	found := "the end"
	if p.tok.kind != tokenEnd {
		found = strconv.Quote(p.tok.text)
	}
	return p.fail(p.tok.pos, found, expected)
}

func (p *parser) unexpectedAfterComparison() *Error {
	err := p.unexpected("AND, OR or the end")
	if p.tok.kind == tokenWord {
		err.Hint = joinHint(p.tok.text)
	}
	return err
}

// expect reads a token of a kind.
func (p *parser) expect(kind tokenKind, name string) error {
	if p.tok.kind != kind {
		return p.unexpected(name)
	}
	return p.advance()
}

// isWord reports whether the token is a word of the language, in any case.
func (p *parser) isWord(word string) bool {
	return p.tok.kind == tokenWord && strings.EqualFold(p.tok.text, word)
}

func (p *parser) or(depth int) (node, error) {
	left, err := p.and(depth)
	for err == nil && p.tok.kind == tokenOr {
		if err = p.advance(); err != nil {
			return node{}, err
		}
		var right node
		right, err = p.and(depth)
		if err == nil && p.window != nil && depth == 0 {
			return node{}, p.fail(p.pos, "a window beside OR", "one that AND joins to all the rest; put the OR in brackets")
		}
		if err == nil {
			left = anyOf(left, right)
		}
	}
	return left, err
}

func (p *parser) and(depth int) (node, error) {
	left, err := p.not(depth)
	for err == nil && p.tok.kind == tokenAnd {
		if err = p.advance(); err != nil {
			return node{}, err
		}
		var right node
		if right, err = p.not(depth); err == nil {
			left = allOf(left, right)
		}
	}
	return left, err
}

func (p *parser) not(depth int) (node, error) {
	if depth > maxNesting {
		return node{}, p.fail(p.tok.pos, "deeper nesting", fmt.Sprintf("at most %d brackets and NOTs", maxNesting))
	}
	switch p.tok.kind {
	case tokenNot:
		if err := p.advance(); err != nil {
			return node{}, err
		}
		inner, err := p.not(depth + 1)
		return node{match: negation(inner.match)}, err
	case tokenOpen:
		return p.brackets(depth + 1)
	default:
		return p.primary(depth)
	}
}

func (p *parser) brackets(depth int) (node, error) {
	if err := p.advance(); err != nil {
		return node{}, err
	}
	inner, err := p.or(depth)
	if err != nil {
		return node{}, err
	}
	return inner, p.expect(tokenClose, "')'")
}

// primary reads exists(field), a window or a comparison, and notes it for Explain.
func (p *parser) primary(depth int) (node, error) {
	start := p.tok.pos
	n, err := p.test(depth)
	if err == nil && n.match != nil {
		p.parts = append(p.parts, part{name: p.named.full(), text: strings.TrimSpace(p.text[start:p.tok.pos]), field: p.named.value(), match: n.match})
	}
	return n, err
}

func (p *parser) test(depth int) (node, error) {
	start := p.tok
	if start.kind == tokenWord && p.calls() {
		return p.call(depth)
	}
	name, err := p.field()
	if err != nil {
		return node{}, err
	}
	switch {
	case p.tok.kind == tokenOperator:
		return p.comparison(name, start, depth)
	case p.tok.kind == tokenMatch:
		return p.matching(name)
	case p.tok.kind == tokenNot:
		if err := p.advance(); err != nil {
			return node{}, err
		}
		if !p.isWord("in") {
			return node{}, p.unexpected("in, after a field and NOT")
		}
		in, err := p.in(name)
		return node{match: negation(in.match)}, err
	case p.isWord("in"):
		return p.in(name)
	case p.tok.kind == tokenWord:
		err := p.unexpected("an operator, AND, OR or the end")
		err.Hint = operatorHint(p.tok.text)
		return node{}, err
	default:
		return node{match: present(name.resolve())}, nil
	}
}

func (p *parser) call(depth int) (node, error) {
	start := p.tok
	switch strings.ToLower(start.text) {
	case "exists":
		return p.exists()
	case "count", "sum":
		return p.aggregate(depth)
	}
	err := p.unexpected("exists, count or sum before '('")
	err.Hint = nearest(start.text, "exists", "count", "sum", "in")
	return node{}, err
}

func (p *parser) exists() (node, error) {
	if err := p.advance(); err != nil {
		return node{}, err
	}
	if err := p.expect(tokenOpen, "'('"); err != nil {
		return node{}, err
	}
	name, err := p.field()
	if err != nil {
		return node{}, err
	}
	return node{match: present(name.resolve())}, p.expect(tokenClose, "')'")
}

// field reads a dotted name and what follows it: .name and ["key"].
func (p *parser) field() (fieldName, error) {
	if p.tok.kind != tokenWord {
		return fieldName{}, p.unexpected("the name of a field")
	}
	f, start := fieldName{name: p.tok.text}, p.tok
	if !dotted(f.name) {
		return f, p.fail(start.pos, strconv.Quote(f.name), "a name between two dots")
	}
	err := p.advance()
	for err == nil {
		switch {
		case p.tok.kind == tokenIndex:
			err = p.index(&f)
		case p.tok.kind == tokenDot && len(f.keys) > 0:
			err = p.member(&f)
		default:
			p.named = f
			return f, nil
		}
	}
	return f, err
}

func dotted(name string) bool { return !strings.Contains("."+name+".", "..") }

func (p *parser) index(f *fieldName) error {
	if err := p.advance(); err != nil {
		return err
	}
	if p.tok.kind != tokenText || p.tok.text == "" {
		return p.unexpected("a key in quotes")
	}
	f.keys = append(f.keys, p.tok.text)
	if err := p.advance(); err != nil {
		return err
	}
	return p.expect(tokenIndexEnd, "']'")
}

func (p *parser) member(f *fieldName) error {
	if err := p.advance(); err != nil {
		return err
	}
	if p.tok.kind != tokenWord || !dotted(p.tok.text) {
		return p.unexpected("a name after the dot")
	}
	f.keys = append(f.keys, strings.Split(p.tok.text, ".")...)
	return p.advance()
}
