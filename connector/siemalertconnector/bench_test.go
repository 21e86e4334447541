// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const (
	benchBatch  = 1000
	benchGroups = 10_000
)

// benchRules are rules spread over the 37 types, of every kind.
func benchRules(n int) *Config {
	types := event.Catalogue()
	shapes := []string{"count > 5 in 5m by user_id", "count(distinct ip_address) >= 8 in 10m by user_id", "sum(metadata.n) > 1000000 in 1h by user_id", "metadata.n > 1000000"}
	cfg := createDefaultConfig().(*Config)
	for i := range n {
		cfg.Rules = append(cfg.Rules, text(fmt.Sprintf("rule %d", i), fmt.Sprintf("event_type == '%s' AND severity >= 'low' AND %s", types[i%len(types)].Name, shapes[i/len(types)%len(shapes)])))
	}
	cfg.MaxMatches = 5_000_000
	return cfg
}

// benchBatches are 100,000 events a millisecond apart of 10,000 users.
func benchBatches(b *testing.B) (batches []plog.Logs) {
	b.Helper()
	types := event.Catalogue()
	d := eventlog.NewDecoder(eventlog.Options{AssignUIDs: true})
	for n := 0; n < 100_000; {
		batch := d.NewBatch(noon.Add(time.Hour))
		for range benchBatch {
			_, err := batch.Add(fmt.Appendf(nil, `{"timestamp":%q,"event_type":%q,"severity":"medium","actor":{"user_id":"user-%d","username":"admin","ip_address":"10.0.%d.%d"},"metadata":{"n":%d}}`,
				noon.Add(time.Duration(n)*time.Millisecond).Format(time.RFC3339Nano), types[n%len(types)].Name, n*7919%benchGroups, n%256, n%7, n%10), time.Time{})
			require.NoError(b, err)
			n++
		}
		batches = append(batches, batch.Logs())
	}
	return batches
}

// BenchmarkRules evaluates 100,000 events: the cost of one is ns/event.
func BenchmarkRules(b *testing.B) {
	batches := benchBatches(b)
	for _, n := range []int{1, 10, 37, 200, 1000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := start(b, benchRules(n), componenttest.NewNopHost())
				for _, logs := range batches {
					require.NoError(b, r.ConsumeLogs(b.Context(), logs))
				}
				r.stop(b)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/event")
		})
	}
}

// BenchmarkMany evaluates the same events by rules of types that do not come.
func BenchmarkMany(b *testing.B) {
	batches := benchBatches(b)
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			cfg := benchRules(10)
			for i := len(cfg.Rules); i < n; i++ {
				cfg.Rules = append(cfg.Rules, text(fmt.Sprintf("other %d", i), fmt.Sprintf("event_type == 'custom.type_%d' AND count > 5 in 5m", i)))
			}
			for b.Loop() {
				r := start(b, cfg, componenttest.NewNopHost())
				for _, logs := range batches {
					require.NoError(b, r.ConsumeLogs(b.Context(), logs))
				}
				r.stop(b)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/event")
		})
	}
}
