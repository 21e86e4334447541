// SPDX-License-Identifier: Apache-2.0

// Package duration reads spans of time as people write them: 5m, 90d, 7y.
package duration

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	day = 24 * time.Hour
	// year is a leap year, so that what must be kept for years is never kept
	// shorter than the calendar has it.
	year = 366 * day
	// longest is in whole days, so that it can be written.
	longest = math.MaxInt64 / day * day
)

// units are tried in this order: ms before m.
var units = []struct {
	name string
	time time.Duration
}{
	{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", day}, {"y", year},
}

// Parse reads whole numbers with the units ms, s, m, h, d and y: 90s, 1h30m,
// 7d. What is longer than a time.Duration can be, some 292 years, becomes that.
func Parse(text string) (time.Duration, bool) {
	if text == "" {
		return 0, false
	}
	var total time.Duration
	for text != "" {
		rest := strings.TrimLeft(text, "0123456789")
		digits := text[:len(text)-len(rest)]
		name, unit := cutUnit(rest)
		if digits == "" || name == "" {
			return 0, false
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > int64((longest-total)/unit) {
			total = longest
		} else {
			total += time.Duration(n) * unit
		}
		text = rest[len(name):]
	}
	return total, true
}

func cutUnit(text string) (string, time.Duration) {
	for _, u := range units {
		if strings.HasPrefix(text, u.name) {
			return u.name, u.time
		}
	}
	return "", 0
}

// Span is a span of time in settings, such as 90d. 0 needs no unit.
type Span time.Duration

// UnmarshalText reads a span as Parse does.
func (s *Span) UnmarshalText(text []byte) error {
	d, ok := Parse(string(text))
	if !ok && string(text) != "0" {
		return fmt.Errorf("found %q, expected a duration such as 12h, 90d or 7y", text)
	}
	*s = Span(d)
	return nil
}

// MarshalText writes a span as UnmarshalText reads it.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the span in the largest unit of which it is a whole number.
func (s Span) String() string {
	for _, u := range slices.Backward(units) {
		if s != 0 && time.Duration(s)%u.time == 0 {
			return strconv.FormatInt(int64(time.Duration(s)/u.time), 10) + u.name
		}
	}
	return time.Duration(s).String()
}
