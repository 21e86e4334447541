// SPDX-License-Identifier: Apache-2.0

package events

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGenerator(t *testing.T) {
	const count = 10_000
	g, same, other := New(1), New(1), New(2)
	types, ids, size, differ := make(map[string]bool), make(map[string]bool), 0, false
	for range count {
		line := g.Next()
		require.Equal(t, string(line), string(same.Next()))
		differ = differ || string(line) != string(other.Next())
		size += len(line)
		var e struct {
			EventType string `json:"event_type"`
			Metadata  struct {
				RequestID string `json:"request_id"`
			}
		}
		require.NoError(t, json.Unmarshal(line, &e), "%s", line)
		types[e.EventType], ids[e.Metadata.RequestID] = true, true
	}
	assert.True(t, differ)
	assert.Len(t, types, 37)
	assert.Len(t, ids, count)
	assert.InDelta(t, 700, size/count, 50)
}
