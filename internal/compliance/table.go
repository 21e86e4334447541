// SPDX-License-Identifier: Apache-2.0

package compliance

import (
	"slices"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// Framework is a table from events to the controls of one standard.
type Framework struct {
	// List is the name of the list of controls in the event's compliance
	// object: soc2_cc.
	List string
	// Name is the standard with its edition: ISO-27001:2013.
	Name string
	// Rules are in the order in which their controls are added.
	Rules []Rule
}

// Rule names the controls that events are evidence for.
type Rule struct {
	// Controls are identifiers of the standard, as the standard writes them.
	Controls []string
	// Events picks the event types; none picks all.
	Events []*condition.Glob
	// Severities picks the severities; none picks all.
	Severities []event.Severity
}

// guideRules are the guide's section "Compliance Mapping". "All security
// events" is every event, and "security and threat events" is the category
// security.
var guideRules = []struct {
	list, control string
	events        []string
}{
	{"soc2_cc", "CC4", []string{"*"}},
	{"soc2_cc", "CC6", []string{"auth.*", "authz.*"}},
	{"soc2_cc", "CC7", []string{"config.*", "system.*"}},
	{"iso27001", "A.9.2", []string{"access.*"}},
	{"iso27001", "A.9.4", []string{"auth.*", "authz.*"}},
	{"iso27001", "A.12.4", []string{"*"}},
	{"iso27001", "A.16.1", []string{"security.*"}},
}

// Guide returns the frameworks of the guide. Identifiers of ISO 27001 changed
// between editions, so the edition is part of the name.
func Guide() []Framework {
	frameworks := []Framework{{List: "soc2_cc", Name: "SOC2"}, {List: "iso27001", Name: "ISO-27001:2013"}}
	for _, r := range guideRules {
		i := slices.IndexFunc(frameworks, func(f Framework) bool { return f.List == r.list })
		rule := Rule{Controls: []string{r.control}}
		for _, pattern := range r.events {
			glob, err := condition.ParseGlob(pattern)
			if err != nil {
				panic(err) // the table above is wrong
			}
			rule.Events = append(rule.Events, glob)
		}
		frameworks[i].Rules = append(frameworks[i].Rules, rule)
	}
	return frameworks
}

// Controls returns the controls for an event in the order of the rules, each
// once. specific is false when none of them is due to a rule for this type of
// event rather than for every event.
func (f *Framework) Controls(eventType string, severity event.Severity) (controls []string, specific bool) {
	for i := range f.Rules {
		r := &f.Rules[i]
		if !r.Applies(eventType, severity) {
			continue
		}
		specific = specific || !r.catchesAll()
		for _, control := range r.Controls {
			if !slices.Contains(controls, control) {
				controls = append(controls, control)
			}
		}
	}
	return controls, specific
}

// Applies reports whether the rule picks an event.
func (r *Rule) Applies(eventType string, severity event.Severity) bool {
	if len(r.Severities) > 0 && !slices.Contains(r.Severities, severity) {
		return false
	}
	return len(r.Events) == 0 || slices.ContainsFunc(r.Events, func(g *condition.Glob) bool { return g.Match(eventType) })
}

func (r *Rule) catchesAll() bool {
	return len(r.Severities) == 0 &&
		(len(r.Events) == 0 || slices.ContainsFunc(r.Events, func(g *condition.Glob) bool { return g.String() == "*" }))
}
