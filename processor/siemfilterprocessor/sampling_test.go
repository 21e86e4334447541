// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadatatest"
)

// defaults returns the default settings with changes.
func defaults(change func(*Config)) *Config {
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	return cfg
}

// granted returns n events of one type for each of the users.
func granted(typ, severity string, users, n int) string {
	var b strings.Builder
	for u := range users {
		for range n {
			fmt.Fprintf(&b, `{"event_type":%q,"severity":%q,"actor":{"user_id":"user-%d"}}`, typ, severity, u)
		}
	}
	return b.String()
}

// perUser counts the events of each user that a processor lets through.
func perUser(t *testing.T, cfg *Config, in string) map[string]int {
	t.Helper()
	require.NoError(t, xconfmap.Validate(cfg))
	sink := new(consumertest.LogsSink)
	p := start(t, componenttest.NewNopTelemetrySettings(), cfg, sink)
	require.NoError(t, p.ConsumeLogs(context.Background(), siemtest.Decode(t, "", in)))
	require.NoError(t, p.Shutdown(context.Background()))
	users := map[string]int{}
	for _, l := range sink.AllLogs() {
		for _, record := range l.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
			user, _ := record.Attributes().Get(eventlog.AttrUserID)
			users[user.AsString()]++
		}
	}
	return users
}

func start(t *testing.T, set component.TelemetrySettings, cfg *Config, sink *consumertest.LogsSink) processor.Logs {
	t.Helper()
	p, err := NewFactory().CreateLogs(context.Background(), processor.Settings{ID: component.NewID(metadata.Type), TelemetrySettings: set}, cfg, sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(context.Background(), componenttest.NewNopHost()))
	return p
}

// TestSamplingByActor: of an actor come all events or none, in every run, and
// who passes at 10 % passes at 30 %.
func TestSamplingByActor(t *testing.T) {
	in := granted("authz.access_granted", "low", 2000, 3)
	sample := func(percentage float64) map[string]int {
		return perUser(t, defaults(func(cfg *Config) {
			cfg.Sampling = []SamplingConfig{{Match: "authz.access_granted", Percentage: percentage, By: "user_id"}}
		}), in)
	}
	ten := sample(10)
	assert.InDelta(t, 200, len(ten), 45, "more than three standard deviations")
	assert.Equal(t, ten, sample(10))
	thirty := sample(30)
	assert.InDelta(t, 600, len(thirty), 65)
	for user, n := range ten {
		require.Equal(t, 3, n)
		require.Equal(t, 3, thirty[user], user)
	}
	assert.Len(t, sample(100), 2000)
}

// TestSamplingByRecord: without a field the record's id decides, and so it does
// for events without the field.
func TestSamplingByRecord(t *testing.T) {
	for _, by := range []string{"", "metadata.missing"} {
		cfg := defaults(func(cfg *Config) { cfg.Sampling = []SamplingConfig{{Match: "*", Percentage: 25, By: by}} })
		got := perUser(t, cfg, granted("authz.access_granted", "low", 1, 4000))
		assert.InDelta(t, 1000, got["user-0"], 150)
	}
}

func TestSamplingWithoutAnID(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 4000 {
		records.AppendEmpty().Attributes().PutStr(eventlog.AttrEventType, "x")
	}
	cfg := defaults(func(cfg *Config) { cfg.Sampling = []SamplingConfig{{Match: "x", Percentage: 25}} })
	assert.InDelta(t, 1000, len(run(t, componenttest.NewNopTelemetrySettings(), cfg, logs)), 150)
}

// TestTheFirstEntryDecides: a special one stands before a general one.
func TestTheFirstEntryDecides(t *testing.T) {
	cfg := defaults(func(cfg *Config) {
		cfg.Sampling = []SamplingConfig{{Match: "auth.failure", Percentage: 100}, {Match: "auth.*", Percentage: 1e-9, By: "user_id"}}
	})
	assert.Equal(t, []string{"auth.failure", "data.exported"}, run(t, componenttest.NewNopTelemetrySettings(), cfg,
		siemtest.Decode(t, "", `{"event_type":"auth.failure"}{"event_type":"auth.success"}{"event_type":"data.exported"}`)))
}

// rare drops all but what is kept.
var rare = []SamplingConfig{{Match: "*", Percentage: 1e-9}}

