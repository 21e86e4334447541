// SPDX-License-Identifier: Apache-2.0

// Package bench measures the way of an event through decode, tag and filter,
// beside the way a component without our codec would take.
package bench

import (
	"context"
	"encoding/json"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
)

// perBatch is the number of events in a request; what a request costs besides
// is shared by them.
const perBatch = 100

// decoders are the ways from JSON to records.
var decoders = []struct {
	way    string
	decode func(b testing.TB, data []byte) plog.Logs
}{
	{"eventlog", decodeEventlog},
	{"maps", decodeMaps},
}

var decoder = eventlog.NewDecoder(eventlog.Options{RedactCredentials: true, Environment: "production"})

func decodeEventlog(b testing.TB, data []byte) plog.Logs {
	b.Helper()
	batch := decoder.NewBatch(siemtest.Arrival)
	for range perBatch {
		if err := batch.AddAll(data); err != nil {
			b.Fatal(err)
		}
	}
	return batch.Logs()
}

// decodeMaps goes by encoding/json and maps. It has no order, no exact
// integers and no checks, and of the index only what the processors need.
func decodeMaps(b testing.TB, data []byte) plog.Logs {
	b.Helper()
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("deployment.environment.name", "production")
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for range perBatch {
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			b.Fatal(err)
		}
		record := records.AppendEmpty()
		if err := record.Body().FromRaw(m); err != nil {
			b.Fatal(err)
		}
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.Attributes().PutStr(eventlog.AttrEventType, m["event_type"].(string))
	}
	return logs
}

// indexMaps adds the attributes that eventlog adds, so that both ways end with
// the same record.
func indexMaps(logs plog.Logs, attributes pcommon.Map) {
	for _, record := range logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		attrs := record.Attributes()
		for k, v := range attributes.All() {
			v.CopyTo(attrs.PutEmpty(k))
		}
	}
}

// BenchmarkDecode is JSON to record: Body and index.
func BenchmarkDecode(b *testing.B) {
	data := siemtest.GuideEvent(b)
	attributes := decodeEventlog(b, data).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
	for _, d := range decoders {
		b.Run("way="+d.way, func(b *testing.B) {
			each(b, data, func() {
				logs := d.decode(b, data)
				if d.way == "maps" {
					indexMaps(logs, attributes)
				}
			})
		})
	}
}

// BenchmarkPipeline is JSON to what goes on to the journal: decoded, tagged
// and filtered with the guide's settings.
func BenchmarkPipeline(b *testing.B) {
	data := siemtest.GuideEvent(b)
	attributes := decodeEventlog(b, data).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
	for _, d := range decoders {
		b.Run("way="+d.way, func(b *testing.B) {
			sink := new(consumertest.LogsSink)
			next := tagAndFilter(b, sink)
			each(b, data, func() {
				logs := d.decode(b, data)
				if d.way == "maps" {
					indexMaps(logs, attributes)
				}
				if err := next.ConsumeLogs(context.Background(), logs); err != nil {
					b.Fatal(err)
				}
				sink.Reset()
			})
		})
	}
}

// BenchmarkEncode is the Body to a line of JSON.
func BenchmarkEncode(b *testing.B) {
	data := siemtest.GuideEvent(b)
	body := decodeEventlog(b, data).ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body()
	b.Run("way=eventlog", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			buf = eventlog.AppendJSON(buf[:0], body)
		}
	})
	b.Run("way=maps", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(body.AsRaw()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// each runs f once for perBatch events, so that the results are per event.
func each(b *testing.B, data []byte, f func()) {
	b.Helper()
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	b.ResetTimer()
	for i := 0; i < b.N; i += perBatch {
		f()
	}
}

// tagAndFilter is compliance_tag, then siem_filter with the guide's settings.
func tagAndFilter(b testing.TB, sink consumer.Logs) consumer.Logs {
	b.Helper()
	filter := siemfilterprocessor.NewFactory()
	tag := compliancetagprocessor.NewFactory()
	return create(b, tag, tag.CreateDefaultConfig(), create(b, filter, guideFilter(), sink))
}

// guideFilter are the guide's settings.
func guideFilter() *siemfilterprocessor.Config {
	cfg := siemfilterprocessor.NewFactory().CreateDefaultConfig().(*siemfilterprocessor.Config)
	cfg.Include = []string{"auth.*", "authz.*", "security.*"}
	cfg.Exclude = []string{"severity:low"}
	cfg.Conditions = []string{"environment == 'production'"}
	return cfg
}

func create(b testing.TB, factory processor.Factory, cfg component.Config, next consumer.Logs) consumer.Logs {
	b.Helper()
	set := processor.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	p, err := factory.CreateLogs(context.Background(), set, cfg, next)
	if err != nil {
		b.Fatal(err)
	}
	return p
}
