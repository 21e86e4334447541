// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// exponential spaces attempts by the settings.
type exponential struct {
	backoff.ExponentialBackOff
}

func newBackoff(cfg configretry.BackOffConfig) *exponential {
	e := &exponential{backoff.ExponentialBackOff{
		InitialInterval:     cfg.InitialInterval,
		RandomizationFactor: cfg.RandomizationFactor,
		Multiplier:          cfg.Multiplier,
		MaxInterval:         cfg.MaxInterval,
	}}
	e.Reset()
	return e
}

func (e *exponential) next() time.Duration { return e.NextBackOff() }

func permanent(err error) error { return consumererror.NewPermanent(err) }
