// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadatatest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

// run returns the event types that a processor lets through.
func run(t *testing.T, set component.TelemetrySettings, cfg *Config, logs plog.Logs) []string {
	t.Helper()
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(context.Background(), processor.Settings{ID: component.NewID(metadata.Type), TelemetrySettings: set}, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(context.Background(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeLogs(context.Background(), logs))
	require.NoError(t, p.Shutdown(context.Background()))
	var passed []string
	for _, l := range sink.AllLogs() {
		for _, rl := range l.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				require.NotZero(t, sl.LogRecords().Len(), "no empty scopes")
				for _, record := range sl.LogRecords().All() {
					passed = append(passed, eventlog.EventType(record))
				}
			}
		}
	}
	return passed
}

func TestLoadConfig(t *testing.T) {
	keep := []string{"compliance.*", "severity >= 'high'"}
	assert.Equal(t, &Config{Keep: keep}, load(t, ""))
	cfg := load(t, "guide")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, &Config{
		Include:    []string{"auth.*", "authz.*", "security.*"},
		Exclude:    []string{"severity:low"},
		Conditions: []string{"environment == 'production'"},
		Keep:       keep,
	}, cfg)
	cfg = load(t, "sampling")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, &Config{
		Sampling: []SamplingConfig{
			{Match: "authz.access_granted", Percentage: 10, By: "user_id"},
			{Match: "severity:low", Percentage: 50},
		},
		RateLimit: configoptional.Some(RateLimitConfig{EventsPerSecond: 500, Burst: 1000}),
		Keep:      []string{"compliance.*"},
	}, cfg)
	require.NoError(t, xconfmap.Validate(load(t, "all_forms")))
}

func TestInvalidConfig(t *testing.T) {
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		`include[0]: "": found an empty pattern, expected an event type or a glob such as "auth.*"`,
		`exclude[0]: "severity:lo": column 10: found "lo", expected a severity: low, medium, high, critical or unknown; did you mean "low"?`,
		`exclude[1]: " auth.*": column 2: found "auth.", expected a name between two dots`,
		`conditions[0]: "environment == 'production": column 16: found a text without an end, expected a closing '`,
		`conditions[1]: "event_type == 'auth.failure' AND count > 5 in 5m": column 34: found a window, expected a condition on one event; windows are for alerts alone`,
		`sampling[0]::match: "severity:lo": column 10: found "lo"`,
		`sampling[0]::percentage: found 0, expected more than 0 and at most 100; exclude passes none`,
		`sampling[0]::by: "user id": column 6: found "id", expected the end after the name of a field`,
		`sampling[1]::percentage: found 101, expected more than 0 and at most 100`,
		`rate_limit::events_per_second: found 0, expected more than 0 and at most 1000000000`,
		`rate_limit::burst: found -1, expected at least 1`,
		`keep[0]: "": found an empty pattern`,
		`conditions[2]: "auth.*": column 1: found "auth.", expected a name between two dots`,
	} {
		assert.ErrorContains(t, err, want)
	}
}

// TestGuideFilter holds the semantics that MockForge's own filter gets wrong.
func TestGuideFilter(t *testing.T) {
	for _, tt := range []struct {
		name, environment, in string
		want                  []string
	}{
		{"included", "production", `{"event_type":"auth.failure","severity":"medium"}`, []string{"auth.failure"}},
		{"severity is low", "production", `{"event_type":"auth.success","severity":"low"}`, nil},
		{"info is low", "production", `{"event_type":"auth.success","severity":"info"}`, nil},
		{"default severity is low", "production", `{"event_type":"auth.success"}`, nil},
		{"not included", "production", `{"event_type":"data.exported","severity":"high"}`, nil},
		{"other environment", "staging", `{"event_type":"auth.failure","severity":"medium"}`, nil},
		{"no environment", "", `{"event_type":"auth.failure","severity":"medium"}`, nil},
		{"the event's environment wins", "staging", `{"event_type":"auth.failure","severity":"medium","metadata":{"environment":"production"}}`, []string{"auth.failure"}},
		{"one of several", "production", `[{"event_type":"access.user_deleted"},{"event_type":"authz.access_denied"},{"event_type":"authx.y"}]`, []string{"authz.access_denied"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, run(t, componenttest.NewNopTelemetrySettings(), load(t, "guide"), siemtest.Decode(t, tt.environment, tt.in)))
		})
	}
}

func TestAllForms(t *testing.T) {
	in := `[{"event_type":"auth.failure","severity":"high"},
		{"event_type":"authz.privilege_escalation","severity":"high"},
		{"event_type":"authz.access_granted","severity":"critical"},
		{"event_type":"data.deleted","severity":"critical"},
		{"event_type":"security.suspicious_activity","severity":"high","metadata":{"risk_score":8}},
		{"event_type":"security.suspicious_activity","severity":"high","metadata":{"risk_score":7}},
		{"event_type":"auth.mfa_disabled","severity":"high","environment":"staging"},
		{"event_type":"auth.success","severity":"info"}]`
	assert.Equal(t, []string{"auth.failure", "data.deleted", "security.suspicious_activity"},
		run(t, componenttest.NewNopTelemetrySettings(), load(t, "all_forms"), siemtest.Decode(t, "", in)))
}

