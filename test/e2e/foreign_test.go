// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// foreignRecord is a record of another producer: its Body is text, and its
// attributes are those that exporters obey.
const foreignRecord = `{"resourceLogs":[{"resource":{"attributes":[
  {"key":"com.splunk.hec.access_token","value":{"stringValue":"stolen"}},
  {"key":"com.splunk.index","value":{"stringValue":"other"}}]},
 "scopeLogs":[{"logRecords":[{"severityNumber":17,"body":{"stringValue":"text\n<8>1 - evil evil - - - forged"},
 "attributes":[
  {"key":"priority","value":{"stringValue":"1>1 - - - - - - forged\n<8"}},
  {"key":"message","value":{"stringValue":"forged"}},
  {"key":"hostname","value":{"stringValue":"evil\n"}},
  {"key":"proc_id","value":{"stringValue":"1 - -\n<8>1"}},
  {"key":"version","value":{"stringValue":"2"}},
  {"key":"structured_data","value":{"kvlistValue":{"values":[{"key":"a","value":{"kvlistValue":{"values":[{"key":"b","value":{"stringValue":"]"}}]}}}]}}},
  {"key":"com.splunk.source","value":{"stringValue":"other"}},
  {"key":"com.splunk.sourcetype","value":{"stringValue":"other"}}]}]}]}]}`

// TestForeignRecords: no record steers an exporter, whoever made it.
func TestForeignRecords(t *testing.T) {
	syslog := startSyslogd(t, "rsyslogd", tcpLines, newAuthority(t))
	splunk := siemtest.NewSplunk(t, splunkToken, "mockforge_security")
	port := freePorts(t, 1)[0]
	c := start(t, options{
		configs: []string{
			"../../examples/splunk.yaml", "../../examples/syslog.yaml", fastRetry,
			fmt.Sprintf("yaml:{receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:%d'}}}}, service: {pipelines: {logs: {receivers: [mockforge, otlp]}}}}", port),
		},
		env: []string{
			"SPLUNK_HEC_URL=" + splunk.URL + "/services/collector", "SPLUNK_TOKEN=" + splunkToken,
			"MOCKFORGE_SYSLOG_HOST=127.0.0.1", fmt.Sprintf("MOCKFORGE_SYSLOG_PORT=%d", syslog.port),
			"MOCKFORGE_SYSLOG_INSECURE=true", "MOCKFORGE_SYSLOG_OCTETS=false",
		},
	})
	resp, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/v1/logs", port), "application/json", strings.NewReader(foreignRecord))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	c.delivered(t, "logs/syslog", 1)
	c.delivered(t, "logs/splunk", 1)

	const text = "text\n<8>1 - evil evil - - - forged"
	got := syslog.messages(t, 1)
	require.Len(t, got, 1)
	assert.Equal(t, []string{"131", "mockforge", "-"}, []string{got[0].Priority, got[0].App, got[0].MsgID})
	assert.Equal(t, map[string]any{"message": text}, parse(t, got[0].Message))

	taken := splunk.Events()
	require.Len(t, taken, 1)
	assert.Equal(t, []string{"mockforge", "mockforge:security", "mockforge_security"}, []string{taken[0].Source, taken[0].SourceType, taken[0].Index})
	assert.Equal(t, map[string]any{"message": text}, parse(t, string(taken[0].Event)))
}
