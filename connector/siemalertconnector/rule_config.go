// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// RuleConfig is one rule: an item of the guide's section "Alerting Rules", or
// the richer form.
type RuleConfig struct {
	// Name identifies the rule.
	Name string `mapstructure:"name"`
	// Description is for people.
	Description string `mapstructure:"description"`
	// Enabled is true by default.
	Enabled *bool `mapstructure:"enabled"`
	// Condition says what fires the rule.
	Condition ConditionConfig `mapstructure:"condition"`
	// Severity is that of the alert.
	Severity string `mapstructure:"severity"`
	// Action is the guide's one action.
	Action string `mapstructure:"action"`
	// Actions are further ones.
	Actions []string `mapstructure:"actions"`
	// Compliance has the lists of controls that the alert is evidence for, by
	// the names that MockForge gives them: soc2_cc, iso27001. By default those
	// of the event that fired the rule.
	Compliance map[string][]string `mapstructure:"compliance"`
	// SuppressFor is how long a group that fired is silent: by default the
	// window, and 0 for a rule without one.
	SuppressFor *time.Duration `mapstructure:"suppress_for"`
	// MaxGroups bounds the groups that are kept. 10,000 by default.
	MaxGroups int `mapstructure:"max_groups"`
	// AllowedLateness is how long a window stays open for events that come late.
	// 1 minute by default.
	AllowedLateness *time.Duration `mapstructure:"allowed_lateness"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ConditionConfig is a condition: as text, or in parts which must all hold.
type ConditionConfig struct {
	// EventType is one event type or several, or globs over them.
	EventType []string `mapstructure:"event_type"`
	// Severity is one severity or several.
	Severity []string `mapstructure:"severity"`
	// Metadata has values that the event's metadata must have: a scalar, a list
	// of them, or text such as "> 10000".
	Metadata map[string]any `mapstructure:"metadata"`
	// Threshold says how many events it takes.
	Threshold *ThresholdConfig `mapstructure:"threshold"`

	text string

	// prevent unkeyed literal initialization
	_ struct{}
}

// ThresholdConfig says how many events it takes.
type ThresholdConfig struct {
	// Count is the number that is reached.
	Count int `mapstructure:"count"`
	// Window is the time within which they come.
	Window time.Duration `mapstructure:"window"`
	// GroupBy names fields: events count together when their values are equal.
	GroupBy []string `mapstructure:"group_by"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// UnmarshalText takes a condition that is text.
func (c *ConditionConfig) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("found empty text, expected a condition")
	}
	c.text = string(text)
	return nil
}

// Text returns the condition as text, which is the one form that is compiled.
func (c *ConditionConfig) Text() (string, error) {
	if c.text != "" {
		return c.text, nil
	}
	var parts []string
	if len(c.EventType) > 0 {
		parts = append(parts, eventTypes(c.EventType))
	}
	if len(c.Severity) > 0 {
		parts = append(parts, oneOf("severity", quoteAll(c.Severity)))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Metadata)) {
		part, err := metadataEquals(key, c.Metadata[key])
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	if t := c.Threshold; t != nil {
		part := fmt.Sprintf("count >= %d in %s", t.Count, duration(t.Window))
		if len(t.GroupBy) > 0 {
			part += " by " + strings.Join(t.GroupBy, ", ")
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "", errors.New("found nothing, expected text, or event_type, severity, metadata or threshold")
	}
	return strings.Join(parts, " AND "), nil
}

// eventTypes compares with == where it can, so that the rule is found by the type.
func eventTypes(types []string) string {
	var globs, plain []string
	for _, t := range types {
		if strings.ContainsAny(t, `*?\`) {
			globs = append(globs, "event_type =~ "+quote(t))
		} else {
			plain = append(plain, quote(t))
		}
	}
	if len(plain) > 0 {
		globs = append(globs, oneOf("event_type", plain))
	}
	if len(globs) == 1 {
		return globs[0]
	}
	return "(" + strings.Join(globs, " OR ") + ")"
}

func oneOf(field string, values []string) string {
	if len(values) == 1 {
		return field + " == " + values[0]
	}
	return field + " in [" + strings.Join(values, ", ") + "]"
}

// ordering is a value such as "> 10000".
var ordering = regexp.MustCompile(`^(>=|<=|!=|>|<)\s*(-?[0-9]+(?:\.[0-9]+)?)$`)

// plain is a name that needs no quotes.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func metadataEquals(key string, value any) (string, error) {
	field := "metadata." + key
	if !plain.MatchString(key) {
		field = "metadata[" + quote(key) + "]"
	}
	if text, ok := value.(string); ok {
		if m := ordering.FindStringSubmatch(text); m != nil {
			return field + " " + m[1] + " " + m[2], nil
		}
	}
	values, ok := value.([]any)
	if !ok {
		values = []any{value}
	}
	literals := make([]string, 0, len(values))
	for _, v := range values {
		literal, err := literalOf(v)
		if err != nil {
			return "", fmt.Errorf("metadata::%s: %w", key, err)
		}
		literals = append(literals, literal)
	}
	if len(literals) == 0 {
		return "", fmt.Errorf("metadata::%s: found an empty list, expected values", key)
	}
	return oneOf(field, literals), nil
}

func literalOf(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return quote(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int, int64, uint64:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case nil:
		return "null", nil
	default:
		return "", fmt.Errorf("found %T, expected a scalar, a list of scalars, or text such as \"> 10000\"", v)
	}
}

func quoteAll(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return quoted
}

func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// duration writes a duration as conditions have it: 5m, not 5m0s, and no
// fractions.
func duration(d time.Duration) string {
	if d%time.Second != 0 {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// AllActions joins action and actions.
func (r *RuleConfig) AllActions() []string {
	var all []string
	for _, action := range append([]string{r.Action}, r.Actions...) {
		if action != "" && !slices.Contains(all, action) {
			all = append(all, action)
		}
	}
	return all
}

// complianceJSON is the compliance object of the alert; nil where the event's stands.
func (r *RuleConfig) complianceJSON() []byte {
	if len(r.Compliance) == 0 {
		return nil
	}
	dst := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(r.Compliance)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(eventlog.AppendString(dst, name), ':')
		dst = appendStrings(dst, r.Compliance[name])
	}
	return append(dst, '}')
}

func appendStrings(dst []byte, texts []string) []byte {
	dst = append(dst, '[')
	for i, text := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = eventlog.AppendString(dst, text)
	}
	return append(dst, ']')
}
