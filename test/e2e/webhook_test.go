// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const (
	httpEvents   = 200
	poison       = 57
	siemToken    = "siem-token-e2e"
	datadogToken = "datadog-key-e2e"
)

var signingKey = []byte("e2e-signing-key-of-32-bytes-long")

// TestHTTPDestinations runs the three examples at once: each has its trouble,
// none delays another, and every event arrives exactly once and whole.
func TestHTTPDestinations(t *testing.T) {
	webhook := siemtest.NewWebhook(t, siemtest.WebhookOptions{Token: siemToken, Key: signingKey})
	webhook.Script(func(_ int, events []json.RawMessage) *siemtest.Answer {
		if strings.Contains(string(events[0]), fmt.Sprintf(`"n":%d,`, poison)) {
			return &siemtest.Answer{Status: http.StatusUnprocessableEntity, Body: "cannot index this, " + siemToken}
		}
		return nil
	})
	datadog := siemtest.NewDatadog(t, datadogToken)
	datadog.Script(func(n int, _ []json.RawMessage) *siemtest.Answer {
		if n <= 2 {
			return &siemtest.Answer{Status: http.StatusServiceUnavailable, RetryAfter: "1"}
		}
		return nil
	})
	google := siemtest.NewGoogle(t, "mockforge-prod", "security-events")
	google.FailTokens(2, http.StatusUnauthorized)

	c := start(t, options{
		configs: []string{
			"../../examples/webhook.yaml", "../../examples/datadog.yaml", "../../examples/google-cloud-logging.yaml",
			httpOverrides(t, datadog.URL, google.URL),
		},
		env: []string{
			"SIEM_URL=" + webhook.URL, "SIEM_API_KEY=" + siemToken,
			"SIEM_SIGNING_SECRET=whsec_" + base64.StdEncoding.EncodeToString(signingKey),
			"DATADOG_API_KEY=" + datadogToken,
			"GCP_PROJECT_ID=mockforge-prod", "GCP_CREDENTIALS_PATH=" + google.CredentialsPath,
			"MOCKFORGE_LOG_LEVEL=debug",
		},
	})
	began := time.Now()
	status, answer := c.post(strings.Join(httpInput(), "\n"))
	require.Equal(t, http.StatusOK, status, answer)
	want := c.lines(t) // settles
	require.Len(t, want, httpEvents)

	assert.Equal(t, slices.Delete(slices.Clone(want), poison, poison+1), texts(webhook.Events()), "each once, in order, without the poisonous one")
	assertDatadog(t, datadog.Events(), want)
	assertGoogle(t, google.Events(), want)
	assert.Empty(t, webhook.Refusals())
	assert.Empty(t, datadog.Refusals())
	assert.Empty(t, google.Refusals())
	assert.GreaterOrEqual(t, time.Since(began), 2*time.Second, "Retry-After, twice")

	assertHTTPCursors(t, c)
	assert.Len(t, c.metric(t, `otelcol_connector_siem_journal_attempts{destination="logs/datadog",outcome="retry"}`), 1)
	assert.Len(t, c.metric(t, `otelcol_connector_siem_journal_attempts{destination="logs/google_cloud",outcome="held"}`), 1)
	letter, err := os.ReadFile(filepath.Join(filepath.Dir(c.file), "journal", "dead-letter", "logs%2Fsiem.jsonl"))
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(string(letter), "\n"))
	assert.Contains(t, string(letter), `"reason":"HTTP 422: cannot index this, [REDACTED]","status":422,`)
	for _, secret := range []string{siemToken, datadogToken, string(signingKey), "ya29.", "PRIVATE KEY", `"n":12,`} {
		assert.NotContains(t, c.log.String(), secret)
	}
}

