// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mockforge/otelcol-mockforge/internal/duration"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenNumber
	tokenDuration
	tokenText
	tokenPattern  // /RE2/
	tokenOperator // == = != < <= > >=
	tokenMatch    // =~ !~
	tokenOpen     // (
	tokenClose    // )
	tokenIndex    // [
	tokenIndexEnd // ]
	tokenDot
	tokenComma
	tokenAnd
	tokenOr
	tokenNot
)

type token struct {
	kind tokenKind
	text string // of a text or pattern without its quotes and their escapes
	pos  int    // in bytes
}

// symbols are tried in this order: longer ones first.
var symbols = []struct {
	text string
	kind tokenKind
}{
	{"=~", tokenMatch},
	{"!~", tokenMatch},
	{"==", tokenOperator},
	{"!=", tokenOperator},
	{"<=", tokenOperator},
	{">=", tokenOperator},
	{"&&", tokenAnd},
	{"||", tokenOr},
	{"=", tokenOperator},
	{"<", tokenOperator},
	{">", tokenOperator},
	{"!", tokenNot},
	{"(", tokenOpen},
	{")", tokenClose},
	{"[", tokenIndex},
	{"]", tokenIndexEnd},
	{".", tokenDot},
	{",", tokenComma},
}

// Error says where in a condition something is wrong.
type Error struct {
	// Column counts characters from 1.
	Column int
	// Found and Expected say what is there and what should be.
	Found, Expected string
	// Hint is what was most likely meant; "" where there is no guess.
	Hint string
}

// Error gives the column, what was found and what was expected.
func (e *Error) Error() string {
	text := fmt.Sprintf("column %d: found %s, expected %s", e.Column, e.Found, e.Expected)
	if e.Hint != "" {
		text += "; did you mean " + e.Hint + "?"
	}
	return text
}

type lexer struct {
	text string
	pos  int
}

func (l *lexer) fail(pos int, found, expected string) *Error {
	return &Error{Column: utf8.RuneCountInString(l.text[:pos]) + 1, Found: found, Expected: expected}
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.pos]) >= 0 {
		l.pos++
	}
	if l.pos == len(l.text) {
		return token{kind: tokenEnd, pos: l.pos}, nil
	}
	rest := l.text[l.pos:]
	for _, s := range symbols {
		if strings.HasPrefix(rest, s.text) {
			return l.take(s.kind, len(s.text)), nil
		}
	}
	switch c, _ := utf8.DecodeRuneInString(rest); {
	case c == '\'' || c == '"':
		return l.quoted(byte(c))
	case c == '/':
		return l.pattern()
	case c >= '0' && c <= '9' || c == '-':
		return l.number()
	case isWordStart(c):
		return l.word(), nil
	default:
		return token{}, l.fail(l.pos, fmt.Sprintf("%q", c), "a field, a value or an operator")
	}
}

func (l *lexer) take(kind tokenKind, n int) token {
	t := token{kind: kind, text: l.text[l.pos : l.pos+n], pos: l.pos}
	l.pos += n
	return t
}

func (l *lexer) quoted(quote byte) (token, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == quote:
			l.pos = i + 1
			return token{kind: tokenText, text: b.String(), pos: start}, nil
		case c == '\\' && i+1 < len(l.text):
			i++
			b.WriteByte(l.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, l.fail(start, "a text without an end", fmt.Sprintf("a closing %c", quote))
}

// pattern reads /RE2/. Of the backslashes only that of "\/" is ours; the others
// belong to the expression.
func (l *lexer) pattern() (token, error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '/':
			l.pos = i + 1
			return token{kind: tokenPattern, text: b.String(), pos: start}, nil
		case c == '\\' && i+1 < len(l.text):
			i++
			if l.text[i] != '/' {
				b.WriteByte(c)
			}
			b.WriteByte(l.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, l.fail(start, "a regular expression without an end", "a closing /")
}

// number reads a number, or what begins like one: a duration such as 1h30m.
func (l *lexer) number() (token, error) {
	end := l.pos + 1
	for end < len(l.text) && (isDigit(l.text[end]) || strings.IndexByte(".eE", l.text[end]) >= 0 ||
		strings.IndexByte("+-", l.text[end]) >= 0 && strings.IndexByte("eE", l.text[end-1]) >= 0) {
		end++
	}
	if c, _ := utf8.DecodeRuneInString(l.text[end:]); !isWordPart(c) {
		return l.take(tokenNumber, end-l.pos), nil
	}
	word := l.take(tokenDuration, wordLength(l.text[l.pos+1:])+1)
	if _, ok := duration.Parse(word.text); !ok {
		err := l.fail(word.pos, fmt.Sprintf("%q", word.text), "a number, or a text in quotes")
		if hint := durationHint(word.text); hint != "" {
			err.Expected, err.Hint = "a duration", hint
		}
		return token{}, err
	}
	return word, nil
}

func (l *lexer) word() token {
	t := l.take(tokenWord, wordLength(l.text[l.pos:]))
	switch strings.ToLower(t.text) {
	case "and":
		t.kind = tokenAnd
	case "or":
		t.kind = tokenOr
	case "not":
		t.kind = tokenNot
	}
	return t
}

// calls reports whether a bracket follows the token that was read last.
func (l *lexer) calls() bool {
	return strings.HasPrefix(strings.TrimLeft(l.text[l.pos:], " \t\r\n"), "(")
}

func wordLength(text string) int {
	n := strings.IndexFunc(text, func(c rune) bool { return !isWordPart(c) })
	if n < 0 {
		return len(text)
	}
	return n
}

func isWordStart(c rune) bool { return c == '_' || unicode.IsLetter(c) }

func isWordPart(c rune) bool {
	return isWordStart(c) || unicode.IsDigit(c) || c == '.' || c == '-'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
