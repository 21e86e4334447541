// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/eventgen"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// siemctl runs the real program with the collector's environment.
func siemctl(t *testing.T, c *collector, in string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.Command(siemctlBinary, args...)
	cmd.Env = c.cmd.Env
	cmd.Stdin = strings.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func (c *collector) url() string { return "http://" + c.endpoint + "/api/v1/events" }

func idsOf(t *testing.T, lines []string) map[string]int {
	t.Helper()
	ids := make(map[string]int)
	for _, line := range lines {
		var e struct {
			EventID string `json:"event_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		ids[e.EventID]++
	}
	return ids
}

// TestSiemctlSend: a thousand events are in the file, and come again from it.
func TestSiemctlSend(t *testing.T) {
	c := start(t, options{})
	stdout, stderr, err := siemctl(t, c, "", "send", "--url", c.url(), "-n", "1000", "--seed", "1")
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "sent 1000 events in 10 requests: 1000 accepted, 0 refused")
	lines := c.lines(t)
	require.Len(t, lines, 1000)
	assert.Len(t, idsOf(t, lines), 1000)

	archive := filepath.Join(t.TempDir(), "archive.jsonl")
	require.NoError(t, os.Rename(c.file, archive))
	other := start(t, options{})
	_, stderr, err = siemctl(t, other, "", "replay", "--url", other.url(), archive)
	require.NoError(t, err, stderr)
	assert.Equal(t, lines, other.lines(t), "tagged already, so they come out as they are")
}

// TestSiemctlReplayDeadLetters buries events at a destination that refuses them, and
// brings them again when it takes them.
func TestSiemctlReplayDeadLetters(t *testing.T) {
	var refuses atomic.Bool
	refuses.Store(true)
	arrived := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || refuses.Load() {
			http.Error(w, "not today", http.StatusBadRequest)
			return
		}
		arrived <- string(body)
	}))
	t.Cleanup(server.Close)
	config := filepath.Join(t.TempDir(), "webhook.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
exporters:
  webhook:
    endpoint: %s
service:
  pipelines:
    logs/webhook:
      receivers: [siem_journal]
      exporters: [webhook]
`, server.URL), 0o600))
	dir := t.TempDir()
	c := start(t, options{dir: dir, configs: []string{config}})
	_, stderr, err := siemctl(t, c, "", "send", "--url", c.url(), "-n", "5", "--seed", "1")
	require.NoError(t, err, stderr)
	before := idsOf(t, c.lines(t))
	letters := filepath.Join(dir, "data", "journal", "dead-letter", "logs%2Fwebhook.jsonl")
	require.FileExists(t, letters)

	refuses.Store(false)
	stdout, stderr, err := siemctl(t, c, "", "replay", "--url", c.url(), letters)
	require.NoError(t, err, stderr)
	assert.Contains(t, stdout, "sent 5 events in 1 requests: 5 accepted, 0 refused")
	c.settle(t)
	close(arrived)
	var lines []string
	for body := range arrived {
		lines = append(lines, body)
	}
	assert.Equal(t, before, idsOf(t, lines), "they arrive where they were refused")
	for id, n := range idsOf(t, c.lines(t)) {
		assert.Equal(t, 2, n, "every destination gets them again: %s", id)
	}
}

