// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

const (
	dashboard = "../../deploy/grafana/otelcol-mockforge.json"
	rules     = "../../deploy/prometheus/rules.yaml"
)

// healthAnswer is what siem_health says.
type healthAnswer struct {
	Status       string
	Destinations []struct {
		Status string
		health.Destination
		Unaccounted int64
	}
	Intakes []struct {
		health.Intake
		Unaccounted int64
	}
}

// siemHealth asks for it, and returns the status code and the answer.
func (c *collector) siemHealth(t *testing.T) (code int, answer healthAnswer) {
	t.Helper()
	resp, err := http.Get("http://" + c.siem + "/api/v1/siem/health")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return resp.StatusCode, answer
}

// waitSIEM waits until siem_health says so of the whole.
func (c *collector) waitSIEM(t *testing.T, code int, status string) (answer healthAnswer) {
	t.Helper()
	require.Eventually(t, func() bool {
		var got int
		got, answer = c.siemHealth(t)
		return got == code && answer.Status == status
	}, startTimeout, 20*time.Millisecond, "%+v", answer)
	return answer
}

func (c *collector) page(t *testing.T) string {
	t.Helper()
	resp, err := http.Get("http://" + c.siem)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// TestSIEMHealth: a destination is well, goes down and comes back, and the JSON,
// the page and the metrics say so. The books balance at each step.
func TestSIEMHealth(t *testing.T) {
	s := newSink(t)
	c := start(t, options{configs: []string{
		s.config(t),
		"yaml:extensions: {siem_health: {unhealthy_after: 1s}}",
		`yaml:processors: {siem_filter: {exclude: ["severity:low"]}}`,
	}})
	post := func(severity string) {
		status, answer := c.post(fmt.Sprintf(`{"event_type":"auth.failure","severity":%q,"n":1}`, severity))
		require.Equal(t, http.StatusOK, status, answer)
	}
	post("high")
	post("low")
	c.settle(t)
	answer := c.waitSIEM(t, http.StatusOK, "ok")
	require.Len(t, answer.Destinations, 2)
	for i, name := range []string{"logs/file", "logs/sink"} {
		d := answer.Destinations[i]
		assert.Equal(t, name, d.Pipeline)
		assert.Equal(t, health.Books{Received: 1, Delivered: 1}, d.Books)
		assert.NotNil(t, d.LastSuccess)
	}
	require.NotEmpty(t, answer.Intakes)
	in := answer.Intakes[0]
	assert.Equal(t, "http", in.Protocol)
	assert.Equal(t, []uint64{2, 1, 1}, []uint64{in.Accepted, in.Journaled, in.Dropped["siem_filter: exclude: severity:low"]})
	assert.Zero(t, in.Unaccounted)
	c.hasMetrics(t, dashboard, rules)

	s.down.Store(true)
	post("high")
	answer = c.waitSIEM(t, http.StatusServiceUnavailable, "down")
	sink := answer.Destinations[1]
	assert.Equal(t, []string{"ok", "down"}, []string{answer.Destinations[0].Status, sink.Status})
	assert.Equal(t, health.Books{Received: 2, Delivered: 1, Queued: 1}, sink.Books)
	assert.Zero(t, sink.Unaccounted)
	assert.Contains(t, sink.LastError, "503")
	assert.Positive(t, sink.Failed)
	assert.Contains(t, c.page(t), "1 of 2 destinations down.")
	const down = "otelcol_extension_siem_health_destination_down{"
	assert.Regexp(t, `destination="logs/sink".*} 1$`, strings.Join(c.metric(t, down), "\n"))

	s.down.Store(false)
	answer = c.waitSIEM(t, http.StatusOK, "ok")
	sink = answer.Destinations[1]
	assert.Equal(t, health.Books{Received: 2, Delivered: 2}, sink.Books)
	assert.Nil(t, sink.FailingSince)
	assert.Positive(t, sink.Retried)
	assert.Contains(t, c.page(t), "All 2 destinations take events.")
}

// TestSIEMHealthOfOneThatHangs: an exporter that gets no answer reports no error.
func TestSIEMHealthOfOneThatHangs(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the end of the connection is seen
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hanging.Close()
	defer close(release)
	s := newSink(t)
	c := start(t, options{configs: []string{
		s.config(t),
		"yaml:extensions: {siem_health: {unhealthy_after: 2s}}",
		"yaml:exporters: {otlp_http/sink: {timeout: 10m, endpoint: '" + hanging.URL + "'}}",
	}})
	status, text := c.post(events(1)[0])
	require.Equal(t, http.StatusOK, status, text)
	answer := c.waitSIEM(t, http.StatusServiceUnavailable, "down")
	d := answer.Destinations[1]
	assert.Equal(t, []string{"logs/sink", "down", "", ""}, []string{d.Pipeline, d.Status, d.State, d.LastError})
	assert.Nil(t, d.FailingSince)
	assert.Equal(t, "ok", answer.Destinations[0].Status)
}

// hasMetrics asks the collector for every metric that the files name.
func (c *collector) hasMetrics(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile(`\botelcol_\w+`).FindAllString(string(text), -1) {
			assert.NotEmpty(t, append(c.metric(t, name+"{"), c.metric(t, name+" ")...), "%s: %s", file, name)
		}
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), installed(t, "promtool"), args...)
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "SUCCESS")
}

func TestPrometheusRules(t *testing.T) {
	promtool(t, "check", "config", "../../deploy/prometheus/prometheus.yml")
	promtool(t, "check", "rules", rules)
	promtool(t, "test", "rules", "../../deploy/prometheus/rules_test.yaml")
}

// TestDashboardQueries: Prometheus parses each query of the dashboard, as a rule
// that records it.
func TestDashboardQueries(t *testing.T) {
	text, err := os.ReadFile(dashboard)
	require.NoError(t, err)
	var d struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(text, &d))
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	var all []rule
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			expr := strings.NewReplacer("$instance", ".*", "$__rate_interval", "1m").Replace(target.Expr)
			all = append(all, rule{fmt.Sprintf("panel:query:%d", len(all)), expr})
		}
	}
	require.NotEmpty(t, all)
	data, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": all}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "rules.yaml") // JSON is YAML
	require.NoError(t, os.WriteFile(file, data, 0o600))
	promtool(t, "check", "rules", file)
}
