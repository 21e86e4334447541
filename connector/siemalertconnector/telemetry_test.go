// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector/internal/metadatatest"
)

func point(key, value string, n int64) []metricdata.DataPoint[int64] {
	return []metricdata.DataPoint[int64]{{Attributes: attribute.NewSet(attribute.String(key, value)), Value: n}}
}

func metadatatestRefused(t *testing.T, tel *componenttest.Telemetry, n int64) {
	t.Helper()
	metadatatest.AssertEqualConnectorSiemAlertRefused(t, tel, point("pipeline", "logs/all", n), metricdatatest.IgnoreTimestamp())
}

func TestTelemetry(t *testing.T) {
	sum := text("Sum", "event_type == 'auth.failure' AND sum(metadata.n) > 100 in 1m by user_id")
	sum.MaxGroups = 2
	cfg := config(sum)
	cfg.MaxMatches = 3
	r := start(t, cfg, componenttest.NewNopHost())
	defer r.stop(t)
	send := func(second int, more string) {
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, more, second)))
	}
	send(0, `,"metadata":{"n":101},"actor":{"user_id":"a"}`)       // fires
	send(1, `,"metadata":{"n":"1"},"actor":{"user_id":"a"}`)       // suppressed
	send(1000, `,"metadata":{"n":1},"actor":{"user_id":"a"}`)      // the others have gone
	send(2, `,"metadata":{"n":1},"actor":{"user_id":"a"}`)         // late
	send(1001, `,"metadata":{"n":"many"},"actor":{"user_id":"a"}`) // clash
	send(1002, `,"actor":{"user_id":"a"}`)                         // nothing to add up
	send(1003, `,"metadata":{"n":1},"actor":{"user_id":"b"}`)      //
	send(1004, `,"metadata":{"n":1},"actor":{"user_id":"c"}`)      // a goes
	for i := range 3 {
		send(1005+i, `,"metadata":{"n":1},"actor":{"user_id":"c"}`) // then b, then the oldest of c
	}
	metadatatest.AssertEqualConnectorSiemAlertFired(t, r.telemetry, point("rule", "Sum", 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertSuppressed(t, r.telemetry, point("rule", "Sum", 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertLate(t, r.telemetry, point("rule", "Sum", 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertTypeClashes(t, r.telemetry, point("rule", "Sum", 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertEvictedGroups(t, r.telemetry, point("rule", "Sum", 2), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertEvictedMatches(t, r.telemetry, point("rule", "Sum", 1), metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertMatches(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 3}}, metricdatatest.IgnoreTimestamp())
	metadatatest.AssertEqualConnectorSiemAlertPending(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 0}}, metricdatatest.IgnoreTimestamp())
}
