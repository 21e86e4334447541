// SPDX-License-Identifier: Apache-2.0

// Package conditions measures our conditions beside OTTL, which is the language
// of the Collector's own filter, and beside a parser made with participle. It is
// a module of its own so that their code stays out of the collector.
package conditions

import (
	"context"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// same says one thing in both languages.
var same = []struct{ name, ours, ottl string }{
	{
		"environment", `environment == 'production'`,
		`resource.attributes["deployment.environment.name"] == "production"`,
	},
	{
		"type", `event_type == 'auth.failure'`,
		`log.attributes["mockforge.event.type"] == "auth.failure"`,
	},
	{
		"body", `metadata.attempt_count > 2`,
		`log.body["metadata"]["attempt_count"] > 2`,
	},
	{
		"joined", `event_type == 'auth.failure' AND severity >= 'medium' AND (username == 'admin' OR metadata.attempt_count > 2)`,
		`log.attributes["mockforge.event.type"] == "auth.failure" and log.severity_number >= SEVERITY_NUMBER_WARN and (log.body["actor"]["username"] == "admin" or log.body["metadata"]["attempt_count"] > 2)`,
	},
	{
		"pattern", `event_type =~ /^auth\.f/`,
		`IsMatch(log.attributes["mockforge.event.type"], "^auth\\.f")`,
	},
}

func parseOTTL(tb testing.TB, text string) *ottl.Condition[*ottllog.TransformContext] {
	tb.Helper()
	parser, err := ottllog.NewParser(ottlfuncs.StandardConverters[*ottllog.TransformContext](), componenttest.NewNopTelemetrySettings(), ottllog.EnablePathContextNames())
	if err != nil {
		tb.Fatal(err)
	}
	c, err := parser.ParseCondition(text)
	if err != nil {
		tb.Fatal(text, err)
	}
	return c
}

func sample(tb testing.TB) plog.Logs {
	tb.Helper()
	return siemtest.Decode(tb, "production", string(siemtest.GuideEvent(tb)))
}

func contextOf(logs plog.Logs) *ottllog.TransformContext {
	rl := logs.ResourceLogs().At(0)
	return ottllog.NewTransformContextPtr(rl, rl.ScopeLogs().At(0), rl.ScopeLogs().At(0).LogRecords().At(0))
}

// TestSame holds that both languages answer alike, and that the answer is not
// always no.
func TestSame(t *testing.T) {
	logs := sample(t)
	rl := logs.ResourceLogs().At(0)
	for _, tt := range same {
		ours, err := condition.Parse(tt.ours)
		if err != nil {
			t.Fatal(tt.name, err)
		}
		theirs, err := parseOTTL(t, tt.ottl).Eval(context.Background(), contextOf(logs))
		if got := ours.Match(rl.ScopeLogs().At(0).LogRecords().At(0), rl.Resource()); err != nil || !got || !theirs {
			t.Errorf("%s: ours %t, OTTL %t, %v", tt.name, got, theirs, err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	logs := sample(b)
	rl := logs.ResourceLogs().At(0)
	record := rl.ScopeLogs().At(0).LogRecords().At(0)
	for _, tt := range same {
		b.Run("condition="+tt.name+"/way=ours", func(b *testing.B) {
			c, err := condition.Parse(tt.ours)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				c.Match(record, rl.Resource())
			}
		})
		b.Run("condition="+tt.name+"/way=ottl", func(b *testing.B) {
			c, tctx := parseOTTL(b, tt.ottl), contextOf(logs)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Eval(context.Background(), tctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, tt := range same {
		b.Run("condition="+tt.name+"/way=ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := condition.Parse(tt.ours); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("condition="+tt.name+"/way=participle", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := withParticiple.ParseString("", tt.ours); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
