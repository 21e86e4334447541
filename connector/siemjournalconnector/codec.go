// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
)

// encode makes one payload of each record, so that damage and refusals cost one
// event: OTLP's LogsData with that record alone. All are encoded in one go, and
// cut apart on the wire.
func encode(logs plog.Logs) ([][]byte, error) {
	count := logs.LogRecordCount()
	if count == 0 {
		return nil, nil
	}
	var marshaler plog.ProtoMarshaler
	data, err := marshaler.MarshalLogs(logs)
	if err != nil {
		return nil, fmt.Errorf("encoding events: %w", err)
	}
	if count == 1 && isSingle(logs) {
		return [][]byte{data}, nil
	}
	payloads, err := split(make([][]byte, 0, count), data)
	if err != nil {
		return nil, fmt.Errorf("encoding events: %w", err)
	}
	return payloads, nil
}

func isSingle(logs plog.Logs) bool {
	return logs.ResourceLogs().Len() == 1 && logs.ResourceLogs().At(0).ScopeLogs().Len() == 1
}

// decode puts payloads together again. Neighbours of one producer share a
// resource.
func decode(payloads [][]byte) (plog.Logs, error) {
	data, err := join(payloads)
	if err != nil {
		return plog.Logs{}, fmt.Errorf("decoding events: %w", err)
	}
	var unmarshaler plog.ProtoUnmarshaler
	logs, err := unmarshaler.UnmarshalLogs(data)
	if err != nil {
		return plog.Logs{}, fmt.Errorf("decoding events: %w", err)
	}
	return logs, nil
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
