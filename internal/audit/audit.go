// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// The types of connectors that the walk knows.
const (
	journal = "siem_journal"
	alerts  = "siem_alert"
)

// Audited is the value of delivery that asks for the audit.
const Audited = "audit"

// Finding is one setting by which an audited destination can lose events.
type Finding struct {
	// Destination is the pipeline behind the journal.
	Destination string
	// Text names the place, what was found and what is expected.
	Text string
}

// Error says for which destination it is.
func (f Finding) Error() string { return "audit of " + f.Destination + ": " + f.Text }

// Check audits each destination that asks for it, in a configuration that has its
// variables and files resolved, without the components' defaults.
func Check(conf map[string]any) []Finding {
	g := newGraph(conf)
	var found []Finding
	for _, id := range slices.Sorted(maps.Keys(g.settings["connectors"])) {
		if kind(id) != journal {
			continue
		}
		for _, destination := range g.audited(id) {
			w := walk{graph: g, destination: destination, seen: map[string]bool{}}
			w.audit(id)
			found = append(found, w.found...)
		}
	}
	return found
}

// audited are the destinations of a journal that ask for the audit: by their own
// delivery, or by the journal's where they have none.
func (g graph) audited(id string) (names []string) {
	settings := g.settings["connectors"][id]
	own := byID(settings["destinations"])
	all := maps.Clone(own)
	for _, p := range g.from(id) {
		if _, named := all[p.id]; !named {
			all[p.id] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if cmp.Or(all[name]["delivery"], settings["delivery"]) == Audited {
			names = append(names, name)
		}
	}
	return names
}

// walk goes the ways of one destination's events.
type walk struct {
	graph

	destination string
	seen        map[string]bool // pipelines
	found       []Finding
}

func (w *walk) fail(format string, args ...any) {
	w.found = append(w.found, Finding{Destination: w.destination, Text: fmt.Sprintf(format, args...)})
}

func (w *walk) audit(id string) {
	p, ok := w.pipelines[w.destination]
	if !ok || !slices.Contains(p.receivers, id) {
		w.fail("connectors::%s: destinations: found %s, expected the name of a pipeline that receives from %s", id, w.destination, id)
		return
	}
	for _, other := range p.receivers {
		if other != id {
			w.fail("service::pipelines::%s: receivers: found %s, expected %s alone: what comes from elsewhere was not in the journal", p.id, other, id)
		}
	}
	w.behind(p, false)
	w.before(id)
}

// behind judges a pipeline behind the journal. Where another journal follows, the
// destination ends: those behind that one have a delivery of their own.
func (w *walk) behind(p pipeline, alert bool) {
	if w.enter(p) {
		return
	}
	for _, id := range p.exporters {
		switch {
		case kind(id) == journal && w.isConnector(id):
		case alert:
			w.fail("service::pipelines::%s: exporters: found %s, expected a siem_journal: siem_alert gives up an alert that is refused for good", p.id, id)
		case w.isConnector(id):
			w.judge(p, "connectors", id)
			for _, next := range w.from(id) {
				w.behind(next, true)
			}
		default:
			w.judge(p, "exporters", id)
		}
	}
}

// before judges the pipelines that lead to a connector, back to the receivers.
func (w *walk) before(id string) {
	for _, p := range w.into(id) {
		if w.enter(p) {
			continue
		}
		for _, source := range p.receivers {
			if !w.isConnector(source) {
				w.judge(p, "receivers", source)
				continue
			}
			w.judge(p, "connectors", source)
			w.before(source)
		}
	}
}

// enter judges the processors of a pipeline, and tells whether that was done before.
func (w *walk) enter(p pipeline) (before bool) {
	if w.seen[p.id] {
		return true
	}
	w.seen[p.id] = true
	for _, id := range p.processors {
		w.judge(p, "processors", id)
	}
	return false
}

func (w *walk) judge(p pipeline, section, id string) {
	judge, known := rules[section][kind(id)]
	if !known {
		w.fail("service::pipelines::%s: %s: found %s, which the audit does not know, expected one of %s", p.id, section, id, knownToPass(section))
		return
	}
	for _, l := range judge(w.settings[section][id]) {
		w.fail("service::pipelines::%s: %s::%s: %s", p.id, section, id, l)
	}
}
