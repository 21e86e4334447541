// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/xconfmap"
)

func TestFileSettings(t *testing.T) {
	storage := component.MustNewIDWithName("file_storage", "mockforge")
	for name, want := range map[string]FileConfig{
		"file_defaults": {
			Include: []string{"/var/log/mockforge/siem-events.jsonl*"},
			StartAt: StartAtBeginning, PollInterval: 200 * time.Millisecond, Compression: FileCompressionAuto,
		},
		"file": {
			Include: []string{"/var/log/mockforge/*.jsonl*", "/srv/{a,b}/**/events.jsonl"}, Exclude: []string{"*.tmp"},
			StartAt: StartAtEnd, PollInterval: time.Second, Compression: FileCompressionNone, Storage: &storage,
		},
	} {
		cfg := load(t, name)
		require.NoError(t, xconfmap.Validate(cfg), name)
		assert.False(t, cfg.Protocols.HTTP.HasValue(), name)
		assert.Equal(t, want, *cfg.Protocols.File.Get(), name)
	}
}

func TestInvalidFileSettings(t *testing.T) {
	err := xconfmap.Validate(load(t, "file_bad"))
	for _, want := range []string{
		"protocols::file: include: found none, expected at least one path or pattern",
		`exclude[0]: found "[", expected a path or a pattern of *, **, ?, [a-z] and {a,b}`,
		`exclude[1]: found ""`,
		`start_at: found "middle", expected beginning or end`,
		"poll_interval: found 0s, expected more than 0s",
		`compression: found "zstd", expected auto or none`,
	} {
		assert.ErrorContains(t, err, want)
	}
}
