// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"maps"
	"slices"
	"strings"
)

// graph is what a configuration says about pipelines. What is of another shape
// than expected is left out: the Collector says what is wrong with it.
type graph struct {
	// settings are those of components, by section and id.
	settings  map[string]map[string]map[string]any
	pipelines map[string]pipeline
}

type pipeline struct {
	id                               string
	receivers, processors, exporters []string
}

func newGraph(conf map[string]any) graph {
	g := graph{settings: map[string]map[string]map[string]any{}, pipelines: map[string]pipeline{}}
	for _, section := range sections {
		g.settings[section] = byID(conf[section])
	}
	service, _ := conf["service"].(map[string]any)
	for id, p := range byID(service["pipelines"]) {
		g.pipelines[id] = pipeline{
			id: id, receivers: ids(p["receivers"]), processors: ids(p["processors"]), exporters: ids(p["exporters"]),
		}
	}
	return g
}

// byID reads a section whose keys are ids. A component may have no settings.
func byID(section any) map[string]map[string]any {
	read := map[string]map[string]any{}
	entries, _ := section.(map[string]any)
	for id, settings := range entries {
		m, _ := settings.(map[string]any)
		read[normal(id)] = m
	}
	return read
}

func ids(list any) []string {
	entries, _ := list.([]any)
	read := make([]string, 0, len(entries))
	for _, entry := range entries {
		if id, ok := entry.(string); ok {
			read = append(read, normal(id))
		}
	}
	return read
}

// normal writes an id as the Collector does, which allows spaces around both parts.
func normal(id string) string {
	kind, name, named := strings.Cut(id, "/")
	if kind = strings.TrimSpace(kind); !named {
		return kind
	}
	return kind + "/" + strings.TrimSpace(name)
}

// kind is the type in an id.
func kind(id string) string {
	kind, _, _ := strings.Cut(id, "/")
	return kind
}

func (g graph) isConnector(id string) bool {
	_, ok := g.settings["connectors"][id]
	return ok
}

// from are the pipelines that receive from a component, into those that write to it.
func (g graph) from(id string) []pipeline {
	return g.where(func(p pipeline) bool { return slices.Contains(p.receivers, id) })
}

func (g graph) into(id string) []pipeline {
	return g.where(func(p pipeline) bool { return slices.Contains(p.exporters, id) })
}

func (g graph) where(is func(pipeline) bool) (found []pipeline) {
	for _, id := range slices.Sorted(maps.Keys(g.pipelines)) {
		if p := g.pipelines[id]; is(p) {
			found = append(found, p)
		}
	}
	return found
}
