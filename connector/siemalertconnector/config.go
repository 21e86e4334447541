// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pipeline"
)

// Clock says which time of an event counts.
type Clock string

// The times of an event.
const (
	// ClockEvent is the event's own time. Where it has none, or one more than
	// five minutes ahead, its time of arrival counts.
	ClockEvent Clock = "event"
	// ClockArrival is when the event arrived, for sources with bad clocks.
	ClockArrival Clock = "arrival"
)

var clocks = []Clock{ClockEvent, ClockArrival}

// Config has the settings of the connector.
type Config struct {
	// Rules say what to alert on: the guide's alerts, or the richer form.
	Rules []RuleConfig `mapstructure:"rules"`
	// Actions name the pipelines behind the connector that an action's alerts go
	// to. Pipelines that no action names get every alert.
	Actions map[string][]pipeline.ID `mapstructure:"actions"`
	// Time says which time of an event counts: event (default) or arrival.
	Time Clock `mapstructure:"time"`
	// MaxMatches bounds the matches that the windows of all rules keep together.
	// 1,000,000 by default.
	MaxMatches int `mapstructure:"max_matches"`
	// Storage is the extension that keeps the windows over a restart; none by
	// default.
	Storage *component.ID `mapstructure:"storage"`
	// SaveInterval is how often the windows are saved: what is lost when the
	// process is killed. 10 s by default.
	SaveInterval time.Duration `mapstructure:"save_interval"`
	// Control listens for test alerts; off by default, localhost:8767 when it is
	// named.
	Control configoptional.Optional[confighttp.ServerConfig] `mapstructure:"control"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings, and compiles every rule.
func (cfg *Config) Validate() error {
	var errs []error
	if len(cfg.Rules) == 0 {
		errs = append(errs, errors.New("rules: found nothing, expected at least one rule"))
	}
	if !slices.Contains(clocks, cfg.Time) {
		errs = append(errs, fmt.Errorf("time: found %q, expected event or arrival", cfg.Time))
	}
	if cfg.MaxMatches < 1 {
		errs = append(errs, fmt.Errorf("max_matches: found %d, expected at least 1", cfg.MaxMatches))
	}
	if cfg.SaveInterval <= 0 {
		errs = append(errs, fmt.Errorf("save_interval: found %s, expected more than 0", cfg.SaveInterval))
	}
	for action, ids := range cfg.Actions {
		if len(ids) == 0 {
			errs = append(errs, fmt.Errorf("actions::%s: found nothing, expected a list of pipelines", action))
		}
	}
	_, err := cfg.compile()
	return errors.Join(append(errs, err)...)
}
