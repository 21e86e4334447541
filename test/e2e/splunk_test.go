// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const splunkToken = "0f1e2d3c-splunk-token"

func startSplunk(t *testing.T, server *siemtest.Splunk, token, index string) *collector {
	t.Helper()
	return start(t, options{
		configs: []string{"../../examples/splunk.yaml", fastRetry},
		env: []string{
			"SPLUNK_HEC_URL=" + server.URL + "/services/collector", "SPLUNK_TOKEN=" + token,
			"SPLUNK_INDEX=" + index, "SPLUNK_HOST=gw1",
		},
	})
}

// TestSplunk: events arrive as objects, with the guide's index and source type,
// though the server was busy at first.
func TestSplunk(t *testing.T) {
	server := siemtest.NewSplunk(t, splunkToken, "mockforge_security")
	server.Busy(1)
	c := startSplunk(t, server, splunkToken, "mockforge_security")
	events := destinationEvents(t)
	begin := time.Now()
	postEvents(t, c, events)
	c.delivered(t, "logs/splunk", len(events))
	assert.GreaterOrEqual(t, time.Since(begin), time.Second, "Retry-After")
	codes, uncompressed := server.Answers()
	assert.Equal(t, 9, codes[0])
	assert.NotContains(t, codes[1:], 9)
	assert.Zero(t, uncompressed)

	var bodies []string
	for _, got := range server.Events() {
		bodies = append(bodies, string(got.Event))
		e := parse(t, string(got.Event))
		sent, err := time.Parse(time.RFC3339Nano, e["timestamp"].(string))
		require.NoError(t, err)
		seconds, err := got.Time.Float64()
		require.NoError(t, err)
		require.InDelta(t, float64(sent.UnixMilli())/1000, seconds, 0.0005)
		got.Event, got.Time = nil, ""
		require.NotEmpty(t, got.Fields["log.record.uid"])
		require.Equal(t, e["event_type"], got.Fields["mockforge.event.type"])
		require.Equal(t, e["compliance"].(map[string]any)["soc2_cc"], got.Fields["compliance.soc2_cc"])
		got.Fields = nil
		require.Equal(t, siemtest.SplunkEvent{Host: "gw1", Source: "mockforge", SourceType: "mockforge:security", Index: "mockforge_security"}, got)
	}
	assertEvents(t, events, bodies)
	assert.NotContains(t, c.log.String(), splunkToken)
}

// TestSplunkRefuses: a wrong token holds events back; those for an index that
// the token may not write to become dead letters.
func TestSplunkRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		token, index string
		acknowledge  bool
		code         int
		held         bool
	}{
		"token":           {"wrong", "mockforge_security", false, 4, true},
		"index":           {splunkToken, "other", false, 7, false},
		"acknowledgement": {splunkToken, "mockforge_security", true, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := siemtest.NewSplunk(t, splunkToken, "mockforge_security")
			server.Acknowledge = tt.acknowledge
			c := startSplunk(t, server, tt.token, tt.index)
			events := destinationEvents(t)[:4]
			postEvents(t, c, events)
			require.Eventually(t, func() bool { codes, _ := server.Answers(); return len(codes) > 1 }, startTimeout, 10*time.Millisecond)
			codes, _ := server.Answers()
			assert.Equal(t, tt.code, codes[0])
			assert.Empty(t, server.Events())
			if tt.held {
				assert.Equal(t, uint64(4), c.cursor(t, "logs/splunk").Pending)
				return
			}
			c.settle(t)
			assert.Equal(t, uint64(4), c.cursor(t, "logs/splunk").DeadLettered)
		})
	}
}

// TestSplunkControlAttributes: no event chooses index, source or token.
func TestSplunkControlAttributes(t *testing.T) {
	server := siemtest.NewSplunk(t, splunkToken, "mockforge_security")
	c := startSplunk(t, server, splunkToken, "mockforge_security")
	postEvents(t, c, []string{`{"event_type":"auth.failure","severity":"low","com.splunk.index":"other","com.splunk.source":"other",` +
		`"host.name":"other","metadata":{"n":1,"com.splunk.index":"other","com.splunk.sourcetype":"other","com.splunk.hec.access_token":"other"},` +
		`"source":{"system":"mockforge","com.splunk.index":"other","com.splunk.hec.access_token":"other"}}`})
	c.delivered(t, "logs/splunk", 1)
	got := server.Events()
	require.Len(t, got, 1)
	assert.Equal(t, []string{"gw1", "mockforge", "mockforge:security", "mockforge_security"}, []string{got[0].Host, got[0].Source, got[0].SourceType, got[0].Index})
}
