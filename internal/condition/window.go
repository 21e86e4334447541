// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/duration"
)

// What bounds a window, and with it the memory of an alert.
const (
	maxWithin = 7 * 24 * time.Hour
	maxCount  = 100_000
)

// Agg is what a window makes of its events.
type Agg uint8

// A window counts events, counts the values of a field, or adds them up.
const (
	Count Agg = iota
	CountDistinct
	Sum
)

// Op compares what a window has with its limit.
type Op uint8

// Less and equal are missing on purpose: that something did not happen can only
// be told by a clock.
const (
	Greater Op = iota
	GreaterEqual
)

// Window is "count > 5 in 5m by ip_address".
type Window struct {
	Agg Agg
	// Field is what CountDistinct and Sum are about; the zero Field of Count.
	Field Field
	Op    Op
	// Limit is whole and at most 100,000, except of Sum.
	Limit float64
	// Within is the width: more than 0, at most 7 days. A window at time T takes
	// what is in (T-Within, T].
	Within time.Duration
	// By are the fields whose values make a group; none for one group.
	By []Field
}

// Reached reports whether a count or sum makes the alert fire.
func (w *Window) Reached(total float64) bool {
	if w.Op == GreaterEqual {
		return total >= w.Limit
	}
	return total > w.Limit
}

// aggregate reads count(distinct field) or sum(field), and the rest.
func (p *parser) aggregate(depth int) (node, error) {
	start := p.tok
	w := Window{Agg: Sum}
	if err := p.advance(); err != nil {
		return node{}, err
	}
	if err := p.expect(tokenOpen, "'('"); err != nil {
		return node{}, err
	}
	if strings.EqualFold(start.text, "count") {
		w.Agg = CountDistinct
		if !p.isWord("distinct") {
			return node{}, p.unexpected("distinct and a field; plain count has no brackets")
		}
		if err := p.advance(); err != nil {
			return node{}, err
		}
	}
	var err error
	if w.Field, err = p.valueOf(); err != nil {
		return node{}, err
	}
	if err := p.expect(tokenClose, "')'"); err != nil {
		return node{}, err
	}
	operator := p.tok
	if err := p.expect(tokenOperator, "> or >="); err != nil {
		return node{}, err
	}
	limit := p.tok
	if err := p.expect(tokenNumber, "a number"); err != nil {
		return node{}, err
	}
	if !p.isWord("in") {
		return node{}, p.unexpected("in and a duration, such as in 5m")
	}
	return p.windowAfter(w, start, operator, limit, depth)
}

// windowAfter reads a window from its "in" on.
func (p *parser) windowAfter(w Window, start, operator, limit token, depth int) (node, error) {
	switch {
	case !p.alert:
		return node{}, p.fail(start.pos, "a window", "a condition on one event; windows are for alerts alone")
	case depth > 0:
		return node{}, p.fail(start.pos, "a window in brackets or after NOT", "one that AND joins to all the rest")
	case p.window != nil:
		return node{}, p.fail(start.pos, "a second window", "at most one")
	}
	if err := p.limit(&w, operator, limit); err != nil {
		return node{}, err
	}
	if err := p.advance(); err != nil {
		return node{}, err
	}
	if err := p.within(&w); err != nil {
		return node{}, err
	}
	for more := p.isWord("by"); more; more = p.tok.kind == tokenComma {
		if err := p.advance(); err != nil {
			return node{}, err
		}
		f, err := p.valueOf()
		if err != nil {
			return node{}, err
		}
		w.By = append(w.By, f)
	}
	p.window, p.pos = &w, start.pos
	return node{}, nil
}

func (p *parser) limit(w *Window, operator, limit token) error {
	switch operator.text {
	case ">":
		w.Op = Greater
	case ">=":
		w.Op = GreaterEqual
	default:
		return p.fail(operator.pos, strconv.Quote(operator.text), "> or >= in a window")
	}
	n, err := strconv.ParseFloat(limit.text, 64)
	if limit.kind != tokenNumber || err != nil {
		return p.fail(limit.pos, strconv.Quote(limit.text), "a number")
	}
	least := 0.0
	if w.Op == GreaterEqual {
		least = 1
	}
	if w.Agg != Sum && (n != math.Trunc(n) || n < least || n > maxCount) {
		return p.fail(limit.pos, limit.text, fmt.Sprintf("a whole number from %g to %d", least, maxCount))
	}
	w.Limit = n
	return nil
}

func (p *parser) within(w *Window) error {
	if p.tok.kind != tokenDuration {
		err := p.unexpected("a duration, such as 5m")
		if p.tok.kind == tokenNumber {
			err.Hint = p.tok.text + "m"
		}
		return err
	}
	w.Within, _ = duration.Parse(p.tok.text)
	if w.Within <= 0 || w.Within > maxWithin {
		return p.fail(p.tok.pos, p.tok.text, "a duration of more than 0 and at most 7d")
	}
	return p.advance()
}