func TestWhatIsKept(t *testing.T) {
	in := `{"event_type":"compliance.audit_log_accessed","severity":"low"}{"event_type":"a.high","severity":"high"}
		{"event_type":"a.critical","severity":"critical"}{"event_type":"a.medium","severity":"medium"}{"event_type":"a.none"}`
	always := []string{"compliance.audit_log_accessed", "a.high", "a.critical"}
	set := componenttest.NewNopTelemetrySettings()
	assert.Equal(t, always, run(t, set, defaults(func(cfg *Config) { cfg.Sampling = rare }), siemtest.Decode(t, "", in)))
	assert.Empty(t, run(t, set, defaults(func(cfg *Config) { cfg.Sampling, cfg.Keep = rare, nil }), siemtest.Decode(t, "", in)))
	// Kept is not included: exclude beats it.
	assert.Equal(t, always[1:2], run(t, set, defaults(func(cfg *Config) {
		cfg.Sampling, cfg.Exclude = rare, []string{"severity:critical", "compliance.*"}
	}), siemtest.Decode(t, "", in)))
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tel := componenttest.NewTelemetry()
		sink := new(consumertest.LogsSink)
		p := start(t, tel.NewTelemetrySettings(), defaults(func(cfg *Config) {
			cfg.Sampling = []SamplingConfig{{Match: "data.exported", Percentage: 1e-9}}
			cfg.RateLimit = configoptional.Some(RateLimitConfig{EventsPerSecond: 10, Burst: 20})
		}), sink)
		send := func(severity string, n int) int {
			sink.Reset()
			require.NoError(t, p.ConsumeLogs(context.Background(), siemtest.Decode(t, "", granted("auth.failure", severity, 1, n))))
			return sink.LogRecordCount()
		}
		assert.Equal(t, 20, send("medium", 50), "the burst")
		assert.Equal(t, 30, send("critical", 30), "critical events pass over the limit")
		time.Sleep(time.Second)
		assert.Equal(t, 10, send("medium", 50), "the rate")
		time.Sleep(time.Second)
		assert.Equal(t, 7, send("high", 7))
		assert.Equal(t, 3, send("medium", 50), "what is kept takes tokens")
		time.Sleep(time.Hour)
		assert.Equal(t, 20, send("medium", 50), "no more than the burst is saved")
		sink.Reset()
		require.NoError(t, p.ConsumeLogs(context.Background(), siemtest.Decode(t, "", granted("data.exported", "low", 1, 4))))
		assert.Zero(t, sink.LogRecordCount())
		metadatatest.AssertEqualProcessorSiemFilterDropped(t, tel, []metricdata.DataPoint[int64]{
			{Value: 30 + 40 + 47 + 30, Attributes: attribute.NewSet(attribute.String("rule", "rate_limit"))},
			{Value: 4, Attributes: attribute.NewSet(attribute.String("rule", "sampling: data.exported"))},
		}, metricdatatest.IgnoreTimestamp())
		require.NoError(t, p.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
	})
}

// TestDefaultBurst is what comes in a second, and never less than one event.
func TestDefaultBurst(t *testing.T) {
	for rate, want := range map[float64]int{7: 7, 2.5: 3, 0.1: 1} {
		synctest.Test(t, func(t *testing.T) {
			cfg := defaults(func(cfg *Config) { cfg.RateLimit = configoptional.Some(RateLimitConfig{EventsPerSecond: rate}) })
			assert.Len(t, run(t, componenttest.NewNopTelemetrySettings(), cfg, siemtest.Decode(t, "", granted("auth.failure", "low", 1, 20))), want)
		})
	}
}

// TestRecordsWithoutAnEvent: what could not be read has no type, so no glob
// includes it; a condition does.
func TestRecordsWithoutAnEvent(t *testing.T) {
	decoder := eventlog.NewDecoder(eventlog.Options{})
	unparsed := func() plog.Logs {
		batch := decoder.NewBatch(siemtest.Arrival)
		batch.AddUnparsed("<13>no event", errors.New("no event"))
		return batch.Logs()
	}
	set := componenttest.NewNopTelemetrySettings()
	assert.Empty(t, run(t, set, &Config{Include: []string{"auth.*"}}, unparsed()))
	assert.Len(t, run(t, set, &Config{Include: []string{"auth.*", `attributes["mockforge.parse_error"]`}}, unparsed()), 1)
	assert.Len(t, run(t, set, &Config{Exclude: []string{"severity:low"}}, unparsed()), 1)
}
