// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// TestGuideFilter runs the guide's filter over all types at two severities.
func TestGuideFilter(t *testing.T) {
	c := start(t, options{
		configs: []string{"../../examples/filter.yaml"},
		env:     []string{"MOCKFORGE_ENVIRONMENT=production", "MOCKFORGE_LOG_LEVEL=debug"},
	})
	included := []event.Category{event.CategoryAuthentication, event.CategoryAuthorization, event.CategorySecurity}
	var want []string
	for _, typ := range event.Catalogue() {
		for _, severity := range []string{"low", "high"} {
			status, answer := c.post(`{"event_type":"` + typ.Name + `","severity":"` + severity + `"}`)
			require.Equal(t, http.StatusOK, status, answer)
			if severity == "high" && slices.Contains(included, typ.Category) {
				want = append(want, typ.Name)
			}
		}
	}
	// Its own environment wins over the configured one.
	status, _ := c.post(`{"event_type":"auth.failure","severity":"high","metadata":{"environment":"staging"}}`)
	require.Equal(t, http.StatusOK, status)

	lines := c.lines(t)
	require.Len(t, lines, len(want))
	for i, line := range lines {
		assert.Contains(t, line, `"event_type":"`+want[i]+`"`)
	}
	assert.ElementsMatch(t, []string{
		`otelcol_processor_siem_filter_dropped{rule="include"} 38`,
		`otelcol_processor_siem_filter_dropped{rule="exclude: severity:low"} 18`,
		`otelcol_processor_siem_filter_dropped{rule="conditions: environment == 'production'"} 1`,
	}, c.metric(t, "otelcol_processor_siem_filter_dropped"))
	assert.Contains(t, c.log.String(), `"rule": "exclude: severity:low", "event_type": "auth.failure"`)
}

// exampleEnv are the variables that examples and documents cannot do without.
var exampleEnv = []string{
	"MOCKFORGE_INGEST_TOKEN=secret", "ADMIN_TOKEN=secret", "SPLUNK_TOKEN=secret", "KAFKA_PASSWORD=secret",
	"SIEM_URL=https://siem.example.com/api/v1/events", "SIEM_API_KEY=secret", "SIEM_SIGNING_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"DATADOG_API_KEY=secret",
	"AZURE_LOGS_ENDPOINT=https://a.ingest.monitor.azure.com", "AZURE_RULE_ID=dcr-0",
	"AZURE_TENANT_ID=t", "AZURE_CLIENT_ID=c", "AZURE_CLIENT_SECRET=s", "AZURE_WORKSPACE_ID=w", "AZURE_SHARED_KEY=a2V5",
	"GCP_PROJECT_ID=mockforge-prod", "GCP_CREDENTIALS_PATH=/path/to/service-account.json",
	"MOCKFORGE_ARCHIVE_KEY=/etc/mockforge/archive.pem",
	"SLACK_WEBHOOK_URL=https://hooks.slack.com/services/x", "PAGERDUTY_ROUTING_KEY=secret", "BLOCK_USER_URL=https://mockforge.example.com/block",
}

func TestExamples(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	for _, example := range append(examples, defaultConfig) {
		t.Run(filepath.Base(example), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), binary, "validate", "--config", defaultConfig, "--config", example)
			cmd.Env = append(os.Environ(), exampleEnv...)
			out, err := cmd.CombinedOutput()
			assert.NoError(t, err, string(out))
		})
	}
	alerts, err := filepath.Glob("../../examples/alerts/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, alerts)
	args := []string{"validate", "--config", defaultConfig, "--config", "../../examples/alerts.yaml"}
	for _, example := range alerts {
		args = append(args, "--config", example)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), exampleEnv...)
	out, err := cmd.CombinedOutput()
	assert.NoError(t, err, string(out))
}

// TestBearerToken runs the example: without the token nothing is taken.
func TestBearerToken(t *testing.T) {
	c := start(t, options{
		configs: []string{"../../examples/bearer-token.yaml"},
		env:     []string{"MOCKFORGE_INGEST_TOKEN=ingest-secret"},
	})
	body := events(1)[0]
	status, _ := c.post(body)
	assert.Equal(t, http.StatusUnauthorized, status)
	status, _ = c.post(body, "Authorization", "Bearer wrong")
	assert.Equal(t, http.StatusUnauthorized, status)
	assert.Empty(t, c.lines(t))
	status, _ = c.post(body, "Authorization", "Bearer ingest-secret")
	assert.Equal(t, http.StatusOK, status)
	assert.Len(t, c.lines(t), 1)
	assert.NotContains(t, c.log.String(), "ingest-secret")
}

// TestFrameworks runs the example with a table of one's own.
func TestFrameworks(t *testing.T) {
	c := start(t, options{configs: []string{"../../examples/frameworks.yaml"}})
	status, _ := c.post(`{"event_type":"auth.failure","severity":"high"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, []string{`{"event_type":"auth.failure","severity":"high","compliance":{"soc2_cc":["CC4","CC6"],"iso27001":["A.9.4","A.12.4"],"nist_800_53":["AU-2","AU-12","AC-7","IA-2"]}}`}, c.lines(t))
}

// TestBadSettings: a mistake ends the start with its key and what is allowed.
func TestBadSettings(t *testing.T) {
	for name, tt := range map[string]struct{ config, want string }{
		"mode":      {"processors: {compliance_tag: {mode: add}}", `processors::compliance_tag: mode: found "add", expected merge, fill or replace`},
		"severity":  {"processors: {siem_filter: {exclude: ['severity:lo']}}", `processors::siem_filter: exclude[0]: "severity:lo": column 10: found "lo", expected a severity: low, medium, high, critical or unknown; did you mean "low"?`},
		"condition": {"processors: {siem_filter: {conditions: ['environment ==']}}", `conditions[0]: "environment ==": column 15: found the end, expected a value`},
		"path":      {"receivers: {mockforge: {protocols: {http: {path: events}}}}", `receivers::mockforge::protocols::http: path: found "events", expected a plain path that begins with "/"`},
		"limit":     {"receivers: {mockforge: {max_event_size: 0}}", "max_event_size: found 0, expected 1 to 2147483647 bytes"},
		"token":     {"receivers: {mockforge: {protocols: {splunk_hec: {endpoint: '0.0.0.0:8088'}}}}", "receivers::mockforge::protocols::splunk_hec: tokens: found none, expected at least one, as the endpoint is not on a loopback address"},
		"burst":     {"receivers: {mockforge: {protocols: {http: {rate_limit: {burst: 0}}}}}", "receivers::mockforge::protocols::http: rate_limit::burst: found 0, expected at least 1"},
		"unknown":   {"receivers: {mockforge: {protocols: {htpp: {}}}}", "htpp"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), binary, "--config", defaultConfig, "--config", "yaml:"+tt.config)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, string(out))
			// The collector wraps errors by the path of their keys over lines.
			assert.Contains(t, strings.ReplaceAll(string(out), "\n", " "), tt.want)
		})
	}
}
