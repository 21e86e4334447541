// SPDX-License-Identifier: Apache-2.0

//go:build load

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const guideEvent = `{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure","severity":"medium","source":{"system":"mockforge","component":"auth","version":"1.0.0"},"actor":{"user_id":"user-123","username":"admin","ip_address":"192.168.1.100","user_agent":"Mozilla/5.0..."},"target":{"resource_type":"api","resource_id":"/api/v1/workspaces","method":"GET"},"outcome":{"success":false,"reason":"Invalid credentials"},"metadata":{"auth_method":"jwt","attempt_count":3,"lockout_triggered":false},"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.2"]},"n":%d}`

// TestLoad measures what senders see, one event a request, beside a queue of
// the Collector's own in the same run. It asserts ratios: absolute figures are
// the machine's.
func TestLoad(t *testing.T) {
	type result struct {
		rate float64
		p99  time.Duration
	}
	results := make(map[string]result)
	for _, setup := range []struct {
		name         string
		destinations int
	}{{"journal", 1}, {"journal", 9}, {"contrib queue", 1}} {
		for _, senders := range []int{1, 64} {
			dir := t.TempDir()
			config := fanOut(t, setup.destinations)
			if setup.name == "contrib queue" {
				config = contribQueue(t, dir)
			}
			c := start(t, options{dir: dir, configs: []string{config}})
			rate, p99 := load(t, c, senders)
			if setup.name == "journal" {
				c.settle(t)
				s := c.cursors(t)
				t.Logf("syncs per event: %.3f", float64(s.Syncs)/float64(s.Appended))
				if senders == 64 {
					assert.LessOrEqual(t, float64(s.Syncs), 0.1*float64(s.Appended))
				}
			}
			c.stop(t)
			name := fmt.Sprintf("%s, destinations=%d, senders=%d", setup.name, setup.destinations, senders)
			results[name] = result{rate, p99}
			t.Logf("%-44s %7.0f acknowledged/s, p99 %s", name, rate, p99.Round(10*time.Microsecond))
		}
	}
	one, nine := results["journal, destinations=1, senders=64"], results["journal, destinations=9, senders=64"]
	contrib := results["contrib queue, destinations=1, senders=64"]
	assert.Greater(t, one.rate, contrib.rate)
	assert.Greater(t, nine.rate, one.rate/2)
}

// load posts for a time and returns the rate of acknowledged events and the
// 99th percentile of the time to the answer.
func load(t *testing.T, c *collector, senders int) (rate float64, p99 time.Duration) {
	t.Helper()
	const duration = 5 * time.Second
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	begin := time.Now()
	for range senders {
		wg.Go(func() {
			var mine []time.Duration
			for time.Since(begin) < duration {
				sent := time.Now()
				resp, err := client.Post("http://"+c.endpoint+"/api/v1/events", "application/json", strings.NewReader(fmt.Sprintf(guideEvent, next.Add(1))))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					mine = append(mine, time.Since(sent))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	wg.Wait()
	require.NotEmpty(t, all)
	slices.Sort(all)
	return float64(len(all)) / time.Since(begin).Seconds(), all[len(all)*99/100]
}

// discard is a server that takes everything and looks at nothing, so that the
// processor time is the collector's.
func discard(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(s.Close)
	return s
}

// fanOut adds n OTLP destinations.
func fanOut(t *testing.T, n int) string {
	t.Helper()
	s := discard(t)
	var b strings.Builder
	b.WriteString("exporters:\n")
	for i := range n {
		fmt.Fprintf(&b, "  otlp_http/%d: {endpoint: %s, compression: none, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}\n", i, s.URL)
	}
	b.WriteString("service:\n  pipelines:\n    logs/file: {receivers: [siem_journal], exporters: [otlp_http/0]}\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "    logs/%d: {receivers: [siem_journal], exporters: [otlp_http/%d]}\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "fan-out.yaml")
	require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	return path
}

// contribQueue has the same way with the exporter's own persistent queue,
// synced, in the journal's place.
func contribQueue(t *testing.T, dir string) string {
	t.Helper()
	s := discard(t)
	path := filepath.Join(t.TempDir(), "queue.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
extensions:
  file_storage: {directory: %s/queue, create_directory: true, fsync: true}
exporters:
  otlp_http/queue:
    endpoint: %s
    compression: none
    sending_queue: {storage: file_storage, queue_size: 1000000}
service:
  extensions: [health_check, siem_health, mockforge_encoding, file_storage]
  pipelines:
    logs: {receivers: [mockforge], processors: [memory_limiter, compliance_tag, siem_filter], exporters: [otlp_http/queue]}
    logs/file: {receivers: [otlp], exporters: [jsonl_file]}
receivers:
  otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}
`, dir, s.URL), 0o600))
	return path
}
