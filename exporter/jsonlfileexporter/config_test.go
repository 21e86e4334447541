// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestLoadConfig(t *testing.T) {
	assert.Equal(t, createDefaultConfig(), load(t, ""))

	want := createDefaultConfig().(*Config)
	want.Path = "/var/log/mockforge/siem-events.jsonl"
	guide := load(t, "guide")
	assert.Equal(t, want, guide, "the guide's settings are the defaults")
	require.NoError(t, xconfmap.Validate(guide))
	assert.False(t, guide.Queue.HasValue())

	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))
	require.True(t, cfg.Queue.HasValue())
	assert.Equal(t, int64(10), cfg.Queue.Get().QueueSize)
	want.CreateDirectory = false
	want.Fsync, want.FsyncInterval = FsyncInterval, 200*time.Millisecond
	want.Rotation = RotationConfig{MaxSize: 64 << 10, MaxAge: 30 * 24 * time.Hour}
	want.Queue = cfg.Queue
	want.Retry.Enabled, want.Retry.MaxElapsedTime = true, 0
	assert.Equal(t, want, cfg)

	assert.Equal(t, Size(1<<20), load(t, "plain_size").Rotation.MaxSize)
}

// TestPrintedConfig: what the collector prints of its settings reads as they do.
func TestPrintedConfig(t *testing.T) {
	conf := confmap.New()
	require.NoError(t, conf.Marshal(load(t, "guide")))
	assert.Equal(t, "100MB", conf.Get("rotation::max_size"))
}

func TestInvalidConfig(t *testing.T) {
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		"path: found nothing, expected a file",
		`fsync: found "sometimes", expected always, interval or never`,
		"fsync_interval: found 0s, expected more than 0",
		"rotation: max_size: found -1, expected 0 or more",
		"max_files: found -1, expected 0 or more",
		"max_age: found -1h0m0s, expected 0 or more",
	} {
		assert.ErrorContains(t, err, want)
	}

	err = xconfmap.Validate(load(t, "archive_bad"))
	for _, want := range []string{
		"rotation::max_files: found 10, expected 0 beside retention, which alone says what is removed",
		"rotation::max_age: found 720h0m0s, expected 0s beside retention, which alone says what is removed",
		"interval: found -1h0m0s, expected 0 or more",
		"integrity: signing_key_file: found nothing, expected a file with an Ed25519 key",
	} {
		assert.ErrorContains(t, err, want)
	}
}
