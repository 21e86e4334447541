// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Backoff says how the waits between attempts grow.
type Backoff string

// The ways of growing.
const (
	// BackoffExponential doubles the wait after each attempt.
	BackoffExponential Backoff = "exponential"
	// BackoffLinear adds the first wait after each attempt.
	BackoffLinear Backoff = "linear"
)

var backoffs = []Backoff{BackoffExponential, BackoffLinear}

// AttemptsConfig spaces the attempts of one delivery.
type AttemptsConfig struct {
	// MaxAttempts counts the first one too. 1 by default: the journal tries
	// again for ever.
	MaxAttempts int `mapstructure:"max_attempts"`
	// Backoff is exponential (default) or linear.
	Backoff Backoff `mapstructure:"backoff"`
	// InitialInterval is the wait before the second attempt. 1 s by default.
	InitialInterval time.Duration `mapstructure:"initial_interval"`
	// MaxInterval is the longest wait. 30 s by default. A destination that asks
	// for a longer one ends the delivery.
	MaxInterval time.Duration `mapstructure:"max_interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings.
func (cfg *AttemptsConfig) Validate() error {
	var errs []error
	if cfg.MaxAttempts < 1 {
		errs = append(errs, fmt.Errorf("max_attempts: found %d, expected at least 1", cfg.MaxAttempts))
	}
	if !slices.Contains(backoffs, cfg.Backoff) {
		errs = append(errs, fmt.Errorf("backoff: found %q, expected exponential or linear", cfg.Backoff))
	}
	if cfg.InitialInterval <= 0 || cfg.MaxInterval < cfg.InitialInterval {
		errs = append(errs, fmt.Errorf("initial_interval and max_interval: found %s and %s, expected more than 0 and no less than that", cfg.InitialInterval, cfg.MaxInterval))
	}
	return errors.Join(errs...)
}

// wait returns how long to wait after attempt n, the first of which is 1.
func (cfg *AttemptsConfig) wait(n int) time.Duration {
	if cfg.Backoff == BackoffLinear {
		if n > int(cfg.MaxInterval/cfg.InitialInterval) {
			return cfg.MaxInterval
		}
		return cfg.InitialInterval * time.Duration(n)
	}
	wait := cfg.InitialInterval
	for ; n > 1 && wait < cfg.MaxInterval; n-- {
		wait *= 2
	}
	return min(wait, cfg.MaxInterval)
}
