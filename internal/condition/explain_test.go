// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExplain(t *testing.T) {
	rec, res := record(t, `{"event_type":"auth.failure","severity":"high","actor":{"user_id":"u1"},"metadata":{"n":3,"tags":["a","b"]}}`, "production")
	for text, want := range map[string][]Part{
		"a == 1":                          {{Text: "a == 1", Absent: true}},
		"a != 1":                          {{Text: "a != 1", Holds: true, Absent: true}},
		"NOT (n > 2 OR user_id)":          {{Text: "n > 2", Holds: true, Found: "3"}, {Text: "user_id", Holds: true, Found: "u1"}},
		"severity  >=  'medium' AND x":    {{Text: "severity  >=  'medium'", Holds: true, Found: "high"}, {Text: "x", Absent: true}},
		"exists(metadata.tags)":           {{Text: "exists(metadata.tags)", Holds: true, Found: `["a","b"]`}},
		"n not in [1, 2] and tags =~ 'b'": {{Text: "n not in [1, 2]", Holds: true, Found: "3"}, {Text: "tags =~ 'b'", Holds: true, Found: `["a","b"]`}},
		"environment == staging":          {{Text: "environment == staging", Found: "production"}},
	} {
		c, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, c.Explain(rec, res), text)
	}
	a, err := ParseAlert("event_type == 'auth.failure' AND count > 5 in 5m by user_id")
	require.NoError(t, err)
	assert.Equal(t, []Part{{Text: "event_type == 'auth.failure'", Holds: true, Found: "auth.failure"}}, a.Filter.Explain(rec, res), "a window asks nothing of one event")
	for text, want := range map[string]Part{
		"auth.*":        {Text: "auth.*", Holds: true, Found: "auth.failure"},
		"severity:low":  {Text: "severity:low", Found: "high"},
		"user_id == u1": {Text: "user_id == u1", Holds: true, Found: "u1"},
	} {
		s, err := ParseSelector(text)
		require.NoError(t, err, text)
		assert.Equal(t, []Part{want}, s.Explain(rec, res), text)
	}
}
