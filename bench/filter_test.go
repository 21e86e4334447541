// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"testing"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
)

// BenchmarkFilter is siem_filter alone. All events pass, which is the longest
// way: each rule is asked.
func BenchmarkFilter(b *testing.B) {
	for _, tt := range []struct {
		settings string
		add      func(*siemfilterprocessor.Config)
	}{
		{"guide", func(*siemfilterprocessor.Config) {}},
		{"sampling", func(cfg *siemfilterprocessor.Config) {
			cfg.Sampling = []siemfilterprocessor.SamplingConfig{
				{Match: "authz.access_granted", Percentage: 10, By: "user_id"},
				{Match: "auth.*", Percentage: 1e-9, By: "user_id"}, // so that keep is asked too
			}
			cfg.Keep = []string{"compliance.*", "severity >= 'medium'"}
		}},
		{"rate_limit", func(cfg *siemfilterprocessor.Config) {
			cfg.RateLimit = configoptional.Some(siemfilterprocessor.RateLimitConfig{EventsPerSecond: 1e9})
		}},
	} {
		b.Run("settings="+tt.settings, func(b *testing.B) {
			factory := siemfilterprocessor.NewFactory()
			cfg := guideFilter()
			tt.add(cfg)
			next := create(b, factory, cfg, consumertest.NewNop())
			logs := decodeEventlog(b, siemtest.GuideEvent(b))
			each(b, nil, func() {
				if err := next.ConsumeLogs(context.Background(), logs); err != nil {
					b.Fatal(err)
				}
			})
			if logs.LogRecordCount() != perBatch {
				b.Fatal("events were dropped")
			}
		})
	}
}

// BenchmarkTagAndFilter is both processors with the guide's settings, without
// the decoding. An event that carries its tags needs no attributes put.
func BenchmarkTagAndFilter(b *testing.B) {
	untagged := decodeEventlog(b, siemtest.GuideEvent(b))
	for _, tt := range []struct {
		events string
		tagged bool
	}{{"untagged", false}, {"tagged", true}} {
		b.Run("events="+tt.events, func(b *testing.B) {
			next := tagAndFilter(b, consumertest.NewNop())
			logs := plog.NewLogs()
			untagged.CopyTo(logs)
			each(b, nil, func() {
				if !tt.tagged {
					b.StopTimer()
					logs = plog.NewLogs()
					untagged.CopyTo(logs)
					b.StartTimer()
				}
				if err := next.ConsumeLogs(context.Background(), logs); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
