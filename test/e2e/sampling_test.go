// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const droppedMetric = "otelcol_processor_siem_filter_dropped"

// droppedBy returns what a rule dropped.
func (c *collector) droppedBy(t *testing.T, rule string) int {
	t.Helper()
	for _, line := range c.metric(t, droppedMetric+`{rule="`+rule+`"}`) {
		n, err := strconv.Atoi(line[strings.LastIndexByte(line, ' ')+1:])
		require.NoError(t, err)
		return n
	}
	return 0
}

// TestSampling runs the example over the events of 500 users, then starts anew
// with another journal: the same users pass.
func TestSampling(t *testing.T) {
	var before []string
	for range 2 {
		c := start(t, options{configs: []string{"../../examples/sampling.yaml"}})
		var batch strings.Builder
		for user := range 500 {
			for range 2 {
				fmt.Fprintf(&batch, `{"event_type":"authz.access_granted","severity":"medium","actor":{"user_id":"user-%d"}}`+"\n", user)
			}
		}
		status, answer := c.post(batch.String(), "Content-Type", "application/x-ndjson")
		require.Equal(t, http.StatusOK, status, answer)
		status, answer = c.post(`{"event_type":"authz.access_granted","severity":"critical"}{"event_type":"compliance.audit_log_accessed","severity":"low"}`)
		require.Equal(t, http.StatusOK, status, answer)

		events := map[string]int{}
		var order []string
		for _, line := range c.lines(t) {
			var event struct {
				Actor struct {
					User string `json:"user_id"`
				}
				Type string `json:"event_type"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &event))
			key := event.Actor.User + " " + event.Type
			events[key]++
			order = append(order, key)
		}
		assert.Equal(t, 1, events[" authz.access_granted"])
		assert.Equal(t, 1, events[" compliance.audit_log_accessed"])
		for key, n := range events {
			if strings.HasPrefix(key, "user-") {
				assert.Equal(t, 2, n, "%s: all events of a user or none", key)
			}
		}
		assert.InDelta(t, 50, len(events)-2, 25, "about a tenth of the users")
		assert.Equal(t, 1002-len(order), c.droppedBy(t, "sampling: authz.access_granted"))
		if before != nil {
			assert.Equal(t, before, order)
		}
		before = order
	}
}

// TestRateLimit sends the example's destination five times its burst: critical
// events are all there, and the books balance.
func TestRateLimit(t *testing.T) {
	c := start(t, options{configs: []string{"../../examples/sampling.yaml"}})
	for range 5 {
		batch := strings.Repeat(`{"event_type":"auth.failure","severity":"medium"}`+"\n", 990) +
			strings.Repeat(`{"event_type":"auth.failure","severity":"critical"}`+"\n", 10)
		status, answer := c.post(batch, "Content-Type", "application/x-ndjson")
		require.Equal(t, http.StatusOK, status, answer)
	}
	lines := c.lines(t)
	critical := 0
	for _, line := range lines {
		if strings.Contains(line, `"critical"`) {
			critical++
		}
	}
	assert.Equal(t, 50, critical)
	assert.GreaterOrEqual(t, len(lines), 1000, "the burst")
	assert.Less(t, len(lines), 4000)
	assert.Equal(t, 5000-len(lines), c.droppedBy(t, "rate_limit"))
	cursor := c.cursors(t).Cursors[0]
	assert.EqualValues(t, len(lines), cursor.Delivered)
	assert.EqualValues(t, 5000, cursor.Delivered+cursor.RateLimited, "what is dropped behind the journal is done with")
}
