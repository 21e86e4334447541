// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// azureCase is one of the two examples, with a server for it.
type azureCase struct {
	example, pipeline, exporter string
	section                     string
	server                      *siemtest.Azure
	env, wrong                  []string
	// why is what a wrong secret shows, status the answer that it is held by.
	why    string
	status int
	secret string
}

func azureCases(t *testing.T) []azureCase {
	t.Helper()
	app := siemtest.AzureApp{TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "22222222-2222-2222-2222-222222222222", Secret: "s3cr3t-of-the-app"}
	_, rule := siemtest.DocumentedAzure(t)
	ingestion := siemtest.NewAzureLogsIngestion(t, app, rule)
	workspace := siemtest.AzureWorkspace{ID: "00000000-0000-0000-0000-000000000001", Key: "bW9ja2ZvcmdlLXdvcmtzcGFjZS1rZXk=", LogType: "MockForgeSecurity"}
	collector := siemtest.NewAzureDataCollector(t, workspace)
	ingestionEnv := []string{"AZURE_LOGS_ENDPOINT=" + ingestion.URL, "AZURE_RULE_ID=" + rule.ID, "AZURE_TENANT_ID=" + app.TenantID, "AZURE_CLIENT_ID=" + app.ClientID}
	collectorEnv := []string{"AZURE_WORKSPACE_ID=" + workspace.ID}
	return []azureCase{
		{
			example: "azure-monitor", pipeline: "logs/azure", exporter: "azure_monitor", section: "logs_ingestion", server: ingestion,
			env:   append(ingestionEnv, "AZURE_CLIENT_SECRET="+app.Secret),
			wrong: append(ingestionEnv[:4:4], "AZURE_CLIENT_SECRET=wr0ng-secret"),
			why:   "AADSTS7000215", status: http.StatusUnauthorized, secret: "wr0ng-secret",
		},
		{
			example: "azure-data-collector", pipeline: "logs/azure_data_collector", exporter: "azure_monitor/data_collector", section: "data_collector", server: collector,
			env:   append(collectorEnv, "AZURE_SHARED_KEY="+workspace.Key),
			wrong: append(collectorEnv[:1:1], "AZURE_SHARED_KEY=d3Jvbmcta2V5LW9mLXRoZS13b3Jrc3BhY2U="),
			why:   "InvalidAuthorization", status: http.StatusForbidden, secret: "d3Jvbmcta2V5",
		},
	}
}

