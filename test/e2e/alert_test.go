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

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// alerting is a collector that runs the examples of alerts.
type alerting struct {
	*collector
	alerts  string // the file of alerts
	control string // of the alert connector
}

func startAlerting(t *testing.T, dir string, ports []int, env []string, configs ...string) *alerting {
	t.Helper()
	data := filepath.Join(dir, "data")
	a := &alerting{alerts: filepath.Join(data, "siem-alerts.jsonl"), control: fmt.Sprintf("127.0.0.1:%d", ports[portCount])}
	all := []string{"../../examples/alerts.yaml"}
	for _, c := range configs {
		all = append(all, "../../examples/alerts/"+c+".yaml")
	}
	fast := filepath.Join(t.TempDir(), "fast.yaml")
	require.NoError(t, os.WriteFile(fast, []byte("connectors: {siem_alert: {save_interval: 200ms}}\n"), 0o600))
	a.collector = start(t, options{
		dir: dir, ports: ports[:portCount], configs: append(all, fast),
		env: append(env,
			"MOCKFORGE_ALERTS_FILE="+a.alerts, "MOCKFORGE_ALERTS_JOURNAL="+filepath.Join(data, "journal-alerts"),
			"MOCKFORGE_ALERTS_STATE="+filepath.Join(data, "alerts"), "MOCKFORGE_ALERTS_CONTROL="+a.control,
			"MOCKFORGE_NOTIFY_JOURNAL="+filepath.Join(data, "journal-notify"),
			"MOCKFORGE_PAGE_JOURNAL="+filepath.Join(data, "journal-page"),
			"MOCKFORGE_BLOCK_JOURNAL="+filepath.Join(data, "journal-block")),
	})
	return a
}

// failures posts auth failures, at seconds after noon.
func (a *alerting) failures(t *testing.T, seconds ...int) {
	t.Helper()
	for _, s := range seconds {
		at := time.Date(2025, 1, 27, 12, 0, s, 0, time.UTC).Format(time.RFC3339)
		status, answer := a.post(fmt.Sprintf(`{"timestamp":%q,"event_type":"auth.failure","severity":"medium","event_id":"id-%d","actor":{"user_id":"user-123","username":"<admin>","ip_address":"192.168.1.100"}}`, at, s))
		require.Equal(t, http.StatusOK, status, answer)
	}
}

type fired struct {
	EventType string `json:"event_type"`
	Severity  string
	EventID   string `json:"event_id"`
	Test      bool
	Metadata  struct {
		Alert      string
		Actions    []string
		Count      float64
		Window     string
		Suppressed int
		EventIDs   []string `json:"event_ids"`
	}
	Trigger map[string]any
}

// waitAlerts waits until the file has a number of alerts, and for more.
func (a *alerting) waitAlerts(t *testing.T, n int) (all []fired) {
	t.Helper()
	read := func() []string {
		data, err := os.ReadFile(a.alerts)
		if err != nil || len(data) == 0 {
			return nil
		}
		return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	}
	require.Eventually(t, func() bool { return len(read()) >= n }, startTimeout, 20*time.Millisecond)
	a.settle(t)
	time.Sleep(300 * time.Millisecond)
	for _, line := range read() {
		var f fired
		require.NoError(t, json.Unmarshal([]byte(line), &f), line)
		all = append(all, f)
	}
	require.Len(t, all, n)
	return all
}

