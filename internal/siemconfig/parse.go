// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// Source is what is read.
type Source struct {
	// Name is the file's, for messages. Empty for the environment alone.
	Name string
	// Data is the file: YAML or JSON.
	Data []byte
	// Env looks up an environment variable, as os.LookupEnv does.
	Env func(string) (string, bool)
	// AllowUnset makes variables that are not set a warning.
	AllowUnset bool
}

// Config is what MockForge's settings ask for.
type Config struct {
	// Enabled is false when MockForge's settings say so.
	Enabled      bool
	Destinations []Destination
	// Include, Exclude and Conditions are the guide's filters, with variables as
	// references.
	Include, Exclude, Conditions []string
	// Alerts are the guide's rules, as the connector siem_alert takes them.
	Alerts []any
	// Warnings say what differs from MockForge, and what is not acted on.
	Warnings Problems
}

// Parse reads MockForge's settings. The error is Problems with all that is wrong.
func Parse(s Source) (*Config, error) {
	p := &parser{name: s.Name, env: s.Env, allowUnset: s.AllowUnset}
	cfg := &Config{Enabled: true}
	root := p.document(s.Data)
	if len(p.errors) == 0 {
		p.settings(root, cfg, s.Name == "")
	}
	if len(p.errors) == 0 {
		p.audit(cfg)
	}
	cfg.Warnings = p.warnings.sorted()
	if len(p.errors) > 0 {
		return nil, p.errors.sorted()
	}
	return cfg, nil
}

var yamlLine = regexp.MustCompile(`line ([0-9]+): `)

// document reads the only document of the file.
func (p *parser) document(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		at := &yaml.Node{Line: 1, Column: 1}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			at.Line, _ = strconv.Atoi(m[1]) // digits
		}
		text := yamlLine.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
		p.fail(at, "found %s, expected YAML or JSON", text)
		return nil
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		at := &yaml.Node{Line: 1, Column: 1}
		if err == nil && len(more.Content) > 0 {
			at = more.Content[0]
		}
		p.fail(at, "found a second document, expected one; remove what follows ---")
	}
	return root.Content[0]
}

// meant finds a key that is close to one that is missing. MockForge's file has
// many other keys, which are none of our business.
func (b block) meant(wanted ...string) {
	for _, key := range wanted {
		if _, ok := b.keys[key]; ok {
			return
		}
	}
	if isNull(b.at) || b.at.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(b.at.Content); i += 2 {
		if hint := suggest(b.at.Content[i].Value, wanted); hint != "" {
			b.parser.fail(b.at.Content[i], "%s: found an unknown key, expected %s%s", b.name(b.at.Content[i].Value), strings.Join(wanted, " or "), hint)
		}
	}
}

func (p *parser) settings(root *yaml.Node, cfg *Config, environmentAlone bool) {
	top := p.open(root, "")
	top.meant("security")
	security := p.open(top.keys["security"], "security")
	security.meant("monitoring")
	monitoring := p.open(security.keys["monitoring"], "security.monitoring")
	monitoring.meant("siem", "collector", "alerts")
	if len(p.errors) > 0 {
		return
	}
	if !environmentAlone && !monitoring.has("siem") && !monitoring.has("collector") && !monitoring.has("alerts") {
		p.fail(cmpNode(monitoring.at, security.at, top.at), "security.monitoring: found neither siem nor alerts, expected one of them; is this MockForge's config.yaml?")
		return
	}
	p.alerts(monitoring, cfg)
	key := "siem"
	if monitoring.has("collector") {
		key = "collector"
	}
	siem := p.open(monitoring.keys[key], "security.monitoring."+key, "enabled", "protocol", "format", "destinations", "filters")
	p.siem(siem, cfg)
	p.twice(monitoring, key, cfg)
}

func cmpNode(nodes ...*yaml.Node) *yaml.Node {
	for _, n := range nodes {
		if n != nil {
			return n
		}
	}
	return &yaml.Node{Line: 1, Column: 1}
}

// misspelt is a kind of which enough has been said.
const misspelt = "?"

func (p *parser) siem(siem block, cfg *Config) {
	cfg.Enabled = siem.boolean("enabled", true)
	blockKind := siem.choice("protocol", "", kindNames()...)
	if siem.has("protocol") && blockKind == "" {
		blockKind = misspelt
	}
	siem.choice("format", "", "rfc5424", "json", "jsonl")
	o := p.overrides()
	if o.enabled != nil {
		cfg.Enabled = *o.enabled
	}
	if o.kind != "" {
		blockKind = o.kind
	}
	p.filters(siem, cfg)
	if !cfg.Enabled {
		p.warn(siem.node("enabled"), "security.monitoring.siem.enabled: false: the collector takes and sends no events until it is true")
	}
	var entries []*yaml.Node
	if n := siem.keys["destinations"]; !isNull(n) {
		if n.Kind != yaml.SequenceNode {
			siem.fail("destinations", "found %s, expected a list", describe(n))
			return
		}
		entries = n.Content
	}
	entries = p.override(o, siem, blockKind, entries)
	for i, entry := range entries {
		d, ok := p.destination(entry, fmt.Sprintf("%s.destinations[%d]", siem.path, i), blockKind)
		if ok {
			cfg.Destinations = append(cfg.Destinations, d)
		}
	}
	if len(entries) == 0 && cfg.Enabled {
		p.noDestination(siem)
	}
	p.places(cfg)
}

// noDestination lets the guide's blocks that have filters or alerts alone run on
// the default file, and nothing else.
func (p *parser) noDestination(siem block) {
	if siem.has("protocol") || siem.has("enabled") || siem.has("destinations") || siem.at == nil && p.name == "" {
		p.fail(siem.node("destinations"), "%s: found no destination, expected at least one; add it, or set MOCKFORGE_SIEM_PROTOCOL=syslog and MOCKFORGE_SIEM_HOST", siem.name("destinations"))
		return
	}
	p.warn(siem.node("destinations"), "%s: none; events go to the default pipelines' file, MOCKFORGE_EVENTS_FILE", siem.name("destinations"))
}

func (p *parser) filters(siem block, cfg *Config) {
	filters := p.open(siem.keys["filters"], siem.name("filters"), "include", "exclude", "conditions")
	cfg.Include = entries(filters, "include", condition.ParseSelector)
	cfg.Exclude = entries(filters, "exclude", condition.ParseSelector)
	cfg.Conditions = entries(filters, "conditions", condition.Parse)
	if len(cfg.Include) > 0 {
		filters.warn("include", "MockForge takes auth.* for a prefix, which lets authz.* through; here it is the types of auth alone")
	}
	if len(cfg.Conditions) > 0 {
		filters.warn("conditions", "in MockForge == never matches, so nothing is sent; here it compares. MockForge's events name no environment: MOCKFORGE_ENVIRONMENT does")
	}
}

func entries[T any](b block, key string, parse func(string) (T, error)) []string {
	texts, nodes := b.list(key)
	var references []string
	for i, t := range texts {
		if _, err := parse(t.Value); err != nil && len(t.Unset) == 0 {
			b.parser.fail(nodes[i], "%s[%d]: found %s: %s; see the README of processor/siemfilterprocessor", b.name(key), i, t.plain(), err)
		}
		references = append(references, t.Reference)
	}
	return references
}
