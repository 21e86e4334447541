// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	mockforge "github.com/mockforge/otelcol-mockforge"
	"github.com/mockforge/otelcol-mockforge/internal/audit"
)

const journal = "siem_journal"

// Collector returns the Collector's configuration: the default pipelines, and one
// pipeline behind the journal for each destination.
func (cfg *Config) Collector() map[string]any {
	base := load("otelcol-config.yaml", nil)
	if !cfg.Enabled {
		return idle(base)
	}
	filter := map[string]any{}
	add(filter, "include", cfg.Include)
	add(filter, "exclude", cfg.Exclude)
	add(filter, "conditions", cfg.Conditions)
	section(base, "processors")["siem_filter"] = filter
	if len(cfg.Destinations) > 0 {
		cfg.addDestinations(base)
	}
	cfg.addAlerts(base)
	return base
}

// addDestinations puts them in the place of the default pipelines' file.
func (cfg *Config) addDestinations(base map[string]any) {
	pipelines := section(section(base, "service"), "pipelines")
	delete(pipelines, "logs/file")
	exporters, audited := map[string]any{}, map[string]any{}
	base["exporters"] = exporters
	for i, d := range cfg.Destinations {
		id := fmt.Sprintf("%s/mf_%d", d.Exporter, i)
		exporters[id] = d.Settings
		pipeline := map[string]any{"receivers": []any{journal}, "exporters": []any{id}}
		if len(d.Statements) > 0 {
			transform := fmt.Sprintf("transform/mf_%d", i)
			section(base, "processors")[transform] = map[string]any{"error_mode": "propagate", "log_statements": d.Statements}
			pipeline["processors"] = []any{transform}
		}
		pipelines[d.pipeline(i)] = pipeline
		if d.Audit {
			audited[d.pipeline(i)] = map[string]any{"delivery": audit.Audited}
		}
	}
	if len(audited) > 0 {
		section(section(base, "connectors"), journal)["destinations"] = audited
	}
}

// pipeline is the name of the pipeline of the destination with that number.
func (d Destination) pipeline(i int) string { return fmt.Sprintf("logs/mf_%d_%s", i, d.Exporter) }

// idle is a Collector that is healthy and neither takes nor sends: a pipeline
// has to be there, so it has one from a file without a line.
func idle(base map[string]any) map[string]any {
	service := section(base, "service")
	service["pipelines"] = map[string]any{"logs/mf_idle": map[string]any{
		"receivers": []any{"filelog/mf_idle"}, "exporters": []any{"nop/mf_idle"},
	}}
	return map[string]any{
		"receivers":  map[string]any{"filelog/mf_idle": map[string]any{"include": []any{"/dev/null"}}},
		"exporters":  map[string]any{"nop/mf_idle": map[string]any{}},
		"extensions": base["extensions"],
		"service":    service,
	}
}

func add(to map[string]any, key string, entries []string) {
	if len(entries) == 0 {
		return
	}
	list := make([]any, 0, len(entries))
	for _, entry := range entries {
		list = append(list, entry)
	}
	to[key] = list
}

func section(m map[string]any, key string) map[string]any { return m[key].(map[string]any) }

// load reads a configuration of the distribution, with some of its variables
// replaced. It is part of the binary: tests hold that it can be read.
func load(name string, replace *strings.Replacer) map[string]any {
	data, err := mockforge.Configs.ReadFile(name)
	if err != nil {
		panic(err)
	}
	text := string(data)
	if replace != nil {
		text = replace.Replace(text)
	}
	var m map[string]any
	if err := yaml.Unmarshal([]byte(text), &m); err != nil {
		panic(err)
	}
	return m
}

// fromExample makes a destination of the example's exporter and statements.
func fromExample(name string, replace *strings.Replacer) Destination {
	m := load("examples/"+name+".yaml", replace)
	var d Destination
	for id, settings := range section(m, "exporters") {
		d.Exporter, _, _ = strings.Cut(id, "/")
		d.Settings = settings.(map[string]any)
	}
	if processors, ok := m["processors"].(map[string]any); ok {
		for _, transform := range processors {
			d.Statements = transform.(map[string]any)["log_statements"].([]any)
		}
	}
	return d
}
