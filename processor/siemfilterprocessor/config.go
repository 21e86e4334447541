// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/config/configoptional"
	"golang.org/x/time/rate"

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
	// Sampling passes a share of the events that an entry matches. The first
	// entry that matches an event decides.
	Sampling []SamplingConfig `mapstructure:"sampling"`
	// RateLimit bounds what passes in a second. No limit by default.
	RateLimit configoptional.Optional[RateLimitConfig] `mapstructure:"rate_limit"`
	// Keep has entries, of the same forms as Include, whose events neither
	// Sampling nor RateLimit drops: by default the compliance events and the
	// severities high and critical.
	Keep []string `mapstructure:"keep"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// SamplingConfig is an entry of sampling.
type SamplingConfig struct {
	// Match is an entry as in Include.
	Match string `mapstructure:"match"`
	// Percentage of the events that pass: more than 0, at most 100.
	Percentage float64 `mapstructure:"percentage"`
	// By is a field. Events that have the same value of it pass together or not
	// at all. By default, and for events without it, the id of the record decides.
	By string `mapstructure:"by"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RateLimitConfig is a token bucket.
type RateLimitConfig struct {
	// EventsPerSecond is how many tokens come in a second; an event takes one.
	EventsPerSecond float64 `mapstructure:"events_per_second"`
	// Burst is how many tokens the bucket holds: by default what comes in a
	// second, at least 1.
	Burst int `mapstructure:"burst"`

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
	samplers   []*sampler
	limiter    *rate.Limiter // nil for no limit
	keep       []*condition.Selector
}

func (cfg *Config) compile() (r rules, err error) {
	var errs [6]error
	r.include, errs[0] = parseAll("include", cfg.Include, condition.ParseSelector)
	r.exclude, errs[1] = parseAll("exclude", cfg.Exclude, condition.ParseSelector)
	r.conditions, errs[2] = parseAll("conditions", cfg.Conditions, condition.Parse)
	r.samplers, errs[3] = newSamplers(cfg.Sampling)
	r.limiter, errs[4] = newLimiter(cfg.RateLimit.Get())
	r.keep, errs[5] = parseAll("keep", cfg.Keep, condition.ParseSelector)
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
