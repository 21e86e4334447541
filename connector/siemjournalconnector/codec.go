// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
)

// encode makes one payload of each record, so that damage and refusals cost one
// event: OTLP's LogsData with that record alone.
func encode(logs plog.Logs) ([][]byte, error) {
	payloads := make([][]byte, 0, logs.LogRecordCount())
	var marshaler plog.ProtoMarshaler
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			one := plog.NewLogs()
			oneResource := one.ResourceLogs().AppendEmpty()
			rl.Resource().CopyTo(oneResource.Resource())
			oneResource.SetSchemaUrl(rl.SchemaUrl())
			oneScope := oneResource.ScopeLogs().AppendEmpty()
			sl.Scope().CopyTo(oneScope.Scope())
			oneScope.SetSchemaUrl(sl.SchemaUrl())
			slot := oneScope.LogRecords().AppendEmpty()
			for _, record := range sl.LogRecords().All() {
				// Lent, not taken: who is refused may call again with the same logs.
				record.MoveTo(slot)
				payload, err := marshaler.MarshalLogs(one)
				slot.MoveTo(record)
				if err != nil {
					return nil, fmt.Errorf("encoding an event: %w", err)
				}
				payloads = append(payloads, payload)
			}
		}
	}
	return payloads, nil
}

// decode puts payloads together again. Neighbours of one producer share a
// resource.
func decode(payloads [][]byte) (plog.Logs, error) {
	all := plog.NewLogs()
	var unmarshaler plog.ProtoUnmarshaler
	for _, payload := range payloads {
		one, err := unmarshaler.UnmarshalLogs(payload)
		if err != nil {
			return all, fmt.Errorf("decoding an event: %w", err)
		}
		for _, rl := range one.ResourceLogs().All() {
			add(all.ResourceLogs(), rl)
		}
	}
	return all, nil
}

func add(all plog.ResourceLogsSlice, rl plog.ResourceLogs) {
	if n := all.Len(); n > 0 && rl.ScopeLogs().Len() == 1 && sameProducer(all.At(n-1), rl) {
		rl.ScopeLogs().At(0).LogRecords().MoveAndAppendTo(all.At(n - 1).ScopeLogs().At(0).LogRecords())
		return
	}
	rl.MoveTo(all.AppendEmpty())
}

func sameProducer(a, b plog.ResourceLogs) bool {
	if a.ScopeLogs().Len() != 1 || a.SchemaUrl() != b.SchemaUrl() || !a.Resource().Attributes().Equal(b.Resource().Attributes()) {
		return false
	}
	sa, sb := a.ScopeLogs().At(0), b.ScopeLogs().At(0)
	return sa.SchemaUrl() == sb.SchemaUrl() && sa.Scope().Name() == sb.Scope().Name() &&
		sa.Scope().Version() == sb.Scope().Version() && sa.Scope().Attributes().Equal(sb.Scope().Attributes())
}

// addressed marks a payload that is for one destination alone: a dead letter
// that was appended again. No LogsData begins with it: it is no tag of
// protobuf's.
const addressed = 0x00

func isAddressed(payload []byte) bool { return len(payload) > 0 && payload[0] == addressed }

// address puts a destination's name before a payload.
func address(destination string, payload []byte) []byte {
	out := make([]byte, 0, 1+binary.MaxVarintLen64+len(destination)+len(payload))
	out = append(out, addressed)
	out = binary.AppendUvarint(out, uint64(len(destination)))
	out = append(out, destination...)
	return append(out, payload...)
}

// unaddress returns the payload of an event; false when it is for another
// destination.
func unaddress(destination string, payload []byte) ([]byte, bool) {
	if !isAddressed(payload) {
		return payload, true
	}
	n, size := binary.Uvarint(payload[1:])
	rest := payload[1+max(size, 0):]
	if size <= 0 || n > uint64(len(rest)) {
		return payload, true // decoding it will say what is wrong
	}
	return rest[n:], string(rest[:n]) == destination
}
