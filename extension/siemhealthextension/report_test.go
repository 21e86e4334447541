// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/mockforge/otelcol-mockforge/extension/siemhealthextension/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/health"
)

var update = flag.Bool("update", false, "write the golden file anew")

// noon is when the reports of the tests are made, unless a server makes them.
var noon = time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)

func before(now time.Time, d time.Duration) *time.Time {
	t := now.Add(-d)
	return &t
}

// build makes an extension by its factory.
func build(t testing.TB, tel component.TelemetrySettings, change func(*Config)) *healthExtension {
	t.Helper()
	f := NewFactory()
	cfg := f.CreateDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	if change != nil {
		change(cfg)
	}
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel
	set.BuildInfo.Version = "0.1.0"
	ext, err := f.Create(t.Context(), set, cfg)
	require.NoError(t, err)
	return ext.(*healthExtension)
}

func at(t testing.TB, now time.Time, destinations []health.Destination, intakes []health.Intake) report {
	t.Helper()
	e := build(t, componenttest.NewNopTelemetrySettings(), nil)
	e.started = now.Add(-time.Hour)
	e.registry.Add(health.Source{
		Destinations: func() []health.Destination { return destinations },
		Intakes:      func() []health.Intake { return intakes },
	})
	return e.report(now)
}

// example has a destination in each status.
func example(now time.Time) ([]health.Destination, []health.Intake) {
	destinations := []health.Destination{
		{
			Journal: "siem_journal", Pipeline: "logs/archive", State: "delivered", LastSuccess: before(now, 2*time.Second),
			Books: health.Books{Received: 1_204_518, Delivered: 1_204_518},
		},
		{
			Journal: "siem_journal", Pipeline: "logs/datadog", State: "held", FailingSince: before(now, 26*time.Hour),
			LastSuccess: before(now, 26*time.Hour), LastError: "HTTP 403: this API key may not write logs", LastErrorAt: before(now, 12*time.Second),
			Failed: 3120, Retried: 3119, OldestQueued: before(now, 26*time.Hour),
			Books: health.Books{Received: 1_204_518, Delivered: 1_100_000, DeadLettered: 3, Damaged: 2, Queued: 104_500},
		},
		{
			Journal: "siem_journal", Pipeline: "logs/splunk", State: "retry", FailingSince: before(now, 95*time.Second),
			LastSuccess: before(now, 97*time.Second), LastError: "HTTP 503: Server is busy", LastErrorAt: before(now, 4*time.Second),
			Failed: 5, Retried: 4, OldestQueued: before(now, 96*time.Second),
			Books: health.Books{Received: 1_204_518, Delivered: 900_000, Filtered: 300_000, Sampled: 4000, RateLimited: 318, Queued: 200},
		},
	}
	intakes := []health.Intake{
		{
			Receiver: "mockforge", Protocol: "http", Accepted: 1_204_500, Refused: 7, RefusedRequests: 2, Journaled: 1_200_480,
			Dropped: map[string]uint64{"siem_filter: exclude: severity:low": 4000, "siem_filter: include": 20},
		},
		{Receiver: "mockforge", Protocol: "syslog_udp", Accepted: 4038, Journaled: 4038},
	}
	return destinations, intakes
}

