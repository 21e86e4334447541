// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testEventAnswer is the answer to a test event, or why there is none.
type testEventAnswer struct {
	Error, Note string
	Accepted    int
	EventID     string `json:"event_id"`
	EventType   string `json:"event_type"`
	Pipelines   []struct{ Pipeline, Status, Error string }
}

// TestGuideTestEvent runs the guide's curl, with the port of the collector: an
// event goes to every destination, marked, and the answer tells who has it.
func TestGuideTestEvent(t *testing.T) {
	sink := newSink(t)
	sink.down.Store(true)
	c := start(t, options{configs: []string{
		sink.config(t), "yaml:receivers: {mockforge: {protocols: {http: {test_event: {token: admin-secret}}}}}",
	}})
	curl := func(path, token string) (answer testEventAnswer) {
		out, err := exec.CommandContext(t.Context(), "curl", "-sS", "-X", "POST", "http://"+c.endpoint+path,
			"-H", "Authorization: Bearer "+token, "-d", `{
    "event_type": "auth.failure",
    "severity": "medium",
    "test": true
  }`).CombinedOutput()
		require.NoError(t, err, string(out))
		require.NoError(t, json.Unmarshal(out, &answer), string(out))
		return answer
	}
	assert.Contains(t, curl("/api/v1/security/test-event", "wrong").Error, "found no valid bearer token")
	assert.Empty(t, c.lines(t))

	got := curl("/api/v1/security/test-event?wait=1s", "admin-secret")
	assert.Equal(t, "auth.failure", got.EventType)
	require.Len(t, got.Pipelines, 2, "%+v", got)
	assert.Equal(t, "logs/file delivered", got.Pipelines[0].Pipeline+" "+got.Pipelines[0].Status)
	assert.Equal(t, "logs/sink pending", got.Pipelines[1].Pipeline+" "+got.Pipelines[1].Status)
	assert.Contains(t, got.Pipelines[1].Error, "503")

	sink.down.Store(false)
	lines := c.lines(t)
	require.Len(t, lines, 1)
	assert.Contains(t, lines[0], `"compliance":{"soc2_cc":["CC4","CC6"],"iso27001":["A.9.4","A.12.4"]},"test":true}`)
	assert.NotContains(t, c.log.String(), "admin-secret")
	record := sink.last()
	test, _ := record.Attributes().Get("mockforge.test")
	assert.True(t, test.Bool())
	id, _ := record.Attributes().Get("log.record.uid")
	assert.Equal(t, got.EventID, id.Str())
}

// TestTestEventThatIsFiltered says so.
func TestTestEventThatIsFiltered(t *testing.T) {
	c := start(t, options{configs: []string{"yaml:processors: {siem_filter: {exclude: ['severity:low']}}"}})
	resp, err := http.Post("http://"+c.endpoint+"/api/v1/security/test-event?wait=100ms", "application/json", strings.NewReader(`{"event_type":"auth.success"}`))
	require.NoError(t, err)
	defer resp.Body.Close()
	var answer struct{ Note string }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	assert.Contains(t, answer.Note, "a filter dropped it")
	assert.Zero(t, c.cursors(t).End)
}
