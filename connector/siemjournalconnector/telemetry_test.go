// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadatatest"
)

func TestTelemetry(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := connectortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	up := &siem{}
	held := &siem{answer: func([]int) error { return consumererror.NewPermanent(errors.New("HTTP 403")) }}
	c, err := NewFactory().CreateLogsToLogs(t.Context(), set, fast(t.TempDir()), connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{
		pipeline.NewIDWithName(pipeline.SignalLogs, "up"):   up.consumer(t),
		pipeline.NewIDWithName(pipeline.SignalLogs, "held"): held.consumer(t),
	}))
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	r := &run{Logs: c, t: t}
	r.post(0, 7)
	eventually(t, up, numbers(0, 7))

	points := func(up, held int64) []metricdata.DataPoint[int64] {
		return []metricdata.DataPoint[int64]{
			{Value: up, Attributes: attribute.NewSet(attribute.String("destination", "logs/up"))},
			{Value: held, Attributes: attribute.NewSet(attribute.String("destination", "logs/held"))},
		}
	}
	ignore := metricdatatest.IgnoreTimestamp()
	require.Eventually(t, func() bool {
		held.mu.Lock()
		defer held.mu.Unlock()
		return held.asked > 1
	}, eventuallyTimeout, eventuallyTick)
	cur := func() cursor { cur, _ := c.(*journalConnector).cursors.get("logs/up"); return cur }
	require.Eventually(t, func() bool { return cur().Position == 7 }, eventuallyTimeout, eventuallyTick)
	metadatatest.AssertEqualConnectorSiemJournalAppended(t, tel, []metricdata.DataPoint[int64]{{Value: 7}}, ignore)
	metadatatest.AssertEqualConnectorSiemJournalDelivered(t, tel, points(7, 0), ignore)
	metadatatest.AssertEqualConnectorSiemJournalPending(t, tel, points(0, 7), ignore)
	metadatatest.AssertEqualConnectorSiemJournalPosition(t, tel, points(7, 0), ignore)
	metadatatest.AssertEqualConnectorSiemJournalHeld(t, tel, points(0, 1), ignore)
	metadatatest.AssertEqualConnectorSiemJournalDamaged(t, tel, points(0, 0), ignore)
	metadatatest.AssertEqualConnectorSiemJournalDeadLettered(t, tel, points(0, 0), ignore)
	age, err := tel.GetMetric("otelcol_connector_siem_journal_oldest_pending")
	require.NoError(t, err)
	for _, p := range age.Data.(metricdata.Gauge[float64]).DataPoints {
		name, _ := p.Attributes.Value("destination")
		assert.Equal(t, name.AsString() == "logs/held", p.Value > 0)
	}
	r.stop()
	require.NoError(t, tel.Shutdown(t.Context()))
}
