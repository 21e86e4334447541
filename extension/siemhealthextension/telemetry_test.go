// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// reading has a value for each metric and its labels.
type reading map[string]float64

func read(t *testing.T, tel *componenttest.Telemetry) reading {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, tel.Reader.Collect(t.Context(), &all))
	got := reading{}
	add := func(name string, labels attribute.Set, value float64) {
		if short, ours := strings.CutPrefix(name, "otelcol_extension_siem_health_"); ours {
			got[short+" "+labels.Encoded(attribute.DefaultEncoder())] = value
		}
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				assert.True(t, data.IsMonotonic, m.Name)
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, float64(p.Value))
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					add(m.Name, p.Attributes, p.Value)
				}
			}
		}
	}
	return got
}

func TestTelemetry(t *testing.T) {
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.Background())) })
	now := time.Now()
	destinations, intakes := example(now)
	e := build(t, tel.NewTelemetrySettings(), nil)
	serve(t, e, destinations, intakes)
	got := read(t, tel)

	const datadog, archive, http = "destination=logs/datadog,journal=siem_journal", "destination=logs/archive,journal=siem_journal", "protocol=http,receiver=mockforge"
	age := "destination_oldest_queued_age " + datadog
	assert.InDelta(t, (26 * time.Hour).Seconds(), got[age], 60)
	last := "destination_last_success_timestamp " + archive
	assert.InDelta(t, now.Add(-2*time.Second).Unix(), got[last], 1)
	expected := reading{
		"destination_healthy " + archive:                                      1,
		"destination_down " + archive:                                         0,
		"destination_healthy " + datadog:                                      0,
		"destination_down " + datadog:                                         1,
		"destination_failed " + datadog:                                       3120,
		"destination_retried " + datadog:                                      3119,
		"destination_received " + datadog:                                     1_204_518,
		"destination_delivered " + datadog:                                    1_100_000,
		"destination_dead_lettered " + datadog:                                3,
		"destination_damaged " + datadog:                                      2,
		"destination_queued " + datadog:                                       104_500,
		"destination_unaccounted " + datadog:                                  13,
		"destination_oldest_queued_age " + archive:                            0,
		"intake_accepted " + http:                                             1_204_500,
		"intake_refused " + http:                                              7,
		"intake_refused_requests " + http:                                     2,
		"intake_journaled " + http:                                            1_200_480,
		"intake_unaccounted " + http:                                          0,
		"intake_dropped " + http + ",rule=siem_filter: include":               20,
		"intake_dropped " + http + ",rule=siem_filter: exclude: severity:low": 4000,
	}
	for name, want := range expected {
		value, there := got[name]
		assert.True(t, there, name)
		assert.InDelta(t, want, value, 0, name)
	}
	splunk := "destination=logs/splunk,journal=siem_journal"
	assert.InDelta(t, 300_000, got["destination_filtered "+splunk], 0)
	assert.InDelta(t, 4000, got["destination_sampled "+splunk], 0)
	assert.InDelta(t, 318, got["destination_rate_limited "+splunk], 0)
	assert.InDelta(t, 0, got["destination_down "+splunk], 0, "failing, not yet down")
	assert.InDelta(t, 0, got["destination_healthy "+splunk], 0)
	assert.Len(t, got, 3*15+2*5+2)
}

// TestTelemetryWithoutSuccess: no time is better than one in 1970.
func TestTelemetryWithoutSuccess(t *testing.T) {
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { assert.NoError(t, tel.Shutdown(context.Background())) })
	destinations, _ := example(time.Now())
	destinations[0].LastSuccess = nil
	serve(t, build(t, tel.NewTelemetrySettings(), nil), destinations[:1], nil)
	got := read(t, tel)
	assert.Len(t, got, 14)
	assert.NotContains(t, got, "destination_last_success_timestamp destination=logs/archive,journal=siem_journal")
}
