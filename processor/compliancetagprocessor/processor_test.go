// SPDX-License-Identifier: Apache-2.0

package compliancetagprocessor

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor/internal/metadatatest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func decode(t *testing.T, data string) plog.Logs {
	t.Helper()
	return siemtest.Decode(t, "", data)
}

// tagWith runs logs through a processor made the collector's way.
func tagWith(t *testing.T, cfg *Config, logs plog.Logs) plog.Logs {
	t.Helper()
	sink := new(consumertest.LogsSink)
	set := processor.Settings{ID: component.NewID(metadata.Type), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	p, err := NewFactory().CreateLogs(context.Background(), set, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(context.Background(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeLogs(context.Background(), logs))
	require.NoError(t, p.Shutdown(context.Background()))
	require.Len(t, sink.AllLogs(), 1)
	return sink.AllLogs()[0]
}

// TestGuideEvent is the worked example: the guide's event after tagging.
func TestGuideEvent(t *testing.T) {
	got := tagWith(t, createDefaultConfig().(*Config), decode(t, string(siemtest.GuideEvent(t))))
	want := filepath.Join("testdata", "guide.yaml")
	if *update {
		require.NoError(t, golden.WriteLogsToFile(want, got))
	}
	expected, err := golden.ReadLogs(want)
	require.NoError(t, err)
	assert.NoError(t, plogtest.CompareLogs(expected, got))
}

func TestModes(t *testing.T) {
	nist := map[string]FrameworkConfig{"nist": {Mappings: []MappingConfig{{Controls: []string{"AC-7"}, Events: []string{"auth.failure"}}}}}
	for _, tt := range []struct {
		name     string
		cfg      Config
		in, body string
		attrs    map[string]any
	}{
		{
			name: "merge keeps the carried ones first",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"config.changed","compliance":{"soc2_cc":["CC7"],"iso27001":["A.12.1"]},"z":1}`,
			body: `{"event_type":"config.changed","compliance":{"soc2_cc":["CC7","CC4"],"iso27001":["A.12.1","A.12.4"]},"z":1}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC7", "CC4"}, "compliance.iso27001": []any{"A.12.1", "A.12.4"},
				"compliance.requirements": []any{"CC7", "CC4", "A.12.1", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"compliance.enrichment.status": "Success", "mockforge.compliance.added": []any{"CC4", "A.12.4"},
			},
		},
		{
			name: "merge compares after trimming",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"data.exported","compliance":{"soc2_cc":[" CC4 "],"iso27001":["A.12.4"]}}`,
			body: `{"event_type":"data.exported","compliance":{"soc2_cc":[" CC4 "],"iso27001":["A.12.4"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{" CC4 "}, "compliance.iso27001": []any{"A.12.4"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{" CC4 ", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
			},
		},
		{
			name: "a partial event gets the object",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"security.threat_detected"}`,
			body: `{"event_type":"security.threat_detected","compliance":{"soc2_cc":["CC4"],"iso27001":["A.12.4","A.16.1"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC4"}, "compliance.iso27001": []any{"A.12.4", "A.16.1"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC4", "A.12.4", "A.16.1"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"CC4", "A.12.4", "A.16.1"},
			},
		},
		{
			name: "fill leaves carried lists alone",
			cfg:  Config{Mode: ModeFill, GuideTable: true},
			in:   `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC9"],"iso27001":[]}}`,
			body: `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC9"],"iso27001":["A.9.4","A.12.4"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC9"}, "compliance.iso27001": []any{"A.9.4", "A.12.4"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC9", "A.9.4", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"A.9.4", "A.12.4"},
			},
		},
		{
			name: "replace takes the table's",
			cfg:  Config{Mode: ModeReplace, GuideTable: true},
			in:   `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC9","CC6","CC5"],"iso27001":["A.9.2"]}}`,
			body: `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC4","CC6"],"iso27001":["A.9.4","A.12.4"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC4", "CC6"}, "compliance.iso27001": []any{"A.9.4", "A.12.4"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC4", "CC6", "A.9.4", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"CC4", "A.9.4", "A.12.4"},
			},
		},
		{
			name:  "replace empties a list without a rule",
			cfg:   Config{Mode: ModeReplace, Frameworks: nist},
			in:    `{"event_type":"auth.success","compliance":{"nist":["AU-2"]}}`,
			body:  `{"event_type":"auth.success","compliance":{"nist":[]}}`,
			attrs: map[string]any{"compliance.enrichment.status": "Success"},
		},
		{
			name:  "a framework without a match changes nothing",
			cfg:   Config{Mode: ModeMerge, Frameworks: nist},
			in:    `{"event_type":"x.y","compliance":null}`,
			body:  `{"event_type":"x.y","compliance":null}`,
			attrs: map[string]any{"compliance.enrichment.status": "Unmapped"},
		},
		{
			name: "an own framework",
			cfg:  Config{Mode: ModeMerge, Frameworks: nist},
			in:   `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC6"]}}`,
			body: `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC6"],"nist":["AC-7"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC6"}, "compliance.nist": []any{"AC-7"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC6", "AC-7"}, "compliance.frameworks": []any{"SOC2", "nist"}, "mockforge.compliance.added": []any{"AC-7"},
			},
		},
		{
			name: "with a match text becomes a list, in the index too",
			cfg:  Config{Mode: ModeMerge, Frameworks: nist},
			in:   `{"event_type":"auth.failure","compliance":{"nist":"AC-1"}}`,
			body: `{"event_type":"auth.failure","compliance":{"nist":["AC-1","AC-7"]}}`,
			attrs: map[string]any{
				"compliance.nist": []any{"AC-1", "AC-7"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"AC-1", "AC-7"}, "compliance.frameworks": []any{"nist"}, "mockforge.compliance.added": []any{"AC-7"},
			},
		},
		{
			name:  "without a match text stays text",
			cfg:   Config{Mode: ModeMerge, Frameworks: nist},
			in:    `{"event_type":"auth.success","compliance":{"nist":"AC-1"}}`,
			body:  `{"event_type":"auth.success","compliance":{"nist":"AC-1"}}`,
			attrs: map[string]any{"compliance.enrichment.status": "Success"},
		},
		{
			name: "replace leaves lists of other tables alone",
			cfg:  Config{Mode: ModeReplace, Frameworks: nist},
			in:   `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC9"],"nist":["AU-2"]}}`,
			body: `{"event_type":"auth.failure","compliance":{"soc2_cc":["CC9"],"nist":["AC-7"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC9"}, "compliance.nist": []any{"AC-7"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC9", "AC-7"}, "compliance.frameworks": []any{"SOC2", "nist"}, "mockforge.compliance.added": []any{"AC-7"},
			},
		},
		{
			name: "an unknown type gets what every event gets",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"custom.event"}`,
			body: `{"event_type":"custom.event","compliance":{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC4"}, "compliance.iso27001": []any{"A.12.4"}, "compliance.enrichment.status": "Unmapped",
				"compliance.requirements": []any{"CC4", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"CC4", "A.12.4"},
			},
		},
		{
			name: "no detail is lost to a tag",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"data.deleted","compliance":{"soc2_cc":"CC6","iso27001":[7,null]}}`,
			body: `{"event_type":"data.deleted","compliance":{"soc2_cc":["CC6","CC4"],"iso27001":[7,null,"A.12.4"]}}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC6", "CC4"}, "compliance.iso27001": []any{"A.12.4"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC6", "CC4", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"CC4", "A.12.4"},
			},
		},
		{
			name: "nor to a tag object",
			cfg:  Config{Mode: ModeMerge, GuideTable: true},
			in:   `{"event_type":"data.deleted","compliance":["x"],"z":null}`,
			body: `{"event_type":"data.deleted","compliance":{"carried":["x"],"soc2_cc":["CC4"],"iso27001":["A.12.4"]},"z":null}`,
			attrs: map[string]any{
				"compliance.soc2_cc": []any{"CC4"}, "compliance.iso27001": []any{"A.12.4"}, "compliance.enrichment.status": "Success",
				"compliance.requirements": []any{"CC4", "A.12.4"}, "compliance.frameworks": []any{"SOC2", "ISO-27001:2013"},
				"mockforge.compliance.added": []any{"CC4", "A.12.4"},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logs := decode(t, tt.in)
			for range 2 { // tagging twice is tagging once
				logs = tagWith(t, &tt.cfg, logs)
				record := siemtest.Record(t, logs)
				assert.Equal(t, tt.body, string(eventlog.AppendJSON(nil, record.Body())))
				got := record.Attributes().AsRaw()
				for k := range got {
					if !strings.Contains(k, "compliance.") || k == "mockforge.compliance.nist" && tt.attrs["compliance.nist"] == nil {
						delete(got, k)
					}
				}
				assert.Equal(t, tt.attrs, got)
			}
		})
	}
}

// TestTwoTaggers: a second one adds to what the first one said.
func TestTwoTaggers(t *testing.T) {
	nist := map[string]FrameworkConfig{"nist": {Mappings: []MappingConfig{{Controls: []string{"AC-7"}}}}}
	hipaa := map[string]FrameworkConfig{"hipaa": {Mappings: []MappingConfig{{Controls: []string{"164.312(b)"}}}}}
	logs := tagWith(t, &Config{Mode: ModeMerge, GuideTable: true, Frameworks: nist}, decode(t, `{"event_type":"auth.failure"}`))
	got := siemtest.Record(t, tagWith(t, &Config{Mode: ModeMerge, Frameworks: hipaa}, logs)).Attributes().AsRaw()
	all := []any{"CC4", "CC6", "A.9.4", "A.12.4", "AC-7", "164.312(b)"}
	assert.Equal(t, all, got[eventlog.AttrComplianceRequired])
	assert.Equal(t, all, got[eventlog.AttrComplianceAdded])
	assert.Equal(t, []any{"SOC2", "ISO-27001:2013", "nist", "hipaa"}, got[eventlog.AttrComplianceFrameworks])

	got = siemtest.Record(t, tagWith(t, &Config{Mode: ModeReplace, Frameworks: map[string]FrameworkConfig{
		"nist": {Mappings: []MappingConfig{{Controls: []string{"AU-2"}}}},
	}}, logs)).Attributes().AsRaw()
	assert.Equal(t, []any{"CC4", "CC6", "A.9.4", "A.12.4", "164.312(b)", "AU-2"}, got[eventlog.AttrComplianceRequired], "AC-7 was replaced")
}

// TestOtherRecords: what is no MockForge event is passed on and marked.
func TestOtherRecords(t *testing.T) {
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr("plain text")
	got := siemtest.Record(t, tagWith(t, createDefaultConfig().(*Config), logs))
	assert.Equal(t, "plain text", got.Body().Str())
	assert.Equal(t, map[string]any{eventlog.AttrComplianceStatus: "Skipped"}, got.Attributes().AsRaw())
}

// TestTextBody: an event whose Body is no Map is tagged by its attributes.
func TestTextBody(t *testing.T) {
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr(`{"event_type":"auth.failure"}`)
	record.Attributes().PutStr(eventlog.AttrEventType, "auth.failure")
	got := siemtest.Record(t, tagWith(t, createDefaultConfig().(*Config), logs))
	assert.Equal(t, `{"event_type":"auth.failure"}`, got.Body().Str())
	assert.Equal(t, []any{"CC4", "CC6"}, got.Attributes().AsRaw()["compliance.soc2_cc"])
}

// TestCatalogue: Body and attributes agree for every type, and hold what the
// table says.
func TestCatalogue(t *testing.T) {
	for _, typ := range event.Catalogue() {
		got := siemtest.Record(t, tagWith(t, createDefaultConfig().(*Config), decode(t, `{"event_type":"`+typ.Name+`"}`)))
		object, _ := got.Body().Map().Get("compliance")
		for _, f := range compliance.Guide() {
			want, _ := f.Controls(typ.Name, typ.Severity)
			list, _ := object.Map().Get(f.List)
			assert.Equal(t, want, appendStrings(nil, list.Slice()), typ.Name)
			assert.Equal(t, list.AsRaw(), got.Attributes().AsRaw()["compliance."+f.List], typ.Name)
		}
	}
}

func TestTelemetry(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := processor.Settings{ID: component.NewID(metadata.Type), TelemetrySettings: tel.NewTelemetrySettings()}
	p, err := NewFactory().CreateLogs(context.Background(), set, createDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.ConsumeLogs(context.Background(), decode(t, `{"event_type":"auth.failure"}{"event_type":"auth.success"}{"event_type":"x.y"}`)))
	metadatatest.AssertEqualProcessorComplianceTagEvents(t, tel, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: attribute.NewSet(attribute.String("status", "Success"))},
		{Value: 1, Attributes: attribute.NewSet(attribute.String("status", "Unmapped"))},
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, p.Shutdown(context.Background()))
	require.NoError(t, tel.Shutdown(context.Background()))
}
