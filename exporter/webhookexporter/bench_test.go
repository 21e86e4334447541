// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// BenchmarkEncode puts the guide's event, a thousand of it, into requests.
func BenchmarkEncode(b *testing.B) {
	const n = 1000
	logs := siemtest.Decode(b, "", strings.Repeat(string(siemtest.GuideEvent(b)), n))
	generic := func(f Format) *layout {
		cfg := config("http://localhost:9")
		cfg.Format = f
		return newLayout(cfg)
	}
	gcp := &layout{before: "{", between: ",", behind: "]}", maxEvents: n, maxBody: gcpMaxBody, maxEntry: gcpMaxEntry, entry: gcpEntry}
	for name, l := range map[string]*layout{
		"event": generic(FormatEvent), "json_array": generic(FormatJSONArray), "ndjson": generic(FormatNDJSON),
		"datadog_logs": newDatadogLayout(datadogConfig("", ddKey), zap.NewNop()), "gcp_entries": gcp,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				r := request{layout: l}
				bytes = 0
				for rec := range records(logs) {
					if added, _ := r.add(rec); !added {
						bytes += len(r.finish())
						r.reset()
						_, _ = r.add(rec)
					}
				}
				bytes += len(r.finish())
			}
			b.SetBytes(int64(bytes))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
		})
	}
}

// BenchmarkPush sends a thousand events to a server on the same machine.
func BenchmarkPush(b *testing.B) {
	const n = 1000
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer server.Close()
	logs, _ := all(b, n, time.Now())
	for _, format := range formats {
		b.Run(string(format), func(b *testing.B) {
			cfg := config(server.URL)
			cfg.Format = format
			e := start(b, cfg)
			b.ReportAllocs()
			for b.Loop() {
				if err := e.ConsumeLogs(b.Context(), logs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
