// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// schema says what the rows of an api look like.
type schema struct {
	// timeGenerated puts the event's time into a column of that name. Without,
	// it is in the column timestamp.
	timeGenerated bool
	// maxField is the size at which the service cuts a field.
	maxField int
}

const (
	columnTimeGenerated = "TimeGenerated"
	columnRecordUID     = "RecordUid"
	columnTimestamp     = "timestamp"
	columnMessage       = "message"
	// columnAdditional has what has no column of its own. A stream drops what it
	// does not declare, without a word.
	columnAdditional = "AdditionalFields"
)

// kustoType is the type of a column.
type kustoType string

const (
	kustoNone    kustoType = ""
	kustoString  kustoType = "string"
	kustoDynamic kustoType = "dynamic"
)

// timeFormat has six decimals: tables of the Auxiliary plan take no other. The
// column timestamp has the event's own words.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// memberType returns the type of the column for a member of an event, kustoNone
// when it has none. The members are those that MockForge documents.
func memberType(name string) kustoType {
	switch name {
	case columnTimestamp, "event_type", "severity", columnMessage:
		return kustoString
	case "source", "actor", "target", "outcome", "metadata", "compliance":
		return kustoDynamic
	}
	return kustoNone
}

// fits reports whether a column can hold a value as it is. Null fits all.
func (k kustoType) fits(v pcommon.Value) bool {
	return k == kustoDynamic || k == kustoString && (v.Type() == pcommon.ValueTypeStr || v.Type() == pcommon.ValueTypeEmpty)
}

// rows are encoded events.
type rows struct {
	// text has the rows, a comma before each.
	text []byte
	// ends has where each row ends.
	ends []int
}

func (r *rows) len() int { return len(r.ends) }

// start returns where the comma before a row is.
func (r *rows) start(i int) int {
	if i == 0 {
		return 0
	}
	return r.ends[i-1]
}

// size is that of the body with rows [from, to): a bracket for the first comma,
// and another one.
func (r *rows) size(from, to int) int { return r.ends[to-1] - r.start(from) + 1 }

// fit returns the end of the rows from one on that a body holds, at least one.
func (r *rows) fit(from, maxBody int) int {
	to := from + 1
	for to < r.len() && r.size(from, to+1) <= maxBody {
		to++
	}
	return to
}

// body returns the JSON array of rows [from, to).
func (r *rows) body(from, to int) []byte {
	body := make([]byte, 0, r.size(from, to))
	body = append(body, '[')
	body = append(body, r.text[r.start(from)+1:r.ends[to-1]]...)
	return append(body, ']')
}

// usualRow is about the size of a row.
const usualRow = 640

// encode returns the rows of a batch, in order, up to the first that the service
// would refuse or cut.
func encode(logs plog.Logs, s schema, maxBody int) (rows, *httpsend.Error) {
	n := logs.LogRecordCount()
	r := rows{text: make([]byte, 0, n*usualRow), ends: make([]int, 0, n)}
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				row := rowWriter{schema: s, text: append(r.text, ',')}
				row.write(record)
				if row.err == nil && len(row.text)-len(r.text)+1 > maxBody {
					row.err = fmt.Errorf("event: found %d bytes, expected at most %d in a request", len(row.text)-len(r.text)-1, maxBody-len("[]"))
				}
				if row.err != nil {
					return r, httpsend.NewRefused(row.err.Error())
				}
				r.text = row.text
				r.ends = append(r.ends, len(r.text))
			}
		}
	}
	return r, nil
}

// rowWriter writes one row.
type rowWriter struct {
	schema
	text []byte
	more bool // a column is written
	// stamped: the column timestamp is written, since the event has none.
	stamped bool
	err     error
}

func (w *rowWriter) write(record plog.LogRecord) {
	w.text = append(w.text, '{')
	if w.timeGenerated {
		w.time(columnTimeGenerated, record)
	}
	if uid, ok := record.Attributes().Get(eventlog.AttrRecordUID); ok {
		w.column(columnRecordUID, uid)
	}
	body := record.Body()
	if at, ok := eventlog.Member(body, columnTimestamp); !w.timeGenerated && (!ok || at.Type() != pcommon.ValueTypeStr) {
		w.time(columnTimestamp, record)
		w.stamped = true
	}
	switch body.Type() {
	case pcommon.ValueTypeMap:
		w.members(body.Map())
	case pcommon.ValueTypeStr:
		w.column(columnMessage, body)
	default:
		w.column(columnMessage, pcommon.NewValueStr(body.AsString()))
	}
	w.text = append(w.text, '}')
}

// members writes an event, its members in their order, and last those that have
// no column.
func (w *rowWriter) members(m pcommon.Map) {
	others := 0
	for name, v := range m.All() {
		if w.isColumn(name, v) {
			w.column(name, v)
		} else {
			others++
		}
	}
	if others == 0 {
		return
	}
	start := w.key(columnAdditional)
	w.text = append(w.text, '{')
	first := true
	for name, v := range m.All() {
		if w.isColumn(name, v) {
			continue
		}
		if !first {
			w.text = append(w.text, ',')
		}
		first = false
		w.text = eventlog.AppendJSON(w.text, pcommon.NewValueStr(name))
		w.text = append(w.text, ':')
		w.text = eventlog.AppendJSON(w.text, v)
	}
	w.text = append(w.text, '}')
	w.limit(columnAdditional, len(w.text)-start)
}

func (w *rowWriter) isColumn(name string, v pcommon.Value) bool {
	return memberType(name).fits(v) && (!w.stamped || name != columnTimestamp)
}

// key begins a column. Its name needs no escapes. It returns where the value
// begins.
func (w *rowWriter) key(name string) int {
	if w.more {
		w.text = append(w.text, ',')
	}
	w.more = true
	w.text = append(w.text, '"')
	w.text = append(w.text, name...)
	w.text = append(w.text, '"', ':')
	return len(w.text)
}

func (w *rowWriter) column(name string, v pcommon.Value) {
	start := w.key(name)
	w.text = eventlog.AppendJSON(w.text, v)
	size := len(w.text) - start
	if v.Type() == pcommon.ValueTypeStr {
		size = len(v.Str())
	}
	w.limit(name, size)
}

// limit refuses a field that the service would cut: half an event that nobody
// knows to be half is worse than a dead letter.
func (w *rowWriter) limit(name string, size int) {
	if size > w.maxField && w.err == nil {
		w.err = fmt.Errorf("%s: found %d bytes, expected at most %d: Azure Monitor would cut it", name, size, w.maxField)
	}
}

func (w *rowWriter) time(name string, record plog.LogRecord) {
	at := record.Timestamp()
	if at == 0 {
		at = record.ObservedTimestamp()
	}
	if at == 0 {
		at = pcommon.NewTimestampFromTime(time.Now())
	}
	w.key(name)
	w.text = append(w.text, '"')
	w.text = at.AsTime().AppendFormat(w.text, timeFormat)
	w.text = append(w.text, '"')
}
