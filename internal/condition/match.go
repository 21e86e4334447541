// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"regexp"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// matching reads what follows =~ or !~: a glob in quotes, which matches the
// whole text, or /RE2/, which matches anywhere in it.
func (p *parser) matching(name fieldName) (node, error) {
	operator := p.tok
	if name.is("severity") {
		return node{}, p.unexpected("==, !=, <, <=, >, >= or in, as severity compares by rank")
	}
	if err := p.advance(); err != nil {
		return node{}, err
	}
	m, err := p.textMatcher()
	if err != nil {
		return node{}, err
	}
	match := matchText(name.resolve(), m, p.clashes)
	if operator.text == "!~" {
		match = negation(match)
	}
	return node{match: match}, p.advance()
}

// textMatcher is a glob or a regular expression. It is no function and no
// interface so that a number's text can stay on the stack.
type textMatcher struct {
	glob *Glob
	re   *regexp.Regexp
}

func (m textMatcher) match(text string) bool {
	if m.glob != nil {
		return m.glob.Match(text)
	}
	return m.re.MatchString(text)
}

// matchScalar matches the JSON text of a number or bool.
func (m textMatcher) matchScalar(v pcommon.Value) bool {
	if m.glob != nil {
		var buf [32]byte
		return m.glob.Match(string(appendScalar(buf[:0], v)))
	}
	return m.re.Match(appendScalar(nil, v))
}

func (p *parser) textMatcher() (m textMatcher, err error) {
	switch p.tok.kind {
	case tokenText:
		m.glob, err = compileGlob(p.tok.text, func(rune) bool { return true })
		if err != nil {
			return m, p.fail(p.tok.pos, fmt.Sprintf("%q", p.tok.text), "a glob: "+err.Error())
		}
		return m, nil
	case tokenPattern:
		m.re, err = regexp.Compile(p.tok.text)
		if err != nil {
			return m, p.fail(p.tok.pos, fmt.Sprintf("/%s/", p.tok.text), "a regular expression of RE2: "+err.Error())
		}
		return m, nil
	case tokenWord:
		err := p.unexpected("a glob in quotes or /a regular expression/")
		err.Hint = "'" + p.tok.text + "'"
		return m, err
	default:
		return m, p.unexpected("a glob in quotes or /a regular expression/")
	}
}

func matchText(find lookup, m textMatcher, clashes *atomic.Int64) predicate {
	ask := func(v pcommon.Value) (matched, answered bool) {
		switch v.Type() {
		case pcommon.ValueTypeStr:
			return m.match(v.Str()), true
		case pcommon.ValueTypeInt, pcommon.ValueTypeDouble, pcommon.ValueTypeBool:
			return m.matchScalar(v), true
		default:
			return false, v.Type() == pcommon.ValueTypeEmpty
		}
	}
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		v, ok := find(record, resource)
		if !ok {
			return false
		}
		matched, answered := anyElement(v, ask)
		if !answered {
			clashes.Add(1)
		}
		return matched
	}
}
