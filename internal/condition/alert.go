// SPDX-License-Identifier: Apache-2.0

package condition

// Alert is the compiled condition of an alert: a condition on each event and,
// if it counts them, a window.
type Alert struct {
	// Filter says which events the alert is about; nil for all of them.
	Filter *Condition
	// Window says how many of them make it fire; nil for each one.
	Window *Window
	// EventTypes are the only types (as eventlog.EventType returns them) that
	// Filter can match, for finding rules by type. nil means that it may match
	// any; empty, that it matches none.
	EventTypes []string

	text string
}

// ParseAlert compiles the condition of an alert: the language of Parse, where
// one window may stand among what AND joins on the outside. The error is an
// *Error.
func ParseAlert(text string) (*Alert, error) {
	p := &parser{lexer: lexer{text: text}, alert: true}
	n, err := p.parse()
	if err != nil {
		return nil, err
	}
	a := &Alert{Window: p.window, EventTypes: n.types, text: text}
	if n.match != nil {
		a.Filter = &Condition{text: text, match: n.match, clashes: p.clashes, parts: p.parts}
	}
	return a, nil
}

// String returns the condition as it was written.
func (a *Alert) String() string { return a.text }
