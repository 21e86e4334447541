// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// override are the guide's environment variables, which win over the file.
type override struct {
	enabled *bool
	kind    string
	// values are those of the only destination, by key.
	values map[string]string
}

// The variables of the guide's section "Syslog (RFC 5424)".
const (
	envEnabled  = "MOCKFORGE_SIEM_ENABLED"
	envProtocol = "MOCKFORGE_SIEM_PROTOCOL"
)

var envKeys = []struct{ variable, key string }{
	{"MOCKFORGE_SIEM_HOST", "host"},
	{"MOCKFORGE_SIEM_PORT", "port"},
	{"MOCKFORGE_SIEM_FACILITY", "facility"},
}

func (p *parser) overrides() override {
	o := override{values: map[string]string{}}
	if v, ok := p.env(envEnabled); ok && v != "" {
		switch on := strings.EqualFold(v, "true") || v == "1"; {
		case on || strings.EqualFold(v, "false") || v == "0":
			o.enabled = &on
		default:
			p.fail(nil, "%s: found %q, expected true or false", envEnabled, v)
		}
	}
	if v, ok := p.env(envProtocol); ok && v != "" {
		if _, known := kinds[v]; !known {
			p.fail(nil, "%s: found %q, expected one of %s%s", envProtocol, v, strings.Join(kindNames(), ", "), suggest(v, kindNames()))
		} else {
			o.kind = v
		}
	}
	for _, e := range envKeys {
		if v, ok := p.env(e.variable); ok && v != "" {
			o.values[e.key] = v
		}
	}
	return o
}

// override puts the variables into the only destination, which they make where
// there is none.
func (p *parser) override(o override, siem block, blockKind string, entries []*yaml.Node) []*yaml.Node {
	if o.kind != "" {
		p.conflicts(o, entries)
	}
	if len(o.values) == 0 {
		return entries
	}
	if len(entries) > 1 {
		p.fail(siem.node("destinations"), "%s: found %d destinations and MOCKFORGE_SIEM_HOST, _PORT or _FACILITY, expected one; unset the variables, or write ${NAME} where each belongs", siem.name("destinations"), len(entries))
		return entries
	}
	one := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	kind := blockKind
	if len(entries) == 1 {
		found := follow(entries[0])
		if found.Kind != yaml.MappingNode {
			return entries
		}
		one = &yaml.Node{Kind: found.Kind, Tag: found.Tag, Line: found.Line, Column: found.Column, Content: slices.Clone(found.Content)}
		if own := valueOf(one, "protocol"); own != nil {
			if _, known := kinds[own.Value]; known {
				kind = own.Value
			}
		}
	}
	if kind != "syslog" {
		p.fail(nil, "MOCKFORGE_SIEM_HOST, _PORT or _FACILITY: found with protocol %q, expected syslog; set MOCKFORGE_SIEM_PROTOCOL=syslog, or unset them", kind)
		return entries
	}
	for _, e := range envKeys {
		v, ok := o.values[e.key]
		if !ok {
			continue
		}
		set(one, e.key, "${"+e.variable+"}")
		if e.key != "host" { // shown in messages
			set(one, e.key, strings.ReplaceAll(v, "$", "$$"))
		}
	}
	return []*yaml.Node{one}
}

// conflicts refuses a kind from the environment that a destination contradicts.
func (p *parser) conflicts(o override, entries []*yaml.Node) {
	for i, entry := range entries {
		own := valueOf(follow(entry), "protocol")
		if own == nil || own.Value == o.kind {
			continue
		}
		if _, known := kinds[own.Value]; known {
			p.fail(own, "destinations[%d].protocol: found %s and %s=%s, expected the same; unset the variable", i, own.Value, envProtocol, o.kind)
		}
	}
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content) && mapping.Kind == yaml.MappingNode; i += 2 {
		if mapping.Content[i].Value == key {
			return follow(mapping.Content[i+1])
		}
	}
	return nil
}

func set(mapping *yaml.Node, key, value string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			old := mapping.Content[i+1]
			mapping.Content[i+1] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: old.Line, Column: old.Column}
			return
		}
	}
	mapping.Content = append(mapping.Content,
		&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: mapping.Line, Column: mapping.Column},
		&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: mapping.Line, Column: mapping.Column})
}
