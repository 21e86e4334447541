// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAnswers holds what the journal makes of the answers that real exporters
// report: whether events are held, tried again or put aside. Once the answer is
// 200 all that was not put aside arrives.
func TestAnswers(t *testing.T) {
	for _, exporter := range []string{"splunk_hec", "otlp_http", "webhook"} {
		for status, want := range map[int]string{
			400: "refused", 401: "held", 403: "held", 404: "held", 413: "refused", 429: "retry", 500: "retry", 503: "retry",
		} {
			t.Run(fmt.Sprintf("%s/%d", exporter, status), func(t *testing.T) {
				t.Parallel()
				var answer, taken atomic.Int64
				answer.Store(int64(status))
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if answer.Load() == http.StatusOK {
						taken.Add(1)
					}
					w.WriteHeader(int(answer.Load()))
				}))
				defer server.Close()
				c := start(t, options{configs: []string{siemConfig(t, exporter, server.URL)}})
				code, _ := c.post(strings.Join(events(3), "\n"))
				require.Equal(t, http.StatusOK, code)
				metric := fmt.Sprintf(`otelcol_connector_siem_journal_attempts{destination="logs/siem",outcome="%s"}`, want)
				require.Eventually(t, func() bool { return len(c.metric(t, metric)) == 1 }, startTimeout, 20*time.Millisecond, "%s", c.log)

				if want == "refused" {
					c.settle(t) // each event by itself
				}
				answer.Store(http.StatusOK)
				c.settle(t)
				for _, cur := range c.cursors(t).Cursors {
					if cur.Destination != "logs/siem" {
						continue
					}
					if want == "refused" {
						assert.Equal(t, []uint64{0, 3}, []uint64{cur.Delivered, cur.DeadLettered})
						assert.Zero(t, taken.Load())
					} else {
						assert.Equal(t, []uint64{3, 0}, []uint64{cur.Delivered, cur.DeadLettered})
						assert.Positive(t, taken.Load())
					}
				}
			})
		}
	}
}

// siemConfig adds a destination behind the journal, as the README says.
func siemConfig(t *testing.T, exporter, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "siem.yaml")
	settings := fmt.Sprintf("{endpoint: %s, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}", url)
	if exporter == "splunk_hec" {
		settings = strings.Replace(settings, "{endpoint", "{token: t, endpoint", 1)
	}
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
connectors:
  siem_journal: {hold_interval: 50ms, retry: {initial_interval: 20ms, max_interval: 50ms}}
exporters:
  %[1]s/siem: %[2]s
service:
  pipelines:
    logs/siem: {receivers: [siem_journal], exporters: [%[1]s/siem]}
`, exporter, settings), 0o600))
	return path
}