func TestReport(t *testing.T) {
	destinations, intakes := example(noon)
	got, err := json.MarshalIndent(at(t, noon, destinations, intakes), "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	golden := filepath.Join("testdata", "report.json")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestReportOfNothing(t *testing.T) {
	got, err := json.Marshal(at(t, noon, nil, nil))
	require.NoError(t, err)
	assert.True(t, bytes.Contains(got, []byte(`"destinations":[],"intakes":[]`)), "lists, never null: %s", got)
	assert.True(t, bytes.Contains(got, []byte(`"status":"ok"`)))
}

func TestStatus(t *testing.T) {
	const after = 5 * time.Minute
	ago := func(d time.Duration) *time.Time { return before(noon, d) }
	for _, tt := range []struct {
		name string
		is   health.Destination
		want status
	}{
		{"not asked yet", health.Destination{}, statusOK},
		{"nothing to do for a day", health.Destination{State: "delivered", LastSuccess: ago(24 * time.Hour)}, statusOK},
		{"fails", health.Destination{State: "retry", FailingSince: ago(time.Second)}, statusFailing},
		{"fails until the limit", health.Destination{State: "retry", FailingSince: ago(after)}, statusFailing},
		{"fails longer", health.Destination{State: "retry", FailingSince: ago(after + 1)}, statusDown},
		{"held longer", health.Destination{State: "held", FailingSince: ago(after + 1)}, statusDown},
		{"fails since a clock went back", health.Destination{State: "retry", FailingSince: ago(-time.Hour)}, statusFailing},
		{"works off a backlog", health.Destination{OldestQueued: ago(48 * time.Hour), LastSuccess: ago(time.Second)}, statusOK},
		{"hangs until the limit", health.Destination{OldestQueued: ago(after), LastSuccess: ago(time.Hour)}, statusOK},
		{"hangs longer", health.Destination{OldestQueued: ago(after + 1), LastSuccess: ago(time.Hour)}, statusDown},
		{"hangs in the midst of a backlog", health.Destination{OldestQueued: ago(time.Hour), LastSuccess: ago(after + 1)}, statusDown},
		{"hangs since before its first success", health.Destination{OldestQueued: ago(after + 1)}, statusDown},
		{"fails for a moment and hangs", health.Destination{OldestQueued: ago(time.Hour), FailingSince: ago(time.Second)}, statusDown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := at(t, noon, []health.Destination{tt.is}, nil)
			assert.Equal(t, tt.want, got.Destinations[0].Status)
			assert.Equal(t, tt.want == statusOK, got.Destinations[0].Healthy)
			assert.Equal(t, tt.want, got.Status)
		})
	}
}

// TestStatusAfterStart: what waited while the collector was off is no fault of the
// destination.
func TestStatusAfterStart(t *testing.T) {
	e := build(t, componenttest.NewNopTelemetrySettings(), nil)
	e.started = noon
	e.registry.Add(health.Source{Destinations: func() []health.Destination {
		return []health.Destination{{OldestQueued: before(noon, 48*time.Hour)}}
	}})
	assert.Equal(t, statusOK, e.report(noon.Add(5*time.Minute)).Status)
	assert.Equal(t, statusDown, e.report(noon.Add(5*time.Minute+1)).Status)
}

func TestStatusIsTheWorst(t *testing.T) {
	down, failing := health.Destination{FailingSince: before(noon, time.Hour)}, health.Destination{FailingSince: before(noon, time.Second)}
	assert.Equal(t, statusFailing, at(t, noon, []health.Destination{{}, failing, {}}, nil).Status)
	assert.Equal(t, statusDown, at(t, noon, []health.Destination{{}, down, failing}, nil).Status)
}

func TestDependencies(t *testing.T) {
	assert.Empty(t, build(t, componenttest.NewNopTelemetrySettings(), nil).Dependencies())
	auth, limit := component.MustNewID("basicauth"), component.MustNewID("limit")
	e := build(t, componenttest.NewNopTelemetrySettings(), func(cfg *Config) {
		cfg.ServerConfig.Auth = configoptional.Some(confighttpAuth(auth))
		cfg.ServerConfig.Middlewares = []configmiddleware.Config{{ID: limit}}
	})
	assert.Equal(t, []component.ID{auth, limit}, e.Dependencies())
}

// TestReadme: the example is a report, in every member and in its order.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, block)
	var r report
	require.NoError(t, json.Unmarshal(block[1], &r))
	got, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	assert.Equal(t, string(block[1]), string(got)+"\n")
	for _, d := range r.Destinations {
		assert.Equal(t, d.Books.Unaccounted(), d.Unaccounted)
	}
	for _, i := range r.Intakes {
		assert.Equal(t, i.Intake.Unaccounted(), i.Unaccounted)
	}
}
