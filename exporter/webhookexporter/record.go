// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"iter"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// record is a log record and who produced it.
type record struct {
	plog.LogRecord
	resource pcommon.Resource
}

// records goes through logs in their order.
func records(logs plog.Logs) iter.Seq[record] {
	return func(yield func(record) bool) {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, r := range sl.LogRecords().All() {
					if !yield(record{LogRecord: r, resource: rl.Resource()}) {
						return
					}
				}
			}
		}
	}
}

// text returns an attribute that is a string, else "".
func text(attributes pcommon.Map, key string) string {
	if v, ok := attributes.Get(key); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// uid is the event's id, "" when it has none.
func (r record) uid() string { return text(r.Attributes(), eventlog.AttrRecordUID) }

func (r record) severity() event.Severity {
	return event.SeverityFromNumber(int32(r.SeverityNumber()))
}

// object returns what is sent as the event: the Body, or an object with the
// text of a line that could not be read as one.
func (r record) object() pcommon.Value {
	if r.Body().Type() == pcommon.ValueTypeMap {
		return r.Body()
	}
	v := pcommon.NewValueMap()
	v.Map().PutStr("message", r.Body().AsString())
	return v
}

// timeWithin returns when the event was, if the destination takes events of
// that time; else when it came, and else now. It reports whether it is the
// event's own time. What is too old for a destination would be answered with
// success and not be kept.
func (r record) timeWithin(now time.Time, past, future time.Duration) (time.Time, bool) {
	for i, t := range []pcommon.Timestamp{r.Timestamp(), r.ObservedTimestamp()} {
		if at := t.AsTime(); t != 0 && at.After(now.Add(-past)) && at.Before(now.Add(future)) {
			return at, i == 0
		}
	}
	return now.UTC(), false
}
