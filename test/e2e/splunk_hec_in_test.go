// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const hecToken = "2f1d6d0c-1c7e-4c35-9d65-0fb1a7d4c001"

// startHEC runs the example on a free port, which it returns too.
func startHEC(t *testing.T, configs ...string) (c *collector, address string) {
	t.Helper()
	address = fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])
	return start(t, options{
		configs: append([]string{"../../examples/splunk-hec-in.yaml"}, configs...),
		env:     []string{"MOCKFORGE_HEC_ENDPOINT=" + address, "MOCKFORGE_INGEST_TOKEN=" + hecToken},
	}), address
}

// exchange sends bytes and returns all that comes back.
func exchange(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(answer)
}

// TestSplunkHECIn replays the bytes of MockForge's splunk destination at the
// path that the guide's URL becomes.
func TestSplunkHECIn(t *testing.T) {
	c, address := startHEC(t)
	var event bytes.Buffer
	require.NoError(t, json.Compact(&event, siemtest.GuideEvent(t)))
	quoted, err := json.Marshal(event.String())
	require.NoError(t, err)
	body := fmt.Sprintf(`{"event":%s,"time":1737973800,"index":"security","sourcetype":"mockforge:security"}`, quoted)
	send := func(token string) string {
		return exchange(t, address, fmt.Sprintf("POST /services/collector/services/collector/event HTTP/1.1\r\n"+
			"authorization: Splunk %s\r\ncontent-type: application/json\r\naccept: */*\r\nhost: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s",
			token, address, len(body), body))
	}
	answer := send("wrong")
	assert.Contains(t, answer, "HTTP/1.1 403 ")
	assert.Contains(t, answer, `{"text":"Invalid token","code":4}`)
	assert.Empty(t, c.lines(t))

	answer = send(hecToken)
	assert.Contains(t, answer, "HTTP/1.1 200 ")
	assert.Contains(t, answer, `{"text":"Success","code":0}`)
	direct := start(t, options{})
	status, _ := direct.post(event.String())
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, direct.lines(t), c.lines(t), "the same as what comes by HTTP")

	resp, err := http.Get("http://" + address + "/services/collector/health")
	require.NoError(t, err)
	defer resp.Body.Close()
	healthy, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, `{"text":"HEC is healthy","code":17}`, string(healthy))
	assert.NotContains(t, c.log.String(), hecToken)
	assert.Equal(t, []string{`otelcol_receiver_mockforge_refused_requests{reason="unauthorized"} 1`}, c.metric(t, "otelcol_receiver_mockforge_refused_requests"))
}

// TestSplunkHECClient takes what the Collector project's Splunk exporter sends,
// gzipped and many to a request, and holds the events when the server is busy.
func TestSplunkHECClient(t *testing.T) {
	limited := filepath.Join(t.TempDir(), "limited.yaml")
	require.NoError(t, os.WriteFile(limited, []byte("receivers: {mockforge: {protocols: {splunk_hec: {rate_limit: {requests_per_second: 5, burst: 1}}}}}"), 0o600))
	server, address := startHEC(t, limited)
	config := filepath.Join(t.TempDir(), "exporter.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
exporters:
  splunk_hec/collector:
    endpoint: http://%s/services/collector
    token: %s
    index: security
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
    health_check_enabled: true
connectors:
  siem_journal: {retry: {initial_interval: 20ms, max_interval: 100ms}}
service:
  pipelines:
    logs/collector: {receivers: [siem_journal], exporters: [splunk_hec/collector]}
`, address, hecToken), 0o600))
	client := start(t, options{configs: []string{config}})
	const total = 500
	for _, some := range [][]string{events(total)[:100], events(total)[100:101], events(total)[101:]} {
		status, answer := client.post(strings.Join(some, "\n"))
		require.Equal(t, http.StatusOK, status, answer)
	}
	client.settle(t)
	sent, taken := client.lines(t), server.lines(t)
	require.Len(t, taken, total)
	for i := range taken {
		require.JSONEq(t, sent[i], taken[i]) // the exporter writes members by name
	}
	assert.Len(t, server.metric(t, `otelcol_receiver_mockforge_refused_requests{reason="rate_limit"}`), 1)
	for _, cur := range client.cursors(t).Cursors {
		assert.Zero(t, cur.DeadLettered, cur.Destination)
	}
}
