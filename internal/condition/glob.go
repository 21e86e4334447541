// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Glob matches whole texts, event types above all: "*" stands for any run of characters, dots
// included, "?" for one character, "\" takes the next one literally. auth.*
// matches auth.failure and never authz.access_denied.
type Glob struct {
	pattern string
	// A pattern with a star at its end alone, or none, needs no walk.
	prefix string
	simple bool
	star   bool
	tokens []globToken
}

type globToken struct {
	char rune
	kind globKind
}

type globKind uint8

const (
	globChar globKind = iota
	globOne
	globAny
)

// ParseGlob compiles a pattern over event types.
func ParseGlob(pattern string) (*Glob, error) { return compileGlob(pattern, isTypeChar) }

// compileGlob takes the characters that plain says need no escape.
func compileGlob(pattern string, plain func(rune) bool) (*Glob, error) {
	if pattern == "" {
		return nil, fmt.Errorf("found an empty pattern, expected an event type or a glob such as %q", "auth.*")
	}
	if !utf8.ValidString(pattern) {
		return nil, fmt.Errorf("found %q, expected UTF-8", pattern)
	}
	g := &Glob{pattern: pattern}
	escaped := false
	for i, c := range pattern {
		switch {
		case escaped:
			escaped = false
			g.tokens = append(g.tokens, globToken{char: c})
		case c == '\\':
			escaped = true
		case c == '*':
			g.tokens = append(g.tokens, globToken{kind: globAny})
		case c == '?':
			g.tokens = append(g.tokens, globToken{kind: globOne})
		case plain(c):
			g.tokens = append(g.tokens, globToken{char: c})
		default:
			return nil, fmt.Errorf("column %d: found %q, expected a character of an event type, '*', '?' or '\\'", i+1, c)
		}
	}
	if escaped {
		return nil, fmt.Errorf("column %d: found the end, expected a character after '\\'", len(pattern)+1)
	}
	g.simplify()
	return g, nil
}

// isTypeChar reports whether c stands in names of event types; any other needs
// an escape, so that a mistyped condition is not taken for a glob.
func isTypeChar(c rune) bool {
	return c == '.' || c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (g *Glob) simplify() {
	var prefix strings.Builder
	for i, t := range g.tokens {
		if t.kind == globAny && i == len(g.tokens)-1 {
			g.star = true
			break
		}
		if t.kind != globChar {
			return
		}
		prefix.WriteRune(t.char)
	}
	g.simple, g.prefix = true, prefix.String()
}

// String returns the pattern as it was written.
func (g *Glob) String() string { return g.pattern }

// Match reports whether the pattern matches all of name.
func (g *Glob) Match(name string) bool {
	if g.simple {
		return strings.HasPrefix(name, g.prefix) && (g.star || len(name) == len(g.prefix))
	}
	// On a mismatch the last star takes one character more; earlier stars need
	// not be tried again, so the work is at most len(tokens) * len(name).
	t, n := 0, 0
	star, resume := -1, 0
	for n < len(name) {
		c, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case t < len(g.tokens) && g.tokens[t].kind == globAny:
			star, resume = t, n
			t++
		case t < len(g.tokens) && (g.tokens[t].kind == globOne || g.tokens[t].char == c):
			t++
			n += size
		case star >= 0:
			_, size = utf8.DecodeRuneInString(name[resume:])
			resume += size
			t, n = star+1, resume
		default:
			return false
		}
	}
	for t < len(g.tokens) && g.tokens[t].kind == globAny {
		t++
	}
	return t == len(g.tokens)
}
