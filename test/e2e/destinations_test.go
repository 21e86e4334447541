// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// fastRetry are settings on top of others that make the journal try again soon.
const fastRetry = "yaml:connectors: {siem_journal: {hold_interval: 50ms, retry: {initial_interval: 20ms, max_interval: 100ms}}}"

// destinationEvents returns 200 events as MockForge writes them: all types, all
// severities, recent times in rising order, and text that upsets those who
// escape badly. They carry all their controls, so that they leave as they come;
// metadata.n is their number.
func destinationEvents(t *testing.T) []string {
	t.Helper()
	const count = 200
	types, severities := event.Catalogue(), event.SeverityNames()
	begin := time.Now().UTC().Add(-count * time.Second)
	all := make([]string, count)
	for i := range all {
		typ, severity := types[i%len(types)].Name, severities[i%len(severities)]
		rank, ok := event.ParseSeverity(severity)
		require.True(t, ok)
		controls := make([]string, 2)
		for j, framework := range compliance.Guide() {
			names, _ := framework.Controls(typ, rank)
			text, err := json.Marshal(names)
			require.NoError(t, err)
			controls[j] = string(text)
		}
		actor := `{"user_id":"user-123","username":"Zoë \"root\" O'Neil","ip_address":"192.168.1.100","user_agent":"Mozilla/5.0 <x> & [y]"}`
		if i%5 == 4 {
			actor = "null"
		}
		all[i] = fmt.Sprintf(`{"timestamp":%q,"event_type":%q,"severity":%q,`+
			`"source":{"system":"mockforge","component":"core","version":"0.3.213"},"actor":%s,`+
			`"target":{"resource_type":"api","resource_id":"/api/v1/workspaces?q=%d","method":"GET"},`+
			`"outcome":{"success":%t,"reason":"first line\nsecond\tline \\ 日本 😀 <13>1 - - - - - - {\"a\":1}"},`+
			`"metadata":{"n":%d,"big":9007199254740993,"ratio":0.25,"nested":{"z":[1,"two",null,{"a":false}],"a":{}},"none":null},`+
			`"compliance":{"soc2_cc":%s,"iso27001":%s}}`,
			begin.Add(time.Duration(i)*time.Second+time.Duration(i)*time.Millisecond).Format("2006-01-02T15:04:05.000Z"),
			typ, severity, actor, i, i%2 == 0, i, controls[0], controls[1])
	}
	return all
}

// postEvents posts events, several a request.
func postEvents(t *testing.T, c *collector, events []string) {
	t.Helper()
	const size = 40
	for len(events) > 0 {
		n := min(size, len(events))
		status, answer := c.post(strings.Join(events[:n], "\n"))
		require.Equal(t, http.StatusOK, status, answer)
		events = events[n:]
	}
}

// parse reads JSON without rounding numbers.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%.300s", text)
	require.False(t, d.More(), "one value: %.300s", text)
	return v
}

// numberOf returns metadata.n of an event.
func numberOf(t *testing.T, e map[string]any) string {
	t.Helper()
	metadata, ok := e["metadata"].(map[string]any)
	require.True(t, ok, "%v", e)
	return fmt.Sprint(metadata["n"])
}

// assertEvents compares what a destination has with what was sent, once each,
// whatever the order of events or members.
func assertEvents(t *testing.T, want, got []string) {
	t.Helper()
	byNumber := make(map[string]map[string]any)
	for _, text := range got {
		e := parse(t, text)
		n := numberOf(t, e)
		assert.NotContains(t, byNumber, n, "twice")
		byNumber[n] = e
	}
	for _, text := range want {
		e := parse(t, text)
		if !assert.Equal(t, e, byNumber[numberOf(t, e)]) {
			return // the others differ likewise
		}
	}
	assert.Len(t, got, len(want))
}

// cursor returns that of one destination.
func (c *collector) cursor(t *testing.T, destination string) cursor {
	t.Helper()
	for _, cur := range c.cursors(t).Cursors {
		if cur.Destination == destination {
			return cur
		}
	}
	t.Fatalf("no destination %s", destination)
	return cursor{}
}

// delivered waits until a destination has everything, and holds that nothing
// was put aside.
func (c *collector) delivered(t *testing.T, destination string, count int) {
	t.Helper()
	if !assert.Eventually(t, func() bool { return c.cursor(t, destination).Pending == 0 }, startTimeout, 10*time.Millisecond) {
		t.FailNow()
	}
	cur := c.cursor(t, destination)
	require.Equal(t, []uint64{uint64(count), 0}, []uint64{cur.Delivered, cur.DeadLettered})
}

// seek sets the cursor of a destination.
func (c *collector) seek(t *testing.T, destination string, position uint64) {
	t.Helper()
	resp, err := http.Post("http://"+c.control+"/cursors?destination="+destination, "application/json", strings.NewReader(fmt.Sprintf(`{"position":%d}`, position)))
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(answer))
}
