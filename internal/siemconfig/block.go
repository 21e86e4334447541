// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parser collects what is wrong, so that all of it is said at once.
type parser struct {
	name       string
	env        func(string) (string, bool)
	allowUnset bool
	errors     Problems
	warnings   Problems
}

// block is a mapping of the file whose keys are known.
type block struct {
	*parser
	path string
	at   *yaml.Node
	keys map[string]*yaml.Node
}

func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

// open reads a mapping. With no allowed keys every one is.
func (p *parser) open(n *yaml.Node, path string, allowed ...string) block {
	n = follow(n)
	b := block{parser: p, path: path, at: n, keys: map[string]*yaml.Node{}}
	if isNull(n) {
		return b
	}
	if n.Kind != yaml.MappingNode {
		if path == "" {
			path = "the file"
		}
		p.fail(n, "%s: found %s, expected a block of keys", path, describe(n))
		return b
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch _, twice := b.keys[key.Value]; {
		case twice:
			p.fail(key, "%s: found twice, expected once; remove one", b.name(key.Value))
		case len(allowed) > 0 && !slices.Contains(allowed, key.Value):
			p.fail(key, "%s: found an unknown key, expected one of %s%s", b.name(key.Value), strings.Join(allowed, ", "), suggest(key.Value, allowed))
		default:
			b.keys[key.Value] = follow(n.Content[i+1])
		}
	}
	return b
}

func (b block) name(key string) string {
	if b.path == "" {
		return key
	}
	return b.path + "." + key
}

func (b block) has(key string) bool { return !isNull(b.keys[key]) }

func (b block) node(key string) *yaml.Node {
	if n := b.keys[key]; n != nil {
		return n
	}
	return b.at
}

func (b block) fail(key, format string, args ...any) {
	b.parser.fail(b.node(key), "%s: %s", b.name(key), fmt.Sprintf(format, args...))
}

func (b block) warn(key, text string) {
	b.parser.warn(b.node(key), "%s: %s", b.name(key), text)
}

// describe names a node without its value, which may be a secret.
func describe(n *yaml.Node) string {
	switch {
	case isNull(n):
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a block of keys"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	default:
		return "a value"
	}
}

// scalar reads a text and expands its variables.
func (p *parser) scalar(n *yaml.Node, path string) Text {
	n = follow(n)
	if isNull(n) || n.Kind != yaml.ScalarNode {
		p.fail(n, "%s: found %s, expected a text", path, describe(n))
		return Text{}
	}
	t := expand(n.Value, p.env)
	for _, name := range t.Unset {
		if p.allowUnset {
			p.warn(n, "%s: the environment variable %s is not set here; set it where the collector runs", path, name)
			continue
		}
		p.fail(n, "%s: found the environment variable %s not set, expected a value; export %s, or write $$ for a dollar", path, name, name)
	}
	return t
}

// text reads a key; a missing one is empty.
func (b block) text(key string) Text {
	if !b.has(key) {
		return Text{}
	}
	return b.scalar(b.keys[key], b.name(key))
}

func (b block) required(key, what string) Text {
	if !b.has(key) {
		b.fail(key, "found nothing, expected %s; add the key", what)
		return Text{}
	}
	t := b.text(key)
	if t.Value == "" && len(t.Unset) == 0 {
		b.fail(key, "found an empty text, expected %s", what)
	}
	return t
}

// secret reads a required text that nobody else may see.
func (b block) secret(key, what string) string {
	t := b.required(key, what)
	b.warnLiteral(key, t)
	return t.Reference
}

// warnLiteral is said here: once resolved, no component can tell a secret that
// stands in the file from one of the environment.
func (b block) warnLiteral(key string, t Text) {
	if t.Value != "" && !t.Variables {
		b.warn(key, "found a secret in the file, expected a variable such as ${NAME}: whoever may read the file, a backup or its history has it")
	}
}

// match reads a required text that has a form. What the exporter would refuse is
// refused here: it would end the collector at a reload.
func (b block) match(key, what string, form *regexp.Regexp) string {
	t := b.required(key, what)
	if t.Value != "" && len(t.Unset) == 0 && !form.MatchString(t.Value) {
		b.fail(key, "found %s, expected %s", t.plain(), what)
	}
	return t.Reference
}

// copy takes a text over as it is.
func (b block) copy(settings map[string]any, to, key string) {
	if b.has(key) {
		settings[to] = b.text(key).Reference
	}
}

// plain shows what was found, but for what comes from the environment.
func (t Text) plain() string {
	if t.Variables {
		return strconv.Quote(t.Reference)
	}
	return strconv.Quote(t.Value)
}

func (b block) integer(key string, fallback, least, most int) int {
	if !b.has(key) {
		return fallback
	}
	t := b.text(key)
	if len(t.Unset) > 0 {
		return fallback
	}
	n, err := strconv.Atoi(t.Value)
	if err != nil || n < least || n > most {
		b.fail(key, "found %s, expected a whole number from %d to %d", t.plain(), least, most)
		return fallback
	}
	return n
}

func (b block) boolean(key string, fallback bool) bool {
	if !b.has(key) {
		return fallback
	}
	t := b.text(key)
	if len(t.Unset) > 0 {
		return fallback
	}
	switch strings.ToLower(t.Value) {
	case "true":
		return true
	case "false":
		return false
	}
	b.fail(key, "found %s, expected true or false", t.plain())
	return fallback
}

// choice reads one of a few words.
func (b block) choice(key, fallback string, allowed ...string) string {
	if !b.has(key) {
		return fallback
	}
	t := b.text(key)
	if len(t.Unset) > 0 {
		return fallback
	}
	if !slices.Contains(allowed, t.Value) {
		b.fail(key, "found %s, expected one of %s%s", t.plain(), strings.Join(allowed, ", "), suggest(t.Value, allowed))
		return fallback
	}
	return t.Value
}

// list reads texts.
func (b block) list(key string) (texts []Text, nodes []*yaml.Node) {
	n := b.keys[key]
	if isNull(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		b.fail(key, "found %s, expected a list", describe(n))
		return nil, nil
	}
	for i, item := range n.Content {
		texts = append(texts, b.scalar(item, fmt.Sprintf("%s[%d]", b.name(key), i)))
		nodes = append(nodes, follow(item))
	}
	return texts, nodes
}
