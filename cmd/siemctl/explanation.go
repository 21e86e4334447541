// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// explanation is what would become of one event.
type explanation struct {
	// Refused is why the receiver would not take it.
	Refused string   `json:"refused,omitempty"`
	Event   *decoded `json:"event,omitempty"`
	// Filter is the receiver's own.
	Filter *step `json:"filter,omitempty"`
	// Pipelines are those behind the receiver.
	Pipelines []branch `json:"pipelines,omitempty"`
	// Destinations are the exporters that would get it.
	Destinations []destination `json:"destinations"`
}

// decoded is what the receiver makes of an event.
type decoded struct {
	EventType   string   `json:"event_type"`
	ID          string   `json:"id,omitempty"`
	Category    string   `json:"category"`
	Severity    string   `json:"severity"`
	Environment string   `json:"environment,omitempty"`
	Warnings    []string `json:"warnings,omitempty"`
	// Redacted says that actor.username held a credential.
	Redacted bool `json:"redacted"`
}

// destination is an exporter that gets an event.
type destination struct {
	Pipeline string `json:"pipeline"`
	Exporter string `json:"exporter"`
	// Certain is false where something on the way may drop the event that is not
	// explained, or that chance decides.
	Certain bool `json:"certain"`
}

// branch is an event's way through one pipeline.
type branch struct {
	Pipeline string `json:"pipeline"`
	Steps    []step `json:"steps,omitempty"`
	// Dropped says that nothing of it comes out.
	Dropped bool     `json:"dropped"`
	Outlets []outlet `json:"outlets,omitempty"`
}

// step is what a processor does.
type step struct {
	Processor string  `json:"processor"`
	Verdict   verdict `json:"verdict"`
	// Rule is what drops the event.
	Rule string   `json:"rule,omitempty"`
	Tags []tag    `json:"tags,omitempty"`
	Why  []string `json:"why,omitempty"`
}

// verdict is what a processor does in one word.
type verdict string

const (
	verdictPassed  verdict = "passed"
	verdictTagged  verdict = "tagged"
	verdictKept    verdict = "kept"
	verdictDropped verdict = "dropped"
	verdictMay     verdict = "may be dropped"
	verdictUnknown verdict = "not explained: may change or drop it"
)

// tag is a control that is added, and the rows of the table that ask for it.
type tag struct {
	List    string   `json:"list"`
	Control string   `json:"control"`
	Rows    []string `json:"rows"`
}

// outlet is an exporter or connector at the end of a pipeline.
type outlet struct {
	Component string `json:"component"`
	// Note says what is not plain.
	Note      string   `json:"note,omitempty"`
	Alerts    []alert  `json:"alerts,omitempty"`
	Pipelines []branch `json:"pipelines,omitempty"`
}

// alert is a rule of siem_alert.
type alert struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Actions  []string `json:"actions,omitempty"`
	Matches  bool     `json:"matches"`
	// Needs is how many such events fire it; "" where one does.
	Needs string   `json:"needs,omitempty"`
	Why   []string `json:"why,omitempty"`
	// Pipelines get its alert.
	Pipelines []string `json:"pipelines,omitempty"`
}

// findings writes what comparisons found.
func findings(parts []condition.Part) []string {
	lines := make([]string, 0, len(parts))
	for i := range parts {
		word := "is false"
		if parts[i].Holds {
			word = "is true"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", parts[i].Text, word, found(&parts[i])))
	}
	return lines
}

func found(p *condition.Part) string {
	if p.Absent {
		return "found nothing"
	}
	return fmt.Sprintf("found %q", p.Found)
}

// writer writes an explanation for people.
type writer struct {
	w   io.Writer
	all bool // rules of alerts that do not match, too
	err error
}

func (w *writer) line(depth int, format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, strings.Repeat("  ", depth)+format+"\n", args...)
	}
}

func (w *writer) lines(depth int, lines []string) {
	for _, line := range lines {
		w.line(depth, "%s", line)
	}
}

func (w *writer) explanation(number int, e *explanation) error {
	if e.Refused != "" {
		w.line(0, "event %d: refused by the receiver: %s", number, e.Refused)
		return w.err
	}
	d := e.Event
	w.line(0, "event %d: %s, severity %s, environment %s", number, d.EventType, orNone(d.Severity), orNone(d.Environment))
	if len(d.Warnings) > 0 {
		w.line(1, "warnings: %s", strings.Join(d.Warnings, ", "))
	}
	if d.Redacted {
		w.line(1, "redacted: actor.username held a credential")
	}
	if e.Filter != nil {
		w.step(1, e.Filter)
	}
	for i := range e.Pipelines {
		w.branch(1, &e.Pipelines[i])
	}
	if len(e.Destinations) == 0 {
		w.line(0, "=> no destination gets it")
	}
	for _, to := range e.Destinations {
		certain := ""
		if !to.Certain {
			certain = ", unless something on the way drops it"
		}
		w.line(0, "=> %s gets it from %s%s", to.Exporter, to.Pipeline, certain)
	}
	return w.err
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func (w *writer) branch(depth int, b *branch) {
	w.line(depth, "%s", b.Pipeline)
	for i := range b.Steps {
		w.step(depth+1, &b.Steps[i])
	}
	for _, o := range b.Outlets {
		w.line(depth+1, "-> %s%s", o.Component, note(o.Note))
		for i := range o.Alerts {
			w.alert(depth+2, &o.Alerts[i])
		}
		for i := range o.Pipelines {
			w.branch(depth+2, &o.Pipelines[i])
		}
	}
}

func note(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func (w *writer) step(depth int, s *step) {
	by := ""
	if s.Rule != "" {
		by = " by " + s.Rule
	}
	w.line(depth, "%s: %s%s", s.Processor, s.Verdict, by)
	for _, t := range s.Tags {
		w.line(depth+1, "%s %s: %s", t.List, t.Control, strings.Join(t.Rows, "; "))
	}
	w.lines(depth+1, s.Why)
}

func (w *writer) alert(depth int, a *alert) {
	switch {
	case !a.Matches && !w.all:
		return
	case !a.Matches:
		w.line(depth, "rule %q does not match", a.Rule)
	case a.Needs != "":
		w.line(depth, "rule %q matches, severity %s; fires with %s", a.Rule, a.Severity, a.Needs)
	default:
		w.line(depth, "rule %q matches and fires, severity %s", a.Rule, a.Severity)
	}
	w.lines(depth+1, a.Why)
	if !a.Matches {
		return
	}
	if len(a.Actions) > 0 {
		w.line(depth+1, "actions: %s", strings.Join(a.Actions, ", "))
	}
	w.line(depth+1, "its alert goes to %s", orNone(strings.Join(a.Pipelines, ", ")))
}