// httpInput has every type of the catalogue, several times.
func httpInput() []string {
	types := event.Catalogue()
	var in []string
	for n := range httpEvents {
		typ := types[n%len(types)]
		in = append(in, fmt.Sprintf(
			`{"timestamp":%q,"event_type":%q,"severity":%q,"source":{"system":"mockforge","component":"core","version":"0.3.213"},"actor":{"user_id":"user-%[4]d","username":"admin","ip_address":"192.168.1.100","user_agent":null},"target":null,"outcome":{"success":false,"reason":"reason %[4]d"},"metadata":{"n":%[4]d,"text":"<é>\n","f":1.5},"compliance":{"soc2_cc":["CC6"],"iso27001":[]}}`,
			time.Now().UTC().Format(time.RFC3339Nano), typ.Name, typ.Severity, n))
	}
	return in
}

// httpOverrides points the examples at the servers of a test, signs, and tries
// again sooner.
func httpOverrides(t *testing.T, datadog, google string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "overrides.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
connectors:
  siem_journal: {hold_interval: 50ms, retry: {initial_interval: 20ms, max_interval: 50ms}}
exporters:
  webhook/siem: {signing: {secret: "${env:SIEM_SIGNING_SECRET}"}}
  webhook/datadog: {endpoint: %q}
  webhook/google_cloud: {endpoint: %q}
`, datadog, google), 0o600))
	return path
}

func texts(events []json.RawMessage) []string {
	all := make([]string, 0, len(events))
	for _, e := range events {
		all = append(all, string(e))
	}
	return all
}

// assertDatadog compares entries with the file's lines.
func assertDatadog(t *testing.T, got []json.RawMessage, want []string) {
	t.Helper()
	require.Len(t, got, len(want))
	statuses := map[event.Severity]string{event.SeverityLow: "info", event.SeverityMedium: "warn", event.SeverityHigh: "error", event.SeverityCritical: "critical"}
	for n, entry := range got {
		typ := event.Catalogue()[n%37]
		prefix, members, found := strings.Cut(string(entry), `,"timestamp"`)
		require.True(t, found, "%s", entry)
		assert.Equal(t, want[n], `{"timestamp"`+members)
		var e struct{ DDSource, DDTags, Service, Status, Message, Hostname string }
		require.NoError(t, json.Unmarshal([]byte(prefix+"}"), &e))
		assert.NotEmpty(t, e.Hostname)
		assert.Equal(t, []string{"mockforge", "service:mockforge,env:production", "mockforge", statuses[typ.Severity], fmt.Sprintf("%s: reason %d", typ.Name, n)},
			[]string{e.DDSource, e.DDTags, e.Service, e.Status, e.Message})
	}
}

// assertGoogle compares entries with the file's lines.
func assertGoogle(t *testing.T, got []json.RawMessage, want []string) {
	t.Helper()
	require.Len(t, got, len(want))
	severities := map[event.Severity]string{event.SeverityLow: "INFO", event.SeverityMedium: "WARNING", event.SeverityHigh: "ERROR", event.SeverityCritical: "CRITICAL"}
	for n, data := range got {
		typ := event.Catalogue()[n%37]
		var e siemtest.LogEntry
		require.NoError(t, json.Unmarshal(data, &e))
		payload, err := json.Marshal(e.JSONPayload)
		require.NoError(t, err)
		assert.JSONEq(t, want[n], string(payload))
		assert.Equal(t, []string{severities[typ.Severity], typ.Name}, []string{e.Severity, e.Labels["event_type"]})
	}
}

// assertHTTPCursors: the books balance at each destination.
func assertHTTPCursors(t *testing.T, c *collector) {
	t.Helper()
	seen := 0
	for _, cur := range c.cursors(t).Cursors {
		seen++
		dead := uint64(0)
		if cur.Destination == "logs/siem" {
			dead = 1
		}
		assert.Equal(t, []uint64{httpEvents - dead, dead}, []uint64{cur.Delivered, cur.DeadLettered}, cur.Destination)
	}
	assert.Equal(t, 4, seen)
}