// TestGlobStaysInItsCategory walks the catalogue: auth.* lets exactly the
// authentication events through.
func TestGlobStaysInItsCategory(t *testing.T) {
	for _, typ := range event.Catalogue() {
		got := run(t, componenttest.NewNopTelemetrySettings(), &Config{Include: []string{"auth.*"}}, siemtest.Decode(t, "", `{"event_type":"`+typ.Name+`"}`))
		assert.Equal(t, typ.Category == event.CategoryAuthentication, len(got) == 1, typ.Name)
	}
}

func TestNoRulesPassEverything(t *testing.T) {
	for _, name := range []string{"", "empty"} {
		assert.Len(t, run(t, componenttest.NewNopTelemetrySettings(), load(t, name), siemtest.Decode(t, "", `{"event_type":"a"}{"event_type":"b"}`)), 2)
	}
}

func TestDropsAreCountedByRule(t *testing.T) {
	tel := componenttest.NewTelemetry()
	in := `{"event_type":"data.exported"}{"event_type":"data.deleted"}{"event_type":"auth.success"}{"event_type":"auth.failure","environment":"x"}`
	assert.Empty(t, run(t, tel.NewTelemetrySettings(), load(t, "guide"), siemtest.Decode(t, "", in)))
	metadatatest.AssertEqualProcessorSiemFilterDropped(t, tel, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: attribute.NewSet(attribute.String("rule", "include"))},
		{Value: 1, Attributes: attribute.NewSet(attribute.String("rule", "exclude: severity:low"))},
		{Value: 1, Attributes: attribute.NewSet(attribute.String("rule", "conditions: environment == 'production'"))},
	}, metricdatatest.IgnoreTimestamp())
	require.NoError(t, tel.Shutdown(context.Background()))
}

// TestCallerIsToldOfDrops, by the rule and its sort.
func TestCallerIsToldOfDrops(t *testing.T) {
	cfg := load(t, "guide")
	cfg.Sampling = []SamplingConfig{{Match: "auth.success", Percentage: 1e-9}}
	cfg.RateLimit = configoptional.Some(RateLimitConfig{EventsPerSecond: 1e-9, Burst: 1})
	cfg.Keep = nil
	p, err := NewFactory().CreateLogs(t.Context(), processor.Settings{ID: component.NewIDWithName(metadata.Type, "x"), TelemetrySettings: componenttest.NewNopTelemetrySettings()}, cfg, new(consumertest.LogsSink))
	require.NoError(t, err)
	ctx, onTheWay := tally.New(t.Context())
	in := `{"event_type":"data.exported"}{"event_type":"auth.success","severity":"low"}{"event_type":"auth.success","severity":"high"}{"event_type":"auth.failure","severity":"high"}{"event_type":"auth.failure","severity":"high"}`
	require.NoError(t, p.ConsumeLogs(ctx, siemtest.Decode(t, "production", in)))
	require.NoError(t, p.Shutdown(t.Context()))
	rule := func(kind tally.Kind, text string) tally.Rule {
		return tally.Rule{Kind: kind, Component: "siem_filter/x", Text: text}
	}
	assert.Equal(t, map[tally.Rule]uint64{
		rule(tally.Filtered, "include"):               1,
		rule(tally.Filtered, "exclude: severity:low"): 1,
		rule(tally.Sampled, "sampling: auth.success"): 1,
		rule(tally.RateLimited, "rate_limit"):         1,
	}, onTheWay.Dropped())
}

func TestDropsAreLoggedAtDebugLevel(t *testing.T) {
	for level, want := range map[zap.AtomicLevel]int{zap.NewAtomicLevelAt(zap.DebugLevel): 1, zap.NewAtomicLevelAt(zap.InfoLevel): 0} {
		core, logged := observer.New(level)
		set := componenttest.NewNopTelemetrySettings()
		set.Logger = zap.New(core)
		run(t, set, &Config{Exclude: []string{"severity:low"}}, siemtest.Decode(t, "", `{"event_type":"auth.success","actor":{"username":"secret"}}`))
		entries := logged.FilterMessage("event dropped").All()
		require.Len(t, entries, want)
		if want > 0 {
			assert.Equal(t, map[string]any{"rule": "exclude: severity:low", "event_type": "auth.success"}, entries[0].ContextMap())
		}
	}
}

func TestWarnings(t *testing.T) {
	for name, want := range map[string][]map[string]any{
		"suspicious": {{"list": "include", "pattern": "autth.*"}, {"list": "exclude", "pattern": "custom.*"}, {"list": "sampling", "pattern": "authzz.*"}, {"list": "keep", "pattern": "complianze.*"}},
		"empty":      {{}},
		"guide":      nil,
	} {
		core, logged := observer.New(zap.WarnLevel)
		set := componenttest.NewNopTelemetrySettings()
		set.Logger = zap.New(core)
		run(t, set, load(t, name), siemtest.Decode(t, "", `{"event_type":"x"}`))
		var got []map[string]any
		for _, e := range logged.All() {
			got = append(got, e.ContextMap())
		}
		assert.Equal(t, want, got, name)
	}
}
