// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		in    string
		bytes int64
		out   string
		err   string
	}{
		{in: "0", out: "0"},
		{in: "17", bytes: 17, out: "17B"},
		{in: "17B", bytes: 17, out: "17B"},
		{in: "100MB", bytes: 100e6, out: "100MB"},
		{in: "100 MB", bytes: 100e6, out: "100MB"},
		{in: "100mb", bytes: 100e6, out: "100MB"},
		{in: "64KiB", bytes: 64 << 10, out: "64KiB"},
		{in: "1kb", bytes: 1000, out: "1KB"},
		{in: "1MiB", bytes: 1 << 20, out: "1MiB"},
		{in: "2GB", bytes: 2e9, out: "2GB"},
		{in: "3GiB", bytes: 3 << 30, out: "3GiB"},
		{in: "1000000KB", bytes: 1e9, out: "1GB"},
		{in: "", err: `found "", expected a size such as 100MB or 64KiB`},
		{in: "MB", err: `found "MB", expected a size such as`},
		{in: "-1MB", err: `found "-1MB", expected a size such as`},
		{in: "1.5GB", err: `found "1.5GB", expected a size such as`},
		{in: "100M", err: `found "100M", expected one of the units B, KB, MB, GB, KiB, MiB and GiB`},
		{in: "100TB", err: `found "100TB"`},
		{in: "1 M B", err: `found "1 M B", expected one of the units`},
		{in: "9223372036854775807", bytes: 1<<63 - 1, out: "9223372036854775807B"},
		{in: "9223372036854775808", err: "expected a size"},
		{in: "9007199254740993KiB", err: `expected less than 8 EiB`},
	} {
		var s Size
		err := s.UnmarshalText([]byte(tt.in))
		if tt.err != "" {
			assert.ErrorContains(t, err, tt.err, tt.in)
			continue
		}
		require.NoError(t, err, tt.in)
		assert.Equal(t, Size(tt.bytes), s, tt.in)
		assert.Equal(t, tt.out, s.String(), tt.in)
	}
}

// FuzzSize: what is read comes back as the same size, and never below 0.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"100MB", "64 KiB", "0", "9223372036854775807", "1gIb", "x", "- 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		assert.GreaterOrEqual(t, s, Size(0))
		written, err := s.MarshalText()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalText(written))
		assert.Equal(t, s, again)
	})
}
