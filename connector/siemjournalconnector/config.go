// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
)

// Start says where the cursor of a new destination begins.
type Start string

// Where a cursor may begin.
const (
	// StartEnd delivers what comes from now on.
	StartEnd Start = "end"
	// StartBeginning delivers what the journal still holds, too.
	StartBeginning Start = "beginning"
)

var starts = []Start{StartEnd, StartBeginning}

// Delivery says what is asked of the settings on the way to a destination.
type Delivery string

// What may be asked.
const (
	// DeliveryAtLeastOnce asks for nothing: the journal delivers at least once
	// what reaches it, to an exporter that may yet lose it.
	DeliveryAtLeastOnce Delivery = "at_least_once"
	// DeliveryAudit refuses settings that can lose events before the journal or
	// behind it. confmap/auditconverter does that.
	DeliveryAudit Delivery = "audit"
)

var deliveries = []Delivery{DeliveryAtLeastOnce, DeliveryAudit}

// Config has the settings of the connector.
type Config struct {
	// Directory holds the journal, the cursors and the dead letters.
	Directory string `mapstructure:"directory"`
	// MaxSizeMiB is the size at which senders are answered with 503. 1,024 by
	// default.
	MaxSizeMiB int64 `mapstructure:"max_size_mib"`
	// SegmentSizeMiB is the size of one file of the journal. 64 by default.
	SegmentSizeMiB int64 `mapstructure:"segment_size_mib"`
	// Retention keeps events that every destination has taken for so long
	// after they were written. 0 by default.
	Retention time.Duration `mapstructure:"retention"`
	// StartAt is where the cursor of a new destination begins: end (default)
	// or beginning.
	StartAt Start `mapstructure:"start_at"`
	// Delivery is at_least_once (default) or audit, for every destination.
	Delivery Delivery `mapstructure:"delivery"`
	// ForgetAfter is how long the cursor of a destination that is gone from the
	// settings is kept, and holds back events. 7 days by default.
	ForgetAfter time.Duration `mapstructure:"forget_after"`
	// Batch bounds what is delivered at once.
	Batch BatchConfig `mapstructure:"batch"`
	// Retry spaces attempts after temporary errors. There is no end to them:
	// max_elapsed_time must be 0.
	Retry configretry.BackOffConfig `mapstructure:"retry"`
	// Destinations has settings for single pipelines, by their names.
	Destinations map[string]DestinationConfig `mapstructure:"destinations"`
	// Control listens for requests that show or set cursors; off by default,
	// localhost:8766 when it is named.
	Control configoptional.Optional[confighttp.ServerConfig] `mapstructure:"control"`
	// HoldInterval spaces attempts while a destination answers 401, 403, 404
	// or with a redirect. 30 s by default.
	HoldInterval time.Duration `mapstructure:"hold_interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DestinationConfig has the settings of one pipeline.
type DestinationConfig struct {
	// Parallelism is how many batches may be under way at once. 1 by default,
	// which keeps the order of events.
	Parallelism int `mapstructure:"parallelism"`
	// StartAt is start_at for this pipeline.
	StartAt Start `mapstructure:"start_at"`
	// Delivery is delivery for this pipeline.
	Delivery Delivery `mapstructure:"delivery"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// BatchConfig bounds a batch.
type BatchConfig struct {
	// MaxEvents is the most events in a batch. 1,000 by default.
	MaxEvents int `mapstructure:"max_events"`
	// MaxBytes is the size of a batch in the journal, unless one event alone is
	// larger. 1 MiB by default.
	MaxBytes int `mapstructure:"max_bytes"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings.
func (cfg *Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	check(cfg.Directory != "", "directory: found nothing, expected a folder")
	check(cfg.SegmentSizeMiB >= 1, "segment_size_mib: found %d, expected at least 1", cfg.SegmentSizeMiB)
	check(cfg.MaxSizeMiB >= 2*cfg.SegmentSizeMiB, "max_size_mib: found %d, expected at least twice segment_size_mib, which is %d", cfg.MaxSizeMiB, cfg.SegmentSizeMiB)
	check(cfg.Retention >= 0, "retention: found %s, expected 0 or more", cfg.Retention)
	check(slices.Contains(starts, cfg.StartAt), "start_at: found %q, expected end or beginning", cfg.StartAt)
	check(slices.Contains(deliveries, cfg.Delivery), "delivery: found %q, expected at_least_once or audit", cfg.Delivery)
	check(cfg.ForgetAfter > 0, "forget_after: found %s, expected more than 0", cfg.ForgetAfter)
	check(cfg.HoldInterval > 0, "hold_interval: found %s, expected more than 0", cfg.HoldInterval)
	check(cfg.Retry.Enabled, "retry::enabled: found false, expected true: the journal never gives up")
	check(cfg.Retry.MaxElapsedTime == 0, "retry::max_elapsed_time: found %s, expected 0: the journal never gives up", cfg.Retry.MaxElapsedTime)
	for name, d := range cfg.Destinations {
		check(d.Parallelism >= 0, "destinations::%s: parallelism: found %d, expected at least 1", name, d.Parallelism)
		check(d.StartAt == "" || slices.Contains(starts, d.StartAt), "destinations::%s: start_at: found %q, expected end or beginning", name, d.StartAt)
		check(d.Delivery == "" || slices.Contains(deliveries, d.Delivery), "destinations::%s: delivery: found %q, expected at_least_once or audit", name, d.Delivery)
	}
	return errors.Join(errs...)
}

// Validate checks the settings.
func (cfg *BatchConfig) Validate() error {
	if cfg.MaxEvents < 1 || cfg.MaxBytes < 1 {
		return fmt.Errorf("max_events and max_bytes: found %d and %d, expected at least 1", cfg.MaxEvents, cfg.MaxBytes)
	}
	return nil
}
