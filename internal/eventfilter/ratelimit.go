// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"errors"
	"fmt"
	"math"

	"golang.org/x/time/rate"
)

// maxRate bounds the limit far above what one collector takes, so that a burst
// that follows from it fits into an int.
const maxRate = 1e9

// RateLimit is a token bucket.
type RateLimit struct {
	// EventsPerSecond is how many tokens come in a second; an event takes one.
	EventsPerSecond float64
	// Burst is how many tokens the bucket holds; 0 for what comes in a second.
	Burst int
}

func newLimiter(cfg *RateLimit) (*rate.Limiter, error) {
	if cfg == nil {
		return nil, nil
	}
	var errs [2]error
	if !(cfg.EventsPerSecond > 0 && cfg.EventsPerSecond <= maxRate) { // NaN too
		errs[0] = fmt.Errorf("rate_limit::events_per_second: found %v, expected more than 0 and at most %.0f", cfg.EventsPerSecond, maxRate)
	}
	if cfg.Burst < 0 {
		errs[1] = fmt.Errorf("rate_limit::burst: found %d, expected at least 1", cfg.Burst)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	burst := cfg.Burst
	if burst == 0 {
		burst = int(math.Ceil(cfg.EventsPerSecond))
	}
	return rate.NewLimiter(rate.Limit(cfg.EventsPerSecond), burst), nil
}
