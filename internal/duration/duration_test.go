// SPDX-License-Identifier: Apache-2.0

package duration

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"5m": 5 * time.Minute, "250ms": 250 * time.Millisecond, "1h30m": 90 * time.Minute, "90d": 90 * day,
		"2y": 732 * day, "1y6d": 372 * day, "0s": 0,
		"300y": longest, "99999999999999999999s": longest, "292y292y": longest,
	} {
		got, ok := Parse(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "5", "d", "5 d", "5min", "-5d", "1.5h", "90D", "5d ", "five"} {
		_, ok := Parse(text)
		assert.False(t, ok, text)
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]string{"90d": "90d", "24h": "1d", "7y": "7y", "0": "0s", "90s": "90s", "1h30m": "90m", "366d": "1y"} {
		var s Span
		require.NoError(t, s.UnmarshalText([]byte(text)))
		assert.Equal(t, want, s.String())
	}
	var s Span
	assert.EqualError(t, s.UnmarshalText([]byte("90 days")), `found "90 days", expected a duration such as 12h, 90d or 7y`)
}

// FuzzSpan: what is read is never negative, and comes back as the same span.
func FuzzSpan(f *testing.F) {
	for _, seed := range []string{"90d", "7y", "0", "1h30m", "9223372036854775807ms", "-1d", "1y1y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Span
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		assert.GreaterOrEqual(t, s, Span(0))
		written, err := s.MarshalText()
		require.NoError(t, err)
		require.NoError(t, again.UnmarshalText(written), "%s", written)
		assert.Equal(t, s, again)
	})
}