// TestAlerts: the guide's three rules. Five failures within five minutes fire
// nothing, the sixth does, once, and reaches a webhook that checks what it gets.
func TestAlerts(t *testing.T) {
	hook := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	blocked := siemtest.NewWebhook(t, siemtest.WebhookOptions{Token: siemToken})
	a := startAlerting(t, t.TempDir(), freePorts(t, portCount+1),
		[]string{"SLACK_WEBHOOK_URL=" + hook.URL, "BLOCK_USER_URL=" + blocked.URL, "ADMIN_TOKEN=" + siemToken},
		"slack", "mockforge-admin")
	assert.Contains(t, a.log.String(), `"actions": ["investigate"]`)

	a.failures(t, 0, 60, 120, 180, 240)
	a.waitAlerts(t, 0)
	a.failures(t, 299)
	got := a.waitAlerts(t, 1)[0]
	assert.Equal(t, "alert.fired", got.EventType)
	assert.Equal(t, "high", got.Severity)
	assert.Equal(t, "Multiple Auth Failures", got.Metadata.Alert)
	assert.Equal(t, []string{"notify_security_team"}, got.Metadata.Actions)
	assert.InDelta(t, 6, got.Metadata.Count, 0)
	assert.Equal(t, []string{"id-0", "id-60", "id-120", "id-180", "id-240", "id-299"}, got.Metadata.EventIDs)
	assert.Equal(t, "id-299", got.Trigger["event_id"])
	a.failures(t, 301, 302, 303)

	status, answer := a.post(`[{"event_type":"authz.privilege_escalation","actor":{"user_id":"u","username":"eve"}},{"event_type":"security.suspicious_activity"},{"event_type":"auth.success"}]`)
	require.Equal(t, http.StatusOK, status, answer)
	all := a.waitAlerts(t, 3)
	assert.Equal(t, "Privilege Escalation", all[1].Metadata.Alert)
	assert.Equal(t, "critical", all[1].Severity)
	assert.Equal(t, "Suspicious Activity", all[2].Metadata.Alert)

	require.Eventually(t, func() bool { return len(hook.Events()) >= 1 && len(blocked.Events()) >= 1 }, startTimeout, 20*time.Millisecond)
	assert.Equal(t, []string{`{"text":"[high] Multiple Auth Failures: 6 event(s), user &lt;admin&gt;, address 192.168.1.100"}`}, texts(hook.Events()))
	require.Len(t, blocked.Events(), 1)
	assert.JSONEq(t, fmt.Sprintf(`{"user_id":"u","username":"eve","reason":"Privilege Escalation","alert_id":%q}`, all[1].EventID), string(blocked.Events()[0]))
	assert.Empty(t, hook.Refusals())
	assert.Empty(t, blocked.Refusals())
	assert.Equal(t, []string{`otelcol_connector_siem_alert_suppressed{rule="Multiple Auth Failures"} 3`}, a.metric(t, "otelcol_connector_siem_alert_suppressed"))
	assert.Len(t, a.metric(t, "otelcol_connector_siem_alert_fired"), 3)
	assert.Len(t, a.lines(t), 12, "events go their own way")

	for _, name := range []string{"Privilege Escalation", "Multiple Auth Failures"} {
		status, answer = a.testAlert(t, name)
		require.Equal(t, http.StatusOK, status, answer)
	}
	require.Eventually(t, func() bool { return len(hook.Events()) >= 2 }, startTimeout, 20*time.Millisecond)
	assert.JSONEq(t, `{"text":"TEST [high] Multiple Auth Failures: 0 event(s)"}`, string(hook.Events()[1]))
	a.waitAlerts(t, 5)
	assert.Len(t, blocked.Events(), 1, "a test blocks nobody")
}

// TestAlertAfterRestart: what was counted before a stop, and before a kill once
// the state was saved, counts afterwards.
func TestAlertAfterRestart(t *testing.T) {
	dir, ports := t.TempDir(), freePorts(t, portCount+1)
	a := startAlerting(t, dir, ports, nil)
	a.failures(t, 0, 60)
	a.settle(t)
	a.stop(t)
	a = startAlerting(t, dir, ports, nil)
	a.failures(t, 120, 180)
	a.settle(t)
	time.Sleep(time.Second) // it saves every 200 ms here, the journal its cursors every second
	a.kill()
	a = startAlerting(t, dir, ports, nil)
	a.failures(t, 240)
	a.waitAlerts(t, 0)
	a.failures(t, 299)
	got := a.waitAlerts(t, 1)[0]
	assert.Equal(t, []string{"id-0", "id-60", "id-120", "id-180", "id-240", "id-299"}, got.Metadata.EventIDs)
	a.failures(t, 310)
	a.waitAlerts(t, 1)
}

// testAlert asks for a test alert of a rule.
func (a *alerting) testAlert(t *testing.T, name string) (int, string) {
	t.Helper()
	resp, err := http.Post("http://"+a.control+"/api/v1/security/test-alert", "application/json", strings.NewReader(fmt.Sprintf(`{"alert_name":%q,"test":true}`, name)))
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(answer)
}

