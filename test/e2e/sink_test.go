// SPDX-License-Identifier: Apache-2.0

//go:build e2e || load

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// sink is an OTLP/HTTP server that keeps the numbers of the events it takes,
// and takes none while it is down.
type sink struct {
	server *httptest.Server
	down   atomic.Bool
	mu     sync.Mutex
	taken  map[int]int
	kept   plog.LogRecord // the last one
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{taken: make(map[int]int)}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	req := plogotlp.NewExportRequest()
	if err != nil || req.UnmarshalProto(body) != nil || r.URL.Path != "/v1/logs" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if s.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, rl := range req.Logs().ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				s.kept = record
				if n, ok := eventlog.Member(record.Body(), "n"); ok {
					s.taken[int(n.Int())]++
				}
			}
		}
	}
}

func (s *sink) has(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[n] > 0
}

// last returns the record that it took last.
func (s *sink) last() plog.LogRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}

// config adds the sink as a destination of the default pipelines.
func (s *sink) config(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sink.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
connectors:
  siem_journal:
    retry:
      initial_interval: 20ms
      max_interval: 200ms
exporters:
  otlp_http/sink:
    endpoint: %s
    compression: none
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service:
  pipelines:
    logs/sink:
      receivers: [siem_journal]
      exporters: [otlp_http/sink]
`, s.server.URL), 0o600))
	return path
}

// settle waits until everything in the journal is delivered.
func (c *collector) settle(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		s := c.cursors(t)
		return len(s.Cursors) > 0 && !slices.ContainsFunc(s.Cursors, func(c cursor) bool { return c.Pending > 0 })
	}, startTimeout, 10*time.Millisecond)
}
