// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestLoadConfig(t *testing.T) {
	assert.Equal(t, createDefaultConfig(), load(t, ""))
	require.NoError(t, xconfmap.Validate(load(t, "")))

	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.True(t, cfg.Control.HasValue())
	assert.Equal(t, "localhost:8766", cfg.Control.Get().NetAddr.Endpoint)
	want := createDefaultConfig().(*Config)
	want.Directory = "/var/lib/otelcol/journal"
	want.MaxSizeMiB, want.SegmentSizeMiB = 4096, 128
	want.Retention, want.ForgetAfter, want.HoldInterval = 24*time.Hour, 48*time.Hour, 10*time.Second
	want.StartAt = StartBeginning
	want.Delivery = DeliveryAudit
	want.Batch = BatchConfig{MaxEvents: 100, MaxBytes: 65536}
	want.Retry.InitialInterval, want.Retry.MaxInterval = 500*time.Millisecond, time.Minute
	want.Destinations = map[string]DestinationConfig{"logs/splunk": {Parallelism: 4, StartAt: StartEnd, Delivery: DeliveryAtLeastOnce}}
	want.Control = cfg.Control
	assert.Equal(t, want, cfg)
}

func TestInvalidConfig(t *testing.T) {
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		"directory: found nothing, expected a folder",
		"segment_size_mib: found 0, expected at least 1",
		"retention: found -1s, expected 0 or more",
		`start_at: found "middle", expected end or beginning`,
		`delivery: found "exactly_once", expected at_least_once or audit`,
		"forget_after: found 0s, expected more than 0",
		"hold_interval: found 0s, expected more than 0",
		"batch: max_events and max_bytes: found 0 and 1048576, expected at least 1",
		"retry::enabled: found false, expected true: the journal never gives up",
		"retry::max_elapsed_time: found 5m0s, expected 0",
		"destinations::logs/x: parallelism: found -1, expected at least 1",
		`destinations::logs/x: start_at: found "middle", expected end or beginning`,
		`destinations::logs/x: delivery: found "exactly_once", expected at_least_once or audit`,
	} {
		assert.ErrorContains(t, err, want)
	}
}
