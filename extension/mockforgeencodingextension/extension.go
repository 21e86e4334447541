// SPDX-License-Identifier: Apache-2.0

package mockforgeencodingextension

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/encoding"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

var _ encoding.LogsMarshalerExtension = (*encoder)(nil)

// encoder is the extension.
type encoder struct {
	component.StartFunc
	component.ShutdownFunc
}

// typicalEvent is the size in bytes that an event mostly stays under.
const typicalEvent = 1024

// MarshalLogs writes the Body of each record on a line, members in their own
// order, without a line break after the last one: exporters add it.
func (*encoder) MarshalLogs(logs plog.Logs) ([]byte, error) {
	buf := make([]byte, 0, logs.LogRecordCount()*typicalEvent)
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if len(buf) > 0 {
					buf = append(buf, '\n')
				}
				buf = eventlog.AppendJSON(buf, record.Body())
			}
		}
	}
	return buf, nil
}
