// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// TestOneDeadDestination: one destination takes a connection and never answers,
// one is not there, and the others get everything at once. The one that comes
// back gets everything too.
func TestOneDeadDestination(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hanging.Close()
	defer close(release)
	port := freePorts(t, 1)[0] // where nobody listens, for now
	server := siemtest.NewSplunk(t, splunkToken, "mockforge_security")

	c := start(t, options{
		configs: []string{
			"../../examples/splunk.yaml", "../../examples/syslog.yaml", "../../examples/otlp-http.yaml", fastRetry,
			"yaml:exporters: {otlp_http/siem: {timeout: 10m}}", // it hangs longer than the test runs
		},
		env: []string{
			"SPLUNK_HEC_URL=" + server.URL + "/services/collector", "SPLUNK_TOKEN=" + splunkToken,
			"MOCKFORGE_SYSLOG_HOST=127.0.0.1", fmt.Sprintf("MOCKFORGE_SYSLOG_PORT=%d", port),
			"MOCKFORGE_SYSLOG_INSECURE=true", "MOCKFORGE_SYSLOG_OCTETS=false",
			"OTLP_HTTP_URL=" + hanging.URL,
		},
	})
	events := destinationEvents(t)
	for i := range events {
		begin := time.Now()
		postEvents(t, c, events[i:i+1])
		require.Eventually(t, func() bool { return len(server.Events()) == i+1 }, startTimeout, time.Millisecond)
		// Far below what the others wait for, far above what a busy machine takes.
		require.Less(t, time.Since(begin), 2*time.Second, "event %d", i)
	}
	for _, dead := range []string{"logs/syslog", "logs/otlp_http"} {
		cur := c.cursor(t, dead)
		assert.Equal(t, []uint64{uint64(len(events)), 0}, []uint64{cur.Pending, cur.Delivered}, dead)
	}
	for _, alive := range []string{"logs/splunk", "logs/file"} {
		c.delivered(t, alive, len(events))
	}

	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	require.NoError(t, err)
	defer l.Close()
	go discardAll(l)
	c.delivered(t, "logs/syslog", len(events))
	assert.Equal(t, uint64(len(events)), c.cursor(t, "logs/otlp_http").Pending, "still hanging")
}

// discardAll takes connections until the listener is closed.
func discardAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			buf := make([]byte, 1<<16)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
	}
}