// options start the example as it is, but for where the server is.
func (a azureCase) options(t *testing.T, dir string, env []string) options {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server.yaml")
	authority := ""
	if a.section == "logs_ingestion" {
		authority = "authority_host: " + a.server.URL + ", "
	}
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
connectors:
  siem_journal: {hold_interval: 50ms, retry: {initial_interval: 20ms, max_interval: 50ms}}
exporters:
  %s: {%s: {endpoint: %q, %stls: {ca_file: %q}}}
`, a.exporter, a.section, a.server.URL, authority, a.server.CAFile), 0o600))
	return options{dir: dir, configs: []string{"../../examples/" + a.example + ".yaml", path}, env: env}
}

func (a azureCase) cursor(t *testing.T, c *collector) cursor {
	t.Helper()
	for _, cur := range c.cursors(t).Cursors {
		if cur.Destination == a.pipeline {
			return cur
		}
	}
	t.Fatalf("no cursor for %s", a.pipeline)
	return cursor{}
}

// azureEvents are 200 events of all types, as MockForge writes them.
func azureEvents() []string {
	types := event.Catalogue()
	all := make([]string, 200)
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i := range all {
		typ := types[i%len(types)]
		all[i] = fmt.Sprintf(`{"timestamp":%q,"event_type":%q,"severity":%q,"source":{"system":"mockforge","component":"core","version":"0.3.213"},"actor":{"user_id":"u-%d","username":"é \"x\"","ip_address":"192.168.1.100"},"target":null,"outcome":{"success":false,"reason":null},"metadata":{"n":%d,"big":9007199254740993},"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.2"]},"event_id":"e-%d"}`,
			now.Add(time.Duration(i)*time.Millisecond).Format(time.RFC3339Nano), typ.Name, typ.Severity, i, i, i)
	}
	return all
}

// TestAzure runs both examples: first answered with 503 and Retry-After, all
// events arrive once, in order and whole; one that is too large becomes a dead
// letter, alone.
func TestAzure(t *testing.T) {
	for _, a := range azureCases(t) {
		t.Run(a.example, func(t *testing.T) {
			a.server.AnswerFirst(siemtest.AzureAnswer{Status: http.StatusServiceUnavailable, RetryAfter: time.Second})
			dir := t.TempDir()
			c := start(t, a.options(t, dir, a.env))
			sent := azureEvents()
			long := `{"event_type":"auth.failure","source":{"system":"mockforge","component":"core","version":"0.3.213"},"metadata":{"n":-1,"x":"` + strings.Repeat("x", 100_000) + `"}}`
			posted := append(append(append([]string{}, sent[:100]...), long), sent[100:]...)
			began := time.Now()
			status, answer := c.post(strings.Join(posted, "\n"))
			require.Equal(t, http.StatusOK, status, answer)
			kept := c.lines(t) // settles
			require.Len(t, kept, 201)
			assert.Greater(t, time.Since(began), time.Second, "Retry-After")

			rows := a.server.Rows()
			require.Len(t, rows, 200, "%v", a.server.Answers())
			kept = append(kept[:100], kept[101:]...)
			for i, row := range rows {
				assertAzureRow(t, kept[i], row, i, a.section)
			}
			assert.Equal(t, http.StatusServiceUnavailable, a.server.Answers()[0].Status)
			cur := a.cursor(t, c)
			assert.Equal(t, []uint64{200, 1}, []uint64{cur.Delivered, cur.DeadLettered})
			letter, err := os.ReadFile(filepath.Join(dir, "data", "journal", "dead-letter", strings.ReplaceAll(a.pipeline, "/", "%2F")+".jsonl"))
			require.NoError(t, err)
			assert.Contains(t, string(letter), `metadata: found 100015 bytes`)
			assert.Equal(t, a.section == "data_collector", strings.Contains(c.log.String(), "2026-09-14"))
		})
	}
}

// assertAzureRow compares a row with the event that the file has.
func assertAzureRow(t *testing.T, kept string, row json.RawMessage, i int, section string) {
	t.Helper()
	var got, want map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(row, &got))
	require.NoError(t, json.Unmarshal([]byte(kept), &want))
	uid := fmt.Sprintf(`"e-%d"`, i)
	assert.Equal(t, uid, string(got["RecordUid"]))
	assert.Equal(t, `{"event_id":`+uid+`}`, string(got["AdditionalFields"]))
	assert.Equal(t, section == "logs_ingestion", got["TimeGenerated"] != nil)
	delete(want, "event_id")
	for _, added := range []string{"RecordUid", "AdditionalFields", "TimeGenerated"} {
		delete(got, added)
	}
	assert.Equal(t, want, got)
	assert.Contains(t, string(got["compliance"]), "CC4", "tagged")
	assert.Contains(t, string(got["metadata"]), fmt.Sprintf(`"n":%d,"big":9007199254740993`, i))
}

// TestAzureWrongKey: with a wrong key nothing is lost, the reason is shown, the
// key is not; with the right one everything arrives.
func TestAzureWrongKey(t *testing.T) {
	for _, a := range azureCases(t) {
		t.Run(a.example, func(t *testing.T) {
			dir := t.TempDir()
			c := start(t, a.options(t, dir, a.wrong))
			status, _ := c.post(strings.Join(azureEvents(), "\n"))
			require.Equal(t, http.StatusOK, status)
			held := fmt.Sprintf(`otelcol_connector_siem_journal_held{destination=%q} 1`, a.pipeline)
			require.Eventually(t, func() bool {
				found := c.metric(t, "otelcol_connector_siem_journal_held{destination=\""+a.pipeline)
				return len(found) == 1 && found[0] == held
			}, startTimeout, 20*time.Millisecond, "%s", c.log)
			resp, err := http.Get("http://" + c.control + "/cursors")
			require.NoError(t, err)
			defer resp.Body.Close()
			shown, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			for _, text := range []string{string(shown), c.log.String()} {
				assert.Contains(t, text, fmt.Sprintf("HTTP %d: ", a.status))
				assert.Contains(t, text, a.why)
				assert.NotContains(t, text, a.secret)
			}
			assert.Empty(t, a.server.Rows())
			assert.Equal(t, uint64(200), a.cursor(t, c).Pending)
			c.stop(t)

			c = start(t, a.options(t, dir, a.env))
			c.settle(t)
			assert.Len(t, a.server.Rows(), 200)
			cur := a.cursor(t, c)
			assert.Equal(t, []uint64{200, 0}, []uint64{cur.Delivered, cur.DeadLettered})
		})
	}
}