// TestSiemctlExplainAgrees compares what siemctl explain says of events with what the
// collector does with them: which arrive, with which controls, and which alerts
// fire.
func TestSiemctlExplainAgrees(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "explained.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
processors:
  compliance_tag:
    frameworks:
      nist_800_53:
        name: NIST-800-53
        mappings:
          - {controls: [AU-2]}
          - {controls: [AC-7], events: ["auth.*"], severities: [medium, high]}
  siem_filter:
    include: ["auth.*", "data.*", "access.*", "severity >= 'high'", "soc2_cc == 'CC7'"]
    exclude: ["severity:low", "auth.mfa_*", "event_type == 'auth.failure' AND attempt_count < 4"]
    conditions:
      - environment in [production, staging]
      - NOT (ip_address =~ '10.20.0.*' AND username =~ /^a/)
    sampling:
      - {match: "data.*", percentage: 50, by: user_id}
      - {match: "access.*", percentage: 50}
connectors:
  siem_alert:
    rules:
      - {name: rotation, condition: {event_type: "access.api_token_*", severity: high}, severity: low}
      - {name: export, condition: "event_type == 'data.exported' AND record_count > 20000", severity: high}
      - {name: first, condition: "event_type == 'auth.failure' AND count >= 1 in 1m by user_id", severity: high, suppress_for: 0s}
exporters:
  jsonl_file/alerts:
    path: %s/alerts.jsonl
service:
  pipelines:
    logs/alerts:
      receivers: [siem_journal]
      exporters: [siem_alert]
    logs/alerts_file:
      receivers: [siem_alert]
      exporters: [jsonl_file/alerts]
`, dir), 0o600))
	c := start(t, options{dir: dir, configs: []string{config}})
	events := explainable(t)
	status, answer := c.post(events)
	require.Equal(t, http.StatusOK, status, answer)
	stdout, stderr, err := siemctl(t, c, events, "explain", "--config", defaultConfig, "--config", config, "--format", "json")
	require.NoError(t, err, stderr)

	arrive, alerts := make(map[string]string), make(map[string]int)
	dropped := make(map[string]int)
	for d := json.NewDecoder(strings.NewReader(stdout)); d.More(); {
		var x explained
		require.NoError(t, d.Decode(&x))
		if rule := x.droppedBy(); rule != "" {
			dropped[rule]++
		}
		for _, to := range x.Destinations {
			assert.True(t, to.Certain)
			if to.Exporter == "jsonl_file" {
				arrive[x.Event.ID] = x.added()
			}
		}
		for _, rule := range x.fires() {
			alerts[rule+" "+x.Event.ID]++
		}
	}
	// What the collector did.
	did, carried := make(map[string]string), make(map[string][]string)
	for line := range strings.Lines(events) {
		id, controls := controlsOf(t, line)
		carried[id] = controls
	}
	for _, line := range c.lines(t) {
		id, controls := controlsOf(t, line)
		controls = slices.DeleteFunc(controls, func(control string) bool { return slices.Contains(carried[id], control) })
		did[id] = strings.Join(controls, " ")
	}
	require.NotEmpty(t, did)
	assert.Equal(t, did, arrive)
	assert.Equal(t, c.droppedByRule(t), dropped)
	assert.Len(t, dropped, 8, "each rule drops something: %v", dropped)
	require.NotEmpty(t, alerts)
	assert.Equal(t, firedBy(t, filepath.Join(dir, "alerts.jsonl"), len(alerts)), alerts)
}

// explainable are events of all types in all environments, with an id each.
func explainable(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	g := eventgen.New(eventgen.Options{Seed: 11, Start: siemtest.Arrival})
	for range 37 * 20 {
		text.Write(append(g.Next(), '\n'))
	}
	return text.String()
}

// explained is what the test reads of an explanation.
type explained struct {
	Event     struct{ ID string }
	Pipelines []struct {
		Steps []struct {
			Verdict, Rule string
			Tags          []struct{ List, Control string }
		}
		Outlets []struct {
			Pipelines []struct {
				Outlets []struct {
					Alerts []struct {
						Rule    string
						Matches bool
					}
				}
			}
		}
	}
	Destinations []struct {
		Exporter string
		Certain  bool
	}
}

func (x *explained) droppedBy() string {
	for _, s := range x.Pipelines[0].Steps {
		if s.Verdict == "dropped" {
			return s.Rule
		}
	}
	return ""
}

func (x *explained) added() string {
	var controls []string
	for _, s := range x.Pipelines[0].Steps {
		for _, tag := range s.Tags {
			controls = append(controls, tag.List+":"+tag.Control)
		}
	}
	return strings.Join(controls, " ")
}

func (x *explained) fires() (rules []string) {
	for _, o := range x.Pipelines[0].Outlets {
		for _, p := range o.Pipelines {
			for _, o := range p.Outlets {
				for _, a := range o.Alerts {
					if a.Matches {
						rules = append(rules, a.Rule)
					}
				}
			}
		}
	}
	return rules
}

// controlsOf returns an event's id and its controls.
func controlsOf(t *testing.T, line string) (id string, controls []string) {
	t.Helper()
	var e struct {
		EventID    string `json:"event_id"`
		Compliance map[string][]string
	}
	require.NoError(t, json.Unmarshal([]byte(line), &e))
	for _, list := range []string{"soc2_cc", "iso27001", "nist_800_53"} {
		for _, control := range e.Compliance[list] {
			controls = append(controls, list+":"+control)
		}
	}
	return e.EventID, controls
}

var droppedLine = regexp.MustCompile(`rule="(.*)"\} (\d+)$`)

// droppedByRule reads the collector's metric.
func (c *collector) droppedByRule(t *testing.T) map[string]int {
	t.Helper()
	dropped := make(map[string]int)
	for _, line := range c.metric(t, "otelcol_processor_siem_filter_dropped{") {
		m := droppedLine.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		n, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		dropped[m[1]] = n
	}
	return dropped
}

// firedBy waits for a number of alerts, and returns their rules with the events that
// fired them.
func firedBy(t *testing.T, path string, n int) map[string]int {
	t.Helper()
	assert.Eventually(t, func() bool {
		data, err := os.ReadFile(path)
		return err == nil && bytes.Count(data, []byte{'\n'}) >= n
	}, startTimeout, 20*time.Millisecond)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	by := make(map[string]int)
	for line := range strings.Lines(string(data)) {
		var a struct {
			Metadata struct{ Alert string }
			Trigger  struct {
				EventID string `json:"event_id"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		by[a.Metadata.Alert+" "+a.Trigger.EventID]++
	}
	return by
}
