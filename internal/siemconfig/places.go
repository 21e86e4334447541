// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// eventsIn is the pattern of the files that examples/file-in.yaml tails.
const eventsIn = "MOCKFORGE_EVENTS_IN"

// places refuses loops and destinations that are there twice.
func (p *parser) places(cfg *Config) {
	own := map[string]string{}
	for kind, v := range map[string][2]string{
		"http":   {"MOCKFORGE_HTTP_ENDPOINT", "localhost:8765"},
		"syslog": {"MOCKFORGE_SYSLOG_ENDPOINT", "localhost:5514"},
	} {
		endpoint, set := p.env(v[0])
		if !set || endpoint == "" {
			endpoint = v[1]
		}
		if i := strings.LastIndex(endpoint, ":"); i >= 0 {
			own[kind+" "+hostPort(endpoint[:i], endpoint[i+1:])] = v[0]
		}
	}
	tailed, _ := p.env(eventsIn)
	seen := map[string]int{}
	for i, d := range cfg.Destinations {
		if file, ok := strings.CutPrefix(d.place, "file "); ok {
			// A bad pattern is the receiver's to refuse.
			if match, _ := filepath.Match(tailed, file); match {
				p.fail(d.at, "destinations[%d]: found the file that is tailed (%s), expected another; events would go round for ever", i, eventsIn)
			}
		}
		if d.place == "" {
			continue
		}
		if variable := own[strings.Split(d.place, " index ")[0]]; variable != "" {
			p.fail(d.at, "destinations[%d]: found this collector's own listener (%s), expected another server; events would go round for ever", i, variable)
		}
		// Two webhooks may have one server.
		if first, twice := seen[d.place]; twice && !strings.HasPrefix(d.place, "http ") {
			p.fail(d.at, "destinations[%d]: found the same place as destinations[%d], expected another; every event would be there twice", i, first)
		}
		seen[d.place] = i
	}
}

// MockForgeBlock is what MockForge's own file should have: one destination, this
// collector.
const MockForgeBlock = `security:
  monitoring:
    siem:
      enabled: true
      destinations:
        - protocol: http
          url: "http://localhost:8765/api/v1/events"
          method: POST
`

// twice says that MockForge acts on the same block.
func (p *parser) twice(monitoring block, key string, cfg *Config) {
	if !cfg.Enabled || len(cfg.Destinations) == 0 || !monitoring.has("siem") {
		return
	}
	if key == "collector" {
		p.bothSend(monitoring, cfg)
		return
	}
	if !slices.ContainsFunc(cfg.Destinations, func(d Destination) bool { return d.at != nil && d.at.Line > 0 }) {
		return
	}
	p.warn(monitoring.keys["siem"], "security.monitoring.siem: MockForge acts on this block too where it can read it, and every event would arrive twice. Rename it to security.monitoring.collector, or keep it in a file that MockForge does not read, and give MockForge this one:\n%s", MockForgeBlock)
}

// bothSend compares MockForge's own destinations with the collector's. What else
// is wrong with them is MockForge's to say.
func (p *parser) bothSend(monitoring block, cfg *Config) {
	quiet := &parser{name: p.name, env: p.env, allowUnset: true}
	siem := quiet.open(monitoring.keys["siem"], "security.monitoring.siem")
	list := siem.keys["destinations"]
	if !siem.boolean("enabled", true) || isNull(list) || list.Kind != yaml.SequenceNode {
		return
	}
	for i, entry := range list.Content {
		theirs, ok := quiet.destination(entry, "", siem.text("protocol").Value)
		if !ok || theirs.place == "" {
			continue
		}
		if j := slices.IndexFunc(cfg.Destinations, func(d Destination) bool { return d.place == theirs.place }); j >= 0 {
			p.fail(theirs.at, "security.monitoring.siem.destinations[%d]: found the place that collector.destinations[%d] has, expected this collector; MockForge and the collector would both send there. Give MockForge:\n%s", i, j, MockForgeBlock)
		}
	}
}
