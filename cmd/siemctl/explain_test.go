// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const explained = "testdata/collector.yaml"

// explainIn runs siemctl explain on events.
func explainIn(t *testing.T, events string, args ...string) (stdout string, err error) {
	t.Helper()
	cmd := newCommand(func(string) (string, bool) { return "", false })
	var out bytes.Buffer
	cmd.SetIn(strings.NewReader(events))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"explain"}, args...))
	err = cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestExplain(t *testing.T) {
	events, err := os.ReadFile("testdata/events.ndjson")
	require.NoError(t, err)
	got, err := explainIn(t, string(events), "--config", explained, "--all")
	require.NoError(t, err)
	golden(t, "explain.txt", got)
	got, err = explainIn(t, string(events), "--config", explained, "--format", "json")
	require.NoError(t, err)
	golden(t, "explain.json", got)
}

func TestExplainMockForgeSettings(t *testing.T) {
	t.Setenv("MOCKFORGE_ENVIRONMENT", "production")
	got, err := explainIn(t, `{"event_type":"auth.failure","severity":"high","timestamp":"2025-01-27T10:30:00Z"}
		{"event_type":"auth.failure","severity":"info","timestamp":"2025-01-27T10:30:00Z"}`, "--config", "mockforge:testdata/mockforge.yaml")
	require.NoError(t, err)
	golden(t, "explain-mockforge.txt", got)
}

// TestExplainChance: what nothing about an event decides is not told for certain.
func TestExplainChance(t *testing.T) {
	const sampling = `processors.siem_filter.sampling=[{match: "auth.*", percentage: 0.001, by: user_id}]`
	verdictOf := func(event string, sets ...string) step {
		args := []string{"--config", explained, "--format", "json", "--set", "processors.siem_filter.include=[]"}
		for _, set := range sets {
			args = append(args, "--set", set)
		}
		got, err := explainIn(t, event, args...)
		require.NoError(t, err)
		var x explanation
		require.NoError(t, json.Unmarshal([]byte(got), &x), got)
		s := x.Pipelines[0].Steps[2]
		for _, d := range x.Destinations {
			assert.Equal(t, s.Verdict == verdictKept && d.Exporter == "jsonl_file", d.Certain)
		}
		return s
	}
	assert.Equal(t, verdictMay, verdictOf(`{"event_type":"auth.failure","severity":"medium"}`, sampling).Verdict, "the id is made at arrival")
	s := verdictOf(`{"event_type":"auth.failure","severity":"medium","event_id":"1"}`, sampling)
	assert.Equal(t, verdictDropped, s.Verdict, "the id is the event's")
	assert.Equal(t, "sampling: auth.*", s.Rule)
	assert.Equal(t, verdictDropped, verdictOf(`{"event_type":"auth.failure","severity":"medium","actor":{"user_id":"u"}}`, sampling).Verdict)
	assert.Equal(t, verdictKept, verdictOf(`{"event_type":"auth.failure","severity":"critical"}`, sampling).Verdict, "keep")
	assert.Equal(t, verdictMay, verdictOf(`{"event_type":"auth.failure","severity":"medium"}`, "processors.siem_filter.rate_limit={events_per_second: 1}").Verdict)
	assert.Equal(t, verdictKept, verdictOf(`{"event_type":"auth.failure","severity":"medium"}`).Verdict)
}

func TestExplainErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		events string
		args   []string
		want   string
	}{
		"no configuration": {"{}", nil, "--config: found nothing"},
		"no file":          {"{}", []string{"--config", "testdata/nowhere.yaml"}, "testdata/nowhere.yaml"},
		"no set":           {"{}", []string{"--config", explained, "--set", "x"}, `--set: found "x", expected KEY=VALUE`},
		"no receiver":      {"{}", []string{"--config", explained, "--receiver", "otlp"}, `--receiver: found "otlp", expected one of [mockforge]`},
		"no events":        {"", []string{"--config", explained}, "standard input: found nothing"},
		"no JSON":          {`{"event_type":"auth.failure"} x`, []string{"--config", explained}, "event 2: invalid character 'x'"},
		"a mistake":        {"{}", []string{"--config", explained, "--set", "processors.siem_filter.include=['a b']"}, `processors::siem_filter: include[0]: "a b": column 3`},
		"a missing part":   {"{}", []string{"--config", explained, "--set", "service.pipelines.logs.processors=[siem_filter/x]"}, "processors::siem_filter/x: found nothing"},
		"another format":   {"{}", []string{"--config", explained, "--format", "xml"}, `--format: found "xml", expected text or json`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := explainIn(t, tt.events, tt.args...)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}
