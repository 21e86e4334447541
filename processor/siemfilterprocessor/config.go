// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"errors"
	"fmt"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// Config has the settings of the processor, those of the guide's section
// "Event Filtering".
type Config struct {
	// Include passes events that match at least one entry: a glob over event
	// types, severity:LEVEL, or a condition. All events by default.
	Include []string `mapstructure:"include"`
	// Exclude drops events that match an entry, included or not. Same forms.
	Exclude []string `mapstructure:"exclude"`
	// Conditions drops events for which one of them does not hold.
	Conditions []string `mapstructure:"conditions"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate compiles every entry.
func (cfg *Config) Validate() error {
	_, err := cfg.compile()
	return err
}

// rules are the compiled settings.
type rules struct {
	include    []*condition.Selector
	exclude    []*condition.Selector
	conditions []*condition.Condition
}

func (cfg *Config) compile() (r rules, err error) {
	var errs [3]error
	r.include, errs[0] = parseAll("include", cfg.Include, condition.ParseSelector)
	r.exclude, errs[1] = parseAll("exclude", cfg.Exclude, condition.ParseSelector)
	r.conditions, errs[2] = parseAll("conditions", cfg.Conditions, condition.Parse)
	return r, errors.Join(errs[:]...)
}

// parseAll compiles a list and reports every entry that cannot be.
func parseAll[T any](key string, entries []string, parse func(string) (T, error)) ([]T, error) {
	var parsed []T
	var errs []error
	for i, entry := range entries {
		p, err := parse(entry)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %q: %w", key, i, entry, err))
			continue
		}
		parsed = append(parsed, p)
	}
	return parsed, errors.Join(errs...)
}
