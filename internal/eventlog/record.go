// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// EventType returns the event type of a record, "" when it holds no MockForge
// event. A record that another receiver brought may have it in the Body alone.
func EventType(record plog.LogRecord) string {
	if v, ok := record.Attributes().Get(AttrEventType); ok {
		return v.Str()
	}
	if v, ok := Member(record.Body(), fieldEventType); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}

// Member returns a member of a Map value.
func Member(v pcommon.Value, name string) (pcommon.Value, bool) {
	if v.Type() != pcommon.ValueTypeMap {
		return pcommon.Value{}, false
	}
	return v.Map().Get(name)
}
