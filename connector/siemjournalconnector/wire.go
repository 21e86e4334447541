// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"bytes"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields in opentelemetry/proto/logs/v1/logs.proto. What is not among
// them is carried as it is.
const (
	fieldResourceLogs protowire.Number = 1 // of LogsData
	fieldScopeLogs    protowire.Number = 2 // of ResourceLogs
	fieldLogRecords   protowire.Number = 2 // of ScopeLogs
)

var errWire = errors.New("found no message of protobuf's wire format, expected LogsData")

// split cuts LogsData into one for each record.
func split(payloads [][]byte, data []byte) ([][]byte, error) {
	err := walk(data, func(resource, scope []byte, record []byte) {
		inScope := len(scope) + protowire.SizeTag(fieldLogRecords) + protowire.SizeBytes(len(record))
		inResource := len(resource) + protowire.SizeTag(fieldScopeLogs) + protowire.SizeBytes(inScope)
		payload := make([]byte, 0, protowire.SizeTag(fieldResourceLogs)+protowire.SizeBytes(inResource))
		payload = appendHead(payload, fieldResourceLogs, inResource)
		payload = append(payload, resource...)
		payload = appendHead(payload, fieldScopeLogs, inScope)
		payload = append(payload, scope...)
		payload = appendHead(payload, fieldLogRecords, len(record))
		payloads = append(payloads, append(payload, record...))
	})
	return payloads, err
}

// join makes one LogsData of many. Neighbours with equal resources and scopes
// share them.
func join(payloads [][]byte) ([]byte, error) {
	var j joiner
	total := 0
	for _, payload := range payloads {
		total += len(payload)
	}
	j.out, j.records = make([]byte, 0, total), make([]byte, 0, total)
	for _, payload := range payloads {
		if err := walk(payload, j.add); err != nil {
			return nil, err
		}
	}
	j.flush()
	return j.out, nil
}

// joiner collects the records of one resource and scope.
type joiner struct {
	resource, scope []byte
	records         []byte // with their heads
	out             []byte
}

func (j *joiner) add(resource, scope, record []byte) {
	if !bytes.Equal(resource, j.resource) || !bytes.Equal(scope, j.scope) {
		j.flush()
		j.resource, j.scope = append(j.resource[:0], resource...), append(j.scope[:0], scope...)
	}
	j.records = appendHead(j.records, fieldLogRecords, len(record))
	j.records = append(j.records, record...)
}

func (j *joiner) flush() {
	if len(j.records) == 0 {
		return
	}
	inScope := len(j.scope) + len(j.records)
	j.out = appendHead(j.out, fieldResourceLogs, len(j.resource)+protowire.SizeTag(fieldScopeLogs)+protowire.SizeBytes(inScope))
	j.out = append(j.out, j.resource...)
	j.out = appendHead(j.out, fieldScopeLogs, inScope)
	j.out = append(j.out, j.scope...)
	j.out = append(j.out, j.records...)
	j.records = j.records[:0]
}

func appendHead(dst []byte, field protowire.Number, size int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.BytesType), uint64(size))
}

// walk calls each for every record of LogsData, with the fields of its resource
// and its scope that are not their children.
func walk(data []byte, each func(resource, scope, record []byte)) error {
	return children(data, fieldResourceLogs, func(resourceLogs []byte) error {
		resource, err := own(resourceLogs, fieldScopeLogs)
		if err != nil {
			return err
		}
		return children(resourceLogs, fieldScopeLogs, func(scopeLogs []byte) error {
			scope, err := own(scopeLogs, fieldLogRecords)
			if err != nil {
				return err
			}
			return children(scopeLogs, fieldLogRecords, func(record []byte) error {
				each(resource, scope, record)
				return nil
			})
		})
	})
}

// children calls each for what a message has in one field.
func children(data []byte, field protowire.Number, each func([]byte) error) error {
	for len(data) > 0 {
		number, kind, size := protowire.ConsumeField(data)
		if size < 0 {
			return errWire
		}
		if number == field {
			if kind != protowire.BytesType {
				return errWire
			}
			_, _, head := protowire.ConsumeTag(data)
			child, _ := protowire.ConsumeBytes(data[head:])
			if err := each(child); err != nil {
				return err
			}
		}
		data = data[size:]
	}
	return nil
}

// own returns the fields of a message but its children: a part of it where they
// stand together, as they do in what split made.
func own(data []byte, child protowire.Number) ([]byte, error) {
	var fields []byte
	start, end, apart := 0, 0, false
	for at := 0; at < len(data); {
		number, _, size := protowire.ConsumeField(data[at:])
		if size < 0 {
			return nil, errWire
		}
		switch next := at + size; {
		case number == child:
		case len(fields) == 0:
			start, end = at, next
			fields = data[start:end:end] // so that append copies
		case at == end && !apart:
			end = next
			fields = data[start:end:end]
		default:
			fields, apart = append(fields, data[at:next]...), true
		}
		at += size
	}
	return fields, nil
}