// TestTestAlert sends a test to PagerDuty, by a rule of the library.
func TestTestAlert(t *testing.T) {
	hook := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	a := startAlerting(t, t.TempDir(), freePorts(t, portCount+1),
		[]string{"PAGERDUTY_URL=" + hook.URL, "PAGERDUTY_ROUTING_KEY=0123456789abcdef0123456789abcdef"}, "mockforge-rules", "pagerduty")
	status, answer := a.testAlert(t, "Threat detected")
	require.Equal(t, http.StatusOK, status, answer)
	got := a.waitAlerts(t, 1)[0]
	assert.True(t, got.Test)
	assert.JSONEq(t, fmt.Sprintf(`{"alert_name":"Threat detected","event_id":%q,"pipelines":["logs/alerts_journal","logs/page_journal"]}`, got.EventID), answer)
	require.Eventually(t, func() bool { return len(hook.Events()) >= 1 }, startTimeout, 20*time.Millisecond)
	var event struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Payload     struct {
			Summary, Source, Severity, Timestamp string
			CustomDetails                        map[string]any `json:"custom_details"`
		}
	}
	require.NoError(t, json.Unmarshal(hook.Events()[0], &event))
	assert.Equal(t, "0123456789abcdef0123456789abcdef", event.RoutingKey)
	assert.Equal(t, "trigger", event.EventAction)
	assert.Equal(t, got.EventID, event.DedupKey)
	assert.Equal(t, "Threat detected: 0 event(s)", event.Payload.Summary)
	assert.Equal(t, "mockforge", event.Payload.Source)
	assert.Equal(t, "critical", event.Payload.Severity)
	assert.NotEmpty(t, event.Payload.Timestamp)
	assert.Equal(t, "Threat detected", event.Payload.CustomDetails["alert"])
	assert.Empty(t, hook.Refusals())
	assert.NotContains(t, a.log.String(), "0123456789abcdef")
}

// TestAlertsWithoutJournal: a webhook straight behind the rules that is down
// holds them up, and then gets each alert once, counted right.
func TestAlertsWithoutJournal(t *testing.T) {
	hook := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	hook.Script(func(n int, _ []json.RawMessage) *siemtest.Answer {
		if n <= 5 {
			return &siemtest.Answer{Status: http.StatusServiceUnavailable}
		}
		return nil
	})
	direct := filepath.Join(t.TempDir(), "direct.yaml")
	require.NoError(t, os.WriteFile(direct, fmt.Appendf(nil, `
connectors:
  siem_journal: {retry: {initial_interval: 20ms, max_interval: 50ms}}
  siem_alert:
    rules:
      - {name: Three, condition: "event_type == 'auth.failure' AND count >= 3 in 5m", severity: high}
      - {name: Odd, condition: "event_type == 'auth.failure' AND event_id =~ /^id-[13]$/", severity: low}
exporters:
  webhook/hook: {endpoint: %q}
service:
  pipelines:
    logs/alerts: {receivers: [siem_journal], exporters: [siem_alert]}
    logs/hook: {receivers: [siem_alert], exporters: [webhook/hook]}
`, hook.URL), 0o600))
	a := &alerting{collector: start(t, options{configs: []string{direct}})}
	a.failures(t, 0, 1, 2, 3)
	require.Eventually(t, func() bool { return len(hook.Events()) >= 3 }, startTimeout, 20*time.Millisecond)
	a.settle(t)
	time.Sleep(300 * time.Millisecond)
	counts := make(map[string]int)
	for _, e := range hook.Events() {
		var f fired
		require.NoError(t, json.Unmarshal(e, &f))
		counts[f.Metadata.Alert]++
		if f.Metadata.Alert == "Three" {
			assert.InDelta(t, 3, f.Metadata.Count, 0)
		}
	}
	assert.Equal(t, map[string]int{"Three": 1, "Odd": 2}, counts)
	cursor := a.cursor(t, "logs/alerts")
	assert.Zero(t, cursor.DeadLettered)
	assert.EqualValues(t, 4, cursor.Delivered)
	assert.Greater(t, hook.Requests(), 5)
}
