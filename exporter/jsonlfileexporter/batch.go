// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// batch is what is to be added to one file.
type batch struct {
	lines  []byte
	chain  evidence.Chain // behind the lines, where they are chained
	newest time.Time      // arrival of the newest event
}

// reset empties the batch, which begins where a file ends.
func (b *batch) reset(end evidence.Chain) {
	if cap(b.lines) > maxKept {
		b.lines = nil
	}
	b.lines, b.chain, b.newest = b.lines[:0], end, time.Time{}
}

// add adds an event as a line.
func (b *batch) add(body pcommon.Value, arrived time.Time, chained bool) {
	if arrived.After(b.newest) {
		b.newest = arrived
	}
	if !chained {
		b.lines = append(appendEvent(b.lines, body), '\n')
		return
	}
	start := len(b.lines)
	b.lines = b.chain.Append(appendEvent(b.lines, escape(body)), start, arrived)
}

// appendEvent appends an event. It is always an object, so that a torn one is
// never taken for a whole one, as 12 of 123 would be.
func appendEvent(buf []byte, body pcommon.Value) []byte {
	if body.Type() == pcommon.ValueTypeMap {
		return eventlog.AppendJSON(buf, body)
	}
	buf = append(buf, `{"message":`...)
	return append(eventlog.AppendJSON(buf, body), '}')
}

// encode sorts events into the batches of their files.
func (e *jsonlExporter) encode(logs plog.Logs) error {
	now := time.Now()
	begun := [classes]bool{}
	for i := range e.batches {
		e.batches[i].lines = e.batches[i].lines[:0]
	}
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				i := 0
				if len(e.files) > 1 {
					i = classOf(record)
				}
				if !begun[i] {
					if err := e.files[i].ready(); err != nil {
						return err
					}
					e.batches[i].reset(e.files[i].chain)
					begun[i] = true
				}
				e.batches[i].add(record.Body(), arrival(record, now), e.key != nil)
			}
		}
	}
	return nil
}

// escape returns the event to be chained: where it has members of its own that
// are called as the chain's, in any number of underscores behind, a copy in which
// each has one underscore more. So none of them is taken for the chain's, no name
// comes up twice, and the event's own names can be had back.
func escape(body pcommon.Value) pcommon.Value {
	if body.Type() != pcommon.ValueTypeMap || !hasReserved(body.Map()) {
		return body
	}
	escaped := pcommon.NewValueMap()
	for name, value := range body.Map().All() {
		if isReserved(name) {
			name += "_"
		}
		value.CopyTo(escaped.Map().PutEmpty(name))
	}
	return escaped
}

func hasReserved(event pcommon.Map) bool {
	for name := range event.All() {
		if isReserved(name) {
			return true
		}
	}
	return false
}

func isReserved(name string) bool {
	rest, ok := strings.CutPrefix(name, evidence.Member)
	return ok && strings.Trim(rest, "_") == ""
}
