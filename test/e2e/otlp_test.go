// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter compresses with
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const otlpAuthorization = "Bearer otlp-secret"

// otlpServer takes logs with the right authorization by HTTP and gRPC; it is
// unavailable once.
type otlpServer struct {
	plogotlp.UnimplementedGRPCServer
	mu     sync.Mutex
	busy   int
	bodies []string
	errs   []string
}

func (s *otlpServer) Export(ctx context.Context, req plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if !slices.Equal(md.Get("authorization"), []string{otlpAuthorization}) {
		return plogotlp.NewExportResponse(), status.Error(codes.Unauthenticated, "authorization")
	}
	if !s.take(req) {
		return plogotlp.NewExportResponse(), status.Error(codes.Unavailable, "busy")
	}
	return plogotlp.NewExportResponse(), nil
}

func (s *otlpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := plogotlp.NewExportRequest()
	zr, err := gzip.NewReader(r.Body)
	if err == nil {
		var body []byte
		if body, err = io.ReadAll(zr); err == nil {
			err = req.UnmarshalProto(body)
		}
	}
	switch {
	case r.Header.Get("Authorization") != otlpAuthorization:
		w.WriteHeader(http.StatusUnauthorized)
	case err != nil || r.URL.Path != "/v1/logs" || r.Header.Get("Content-Type") != "application/x-protobuf":
		w.WriteHeader(http.StatusBadRequest)
	case !s.take(req):
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// take keeps the events and what is wrong with their records.
func (s *otlpServer) take(req plogotlp.ExportRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy > 0 {
		s.busy--
		return false
	}
	for _, rl := range req.Logs().ResourceLogs().All() {
		service, _ := rl.Resource().Attributes().Get("service.name")
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				s.bodies = append(s.bodies, string(eventlog.AppendJSON(nil, record.Body())))
				s.check(service.Str(), record)
			}
		}
	}
	return true
}

func (s *otlpServer) check(service string, record plog.LogRecord) {
	member := func(name string) string {
		v, _ := eventlog.Member(record.Body(), name)
		return v.Str()
	}
	severity, _ := event.ParseSeverity(member("severity"))
	at, err := time.Parse(time.RFC3339Nano, member("timestamp"))
	if service != "mockforge" || record.EventName() != member("event_type") || record.SeverityText() != member("severity") ||
		int32(record.SeverityNumber()) != severity.Number() || err != nil || !record.Timestamp().AsTime().Equal(at) {
		s.errs = append(s.errs, member("event_type"))
	}
}

func (s *otlpServer) taken() (bodies, errs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bodies), slices.Clone(s.errs)
}

// TestOTLP: records arrive whole by both transports, with TLS, though the server
// was unavailable at first.
func TestOTLP(t *testing.T) {
	ca := newAuthority(t)
	for name, listen := range map[string]func(*testing.T, *otlpServer) string{
		"http": func(t *testing.T, s *otlpServer) string {
			t.Helper()
			server := httptest.NewUnstartedServer(s)
			server.TLS = ca.serverTLS(t)
			server.StartTLS()
			t.Cleanup(server.Close)
			return "OTLP_HTTP_URL=" + server.URL
		},
		"grpc": func(t *testing.T, s *otlpServer) string {
			t.Helper()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			server := grpc.NewServer(grpc.Creds(credentials.NewTLS(ca.serverTLS(t))))
			plogotlp.RegisterGRPCServer(server, s)
			go func() { _ = server.Serve(l) }() // until it is stopped
			t.Cleanup(server.Stop)
			return "OTLP_GRPC_ENDPOINT=" + l.Addr().String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &otlpServer{busy: 1}
			target := listen(t, server)
			o := options{dir: t.TempDir(), configs: []string{"../../examples/otlp-" + name + ".yaml", fastRetry}}
			o.env = []string{target, "OTLP_CA=" + ca.file, "OTLP_AUTHORIZATION=Bearer wrong"}
			c := start(t, o)
			events := destinationEvents(t)
			postEvents(t, c, events[:1])
			held := `otelcol_connector_siem_journal_attempts{destination="logs/otlp_` + name + `",outcome="held"}`
			require.Eventually(t, func() bool { return len(c.metric(t, held)) == 1 }, startTimeout, 20*time.Millisecond)
			c.stop(t)

			o.env[2] = "OTLP_AUTHORIZATION=" + otlpAuthorization
			c = start(t, o)
			postEvents(t, c, events[1:])
			c.settle(t)
			bodies, errs := server.taken()
			assert.Equal(t, events, bodies, "members in their own order")
			assert.Empty(t, errs)
			assert.NotContains(t, c.log.String(), "otlp-secret")
		})
	}
}
