// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const severityPrefix = "severity:"

// Selector picks events: a glob over event types, severity:LEVEL, or a
// condition.
type Selector struct {
	text  string
	glob  *Glob
	match predicate
	parts []part
}

// ParseSelector compiles an entry of a list such as include or exclude.
func ParseSelector(text string) (*Selector, error) {
	s := &Selector{text: text}
	if level, ok := strings.CutPrefix(text, severityPrefix); ok {
		severity, known := event.ParseSeverity(level)
		if !known && level != event.SeverityUnknown.String() {
			return nil, &Error{
				Column: len(severityPrefix) + 1, Found: fmt.Sprintf("%q", level),
				Expected: "a severity: " + strings.Join(event.SeverityNames(), ", ") + " or unknown",
				Hint:     nearest(level, event.SeverityNames()...),
			}
		}
		s.match = compareSeverity("==", severity)
		s.parts = []part{{name: "severity", text: text, field: fieldName{name: "severity"}.value(), match: s.match}}
		return s, nil
	}
	if !strings.ContainsAny(text, " =<>!&|()[]'\"") {
		glob, err := ParseGlob(text)
		if err != nil {
			return nil, err
		}
		s.glob = glob
		s.match = func(record plog.LogRecord, _ pcommon.Resource) bool {
			return glob.Match(eventlog.EventType(record))
		}
		s.parts = []part{{name: "event_type", text: text, field: fieldName{name: "event_type"}.value(), match: s.match}}
		return s, nil
	}
	c, err := Parse(text)
	if err != nil {
		return nil, err
	}
	s.match, s.parts = c.match, c.parts
	return s, nil
}

// String returns the selector as it was written.
func (s *Selector) String() string { return s.text }

// Match reports whether the selector picks a record.
func (s *Selector) Match(record plog.LogRecord, resource pcommon.Resource) bool {
	return s.match(record, resource)
}

// MatchesNoKnownType reports whether the selector is a glob that no type of the
// catalogue matches: most likely a typing error, but perhaps a type to come.
func (s *Selector) MatchesNoKnownType() bool {
	if s.glob == nil {
		return false
	}
	for _, t := range event.Catalogue() {
		if s.glob.Match(t.Name) {
			return false
		}
	}
	return true
}
