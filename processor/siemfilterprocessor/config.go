// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"go.opentelemetry.io/collector/config/configoptional"

	"github.com/mockforge/otelcol-mockforge/internal/eventfilter"
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
	_, err := cfg.Compile()
	return err
}

// Compile returns the filter that the settings ask for. The error has every entry
// that cannot be compiled.
func (cfg *Config) Compile() (*eventfilter.Filter, error) {
	s := eventfilter.Settings{Include: cfg.Include, Exclude: cfg.Exclude, Conditions: cfg.Conditions, Keep: cfg.Keep}
	for _, entry := range cfg.Sampling {
		s.Sampling = append(s.Sampling, eventfilter.Sampling{Match: entry.Match, Percentage: entry.Percentage, By: entry.By})
	}
	if limit := cfg.RateLimit.Get(); limit != nil {
		s.RateLimit = &eventfilter.RateLimit{EventsPerSecond: limit.EventsPerSecond, Burst: limit.Burst}
	}
	return eventfilter.New(s)
}
