// SPDX-License-Identifier: Apache-2.0

package compliancetagprocessor

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// Mode says what becomes of controls that an event carries already.
type Mode string

// The modes. In all of them an event that carries none gets the table's.
const (
	// ModeMerge keeps the carried ones and adds what the table has besides.
	ModeMerge Mode = "merge"
	// ModeFill keeps the carried ones and adds nothing to them.
	ModeFill Mode = "fill"
	// ModeReplace puts the table's in place of the carried ones.
	ModeReplace Mode = "replace"
)

var modes = []Mode{ModeMerge, ModeFill, ModeReplace}

// Config has the settings of the processor.
type Config struct {
	// Mode is merge (default), fill or replace.
	Mode Mode `mapstructure:"mode"`
	// GuideTable applies the table of MockForge's SIEM guide for SOC 2 and
	// ISO 27001:2013. On by default.
	GuideTable bool `mapstructure:"guide_table"`
	// Frameworks holds further tables by the name of the list of controls in
	// the event's compliance object, such as nist_800_53. Rules for soc2_cc and
	// iso27001 come after the guide's.
	Frameworks map[string]FrameworkConfig `mapstructure:"frameworks"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// FrameworkConfig is the table of one standard.
type FrameworkConfig struct {
	// Name is the standard with its edition, as it appears in
	// compliance.frameworks. The name of the list by default.
	Name string `mapstructure:"name"`
	// Mappings are in the order in which their controls are added.
	Mappings []MappingConfig `mapstructure:"mappings"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// MappingConfig gives controls to the events it matches.
type MappingConfig struct {
	// Controls are identifiers of the standard. At least one.
	Controls []string `mapstructure:"controls"`
	// Events are globs over event types, such as auth.*. All events by default.
	Events []string `mapstructure:"events"`
	// Severities are low, medium, high or critical. All by default.
	Severities []string `mapstructure:"severities"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// listName is what a list may be called, so that its attribute is plain too.
var listName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// reserved lists would take the place of attributes with another meaning.
var reserved = []string{"frameworks", "requirements", "enrichment", carriedMember}

// Validate checks what does not belong to one framework alone.
func (cfg *Config) Validate() error {
	var errs []error
	if !slices.Contains(modes, cfg.Mode) {
		errs = append(errs, fmt.Errorf("mode: found %q, expected merge, fill or replace", cfg.Mode))
	}
	if !cfg.GuideTable && len(cfg.Frameworks) == 0 {
		errs = append(errs, errors.New("frameworks: found none, expected at least one when guide_table is false"))
	}
	for _, list := range cfg.lists() {
		if !listName.MatchString(list) || slices.Contains(reserved, list) {
			errs = append(errs, fmt.Errorf("frameworks: found the list %q, expected lower-case letters, digits and underscores, and none of %s",
				list, strings.Join(reserved, ", ")))
		}
	}
	return errors.Join(errs...)
}

// Validate checks that there are mappings.
func (cfg *FrameworkConfig) Validate() error {
	if len(cfg.Mappings) == 0 {
		return errors.New("mappings: found none, expected at least one")
	}
	return nil
}

// Validate checks one mapping.
func (cfg *MappingConfig) Validate() error {
	_, err := cfg.rule()
	return err
}

// rule compiles a mapping.
func (cfg *MappingConfig) rule() (compliance.Rule, error) {
	rule := compliance.Rule{Controls: cfg.Controls}
	var errs []error
	if len(cfg.Controls) == 0 {
		errs = append(errs, errors.New("controls: found none, expected at least one"))
	}
	for i, control := range cfg.Controls {
		if control == "" || strings.TrimSpace(control) != control {
			errs = append(errs, fmt.Errorf("controls[%d]: found %q, expected an identifier without spaces around it", i, control))
		}
	}
	for i, pattern := range cfg.Events {
		glob, err := condition.ParseGlob(pattern)
		if err != nil {
			errs = append(errs, fmt.Errorf("events[%d]: %w", i, err))
		}
		rule.Events = append(rule.Events, glob)
	}
	for i, name := range cfg.Severities {
		severity, ok := event.ParseSeverity(name)
		if !ok {
			errs = append(errs, fmt.Errorf("severities[%d]: found %q, expected %s", i, name, strings.Join(event.SeverityNames(), ", ")))
		}
		rule.Severities = append(rule.Severities, severity)
	}
	return rule, errors.Join(errs...)
}

// lists returns the names of the configured lists in a fixed order.
func (cfg *Config) lists() []string {
	lists := make([]string, 0, len(cfg.Frameworks))
	for list := range cfg.Frameworks {
		lists = append(lists, list)
	}
	slices.Sort(lists)
	return lists
}

// Tables compiles the tables: the guide's first, then the configured ones
// by the name of their lists. Without its rules a list of the guide's is left
// alone, but what it carries still counts.
func (cfg *Config) Tables() ([]compliance.Framework, error) {
	all := compliance.Guide()
	for i := range all {
		if !cfg.GuideTable {
			all[i].Rules = nil
		}
	}
	for _, list := range cfg.lists() {
		fc := cfg.Frameworks[list]
		i := slices.IndexFunc(all, func(f compliance.Framework) bool { return f.List == list })
		if i < 0 {
			i = len(all)
			all = append(all, compliance.Framework{List: list, Name: list})
		}
		if fc.Name != "" {
			all[i].Name = fc.Name
		}
		for _, m := range fc.Mappings {
			rule, err := m.rule()
			if err != nil {
				return nil, fmt.Errorf("frameworks::%s: %w", list, err)
			}
			all[i].Rules = append(all[i].Rules, rule)
		}
	}
	return all, nil
}
