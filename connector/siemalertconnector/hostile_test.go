// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
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
