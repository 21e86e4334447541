// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

func TestObservedInTheFuture(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	far := pcommon.NewTimestampFromTime(now.AddDate(10, 0, 0))
	record := plog.NewLogRecord()
	record.SetTimestamp(far)
	record.SetObservedTimestamp(far)
	c := &alertConnector{cfg: &Config{}}
	assert.Equal(t, now.UnixNano(), c.timeOf(record, now))
}

func TestSummandTooLarge(t *testing.T) {
	alert, err := condition.ParseAlert("sum(bytes) > 10 in 5m")
	require.NoError(t, err)
	r := &rule{window: alert.Window}
	record := plog.NewLogRecord()
	bytes := record.Body().SetEmptyMap().PutEmpty("bytes")
	bytes.SetDouble(1e308)
	assert.False(t, r.measure(new(entry), record, pcommon.NewResource()))
	assert.EqualValues(t, 1, r.clashes)
	bytes.SetDouble(1e20)
	assert.True(t, r.measure(new(entry), record, pcommon.NewResource()))
}

func TestLargeCountIsNoInteger(t *testing.T) {
	attrs := pcommon.NewMap()
	(&firing{rule: &rule{}, count: 1e20}).index(attrs)
	v, ok := attrs.Get("alert.count")
	require.True(t, ok)
	assert.Equal(t, pcommon.ValueTypeDouble, v.Type())
}

func TestHeldStays(t *testing.T) {
	o := &outbox{held: make(map[string]bool)}
	o.hold([]string{"stuck"})
	for i := range maxHeld + 2 {
		uids := []string{strconv.Itoa(i)}
		o.hold(uids)
		o.letGo(uids)
	}
	assert.True(t, o.holds("stuck"), "nothing else is held")
}
