// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// alerts reads the guide's rules. MockForge's documents also have a mapping of
// that name, which no component acts on.
func (p *parser) alerts(monitoring block, cfg *Config) {
	n := monitoring.keys["alerts"]
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		monitoring.warn("alerts", "found "+describe(n)+", expected the guide's list of rules; NOT acted on")
		return
	}
	names := map[string]bool{}
	for i, entry := range n.Content {
		rule := p.open(entry, fmt.Sprintf("security.monitoring.alerts[%d]", i), "name", "condition", "severity", "action")
		name := rule.required("name", "a name")
		if names[name.Value] {
			rule.fail("name", "found %s twice, expected another name", name.plain())
		}
		names[name.Value] = true
		when := rule.required("condition", "a condition")
		if _, err := condition.ParseAlert(when.Value); err != nil && when.Value != "" && len(when.Unset) == 0 {
			rule.fail("condition", "found %s: %s", when.plain(), err)
		}
		made := map[string]any{"name": name.Reference, "condition": when.Reference}
		if rule.has("severity") {
			made["severity"] = rule.choice("severity", "high", "low", "medium", "high", "critical")
		}
		rule.copy(made, "action", "action")
		cfg.Alerts = append(cfg.Alerts, made)
	}
	if len(cfg.Alerts) > 0 {
		monitoring.warn("alerts", "alerts go to the file MOCKFORGE_ALERTS_FILE; an action is a word in the alert until a route of siem_alert does something with it")
	}
}

// addAlerts puts the example's connector, its journal and its file beside the
// destinations, with the rules of the file.
func (cfg *Config) addAlerts(base map[string]any) {
	if len(cfg.Alerts) == 0 {
		return
	}
	example := load("examples/alerts.yaml", nil)
	section(section(example, "connectors"), "siem_alert")["rules"] = cfg.Alerts
	for _, key := range []string{"connectors", "exporters", "extensions"} {
		maps.Copy(section(base, key), section(example, key))
	}
	ours, theirs := section(base, "service"), section(example, "service")
	ours["extensions"] = theirs["extensions"]
	maps.Copy(section(ours, "pipelines"), section(theirs, "pipelines"))
}
