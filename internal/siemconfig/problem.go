// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that cannot be honoured, or that differs from what
// MockForge does with the same setting.
type Problem struct {
	// File, Line and Column say where it stands; Line is 0 for the environment.
	File         string
	Line, Column int
	// Text has the key, what was found and what to do.
	Text string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Problems is an error that lists all of them, one on a line.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return strings.Join(lines, "\n")
}

// sorted is in the file's order, and says nothing twice.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(ps)
}

func (p *parser) fail(at *yaml.Node, format string, args ...any) {
	p.errors = append(p.errors, p.problem(at, format, args...))
}

func (p *parser) warn(at *yaml.Node, format string, args ...any) {
	p.warnings = append(p.warnings, p.problem(at, format, args...))
}

func (p *parser) problem(at *yaml.Node, format string, args ...any) Problem {
	found := Problem{File: p.name, Text: fmt.Sprintf(format, args...)}
	if at != nil {
		found.Line, found.Column = at.Line, at.Column
	}
	return found
}

// suggest says which of the allowed names was meant, if one is close.
func suggest(found string, allowed []string) string {
	best, least := "", 3
	for _, name := range allowed {
		if d := distance(strings.ToLower(found), name); d < least && d < len(name) {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
