// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// members are the places of an event's known members on the tape; 0 where the
// event has none.
type members struct {
	timestamp, eventType, severity                       int32
	source, actor, target, outcome, metadata, compliance int32
	environment, test, traceID, spanID, eventID, shortID int32
	unknown                                              bool
}

// reader turns one scanned event into one log record.
type reader struct {
	scanned
	at     members
	from   producer
	record plog.LogRecord
	attrs  pcommon.Map
	kind   string // the event type
	known  event.Type
	extras int // attributes for undocumented fields so far
	redact bool
	keys   *attributeKeys
}

// read fills the record. The only thing it refuses is an unusable event_type.
func (r *reader) read(s *scanner, observed, sent time.Time) error {
	r.record.SetObservedTimestamp(pcommon.NewTimestampFromTime(observed))
	r.set(r.record.Body(), 0)
	if err := r.dropDuplicates(s); err != nil {
		return err
	}
	r.find()
	if err := r.readType(); err != nil {
		return err
	}
	r.attrs = r.record.Attributes()
	r.attrs.EnsureCapacity(r.attributeCount())
	r.record.SetEventName(r.kind)
	r.attrs.PutStr(AttrEventType, r.kind)
	r.attrs.PutStr(AttrEventCategory, string(r.known.Category))
	r.readTimestamp(sent)
	r.readSeverity()
	r.readSource()
	r.readActor()
	r.readTarget()
	r.readOutcome()
	r.readMetadata()
	r.readCompliance()
	r.readTop()
	r.writeWarnings()
	return nil
}

// dropDuplicates goes on with the event as the Body has it, where a member came
// up twice: the index must not see a value that the Body has not.
func (r *reader) dropDuplicates(s *scanner) error {
	if !r.duplicates {
		return nil
	}
	text := AppendJSON(nil, r.record.Body())
	data, pos := s.data, s.pos
	err := s.scan(text, 0)
	r.event, r.base, r.tape = string(text), 0, s.tape
	s.data, s.pos = data, pos
	return err
}

// find notes where the known members are.
func (r *reader) find() {
	for k := int32(1); k < r.tape[0].next; k = r.tape[k+1].next {
		if place := r.at.place(r.str(&r.tape[k])); place != nil {
			*place = k + 1
		} else {
			r.at.unknown = true
		}
	}
}

// place returns where a known member is noted; nil for any other.
func (m *members) place(name string) *int32 {
	switch name {
	case fieldTimestamp:
		return &m.timestamp
	case fieldEventType:
		return &m.eventType
	case fieldSeverity:
		return &m.severity
	case fieldSource:
		return &m.source
	case fieldActor:
		return &m.actor
	case fieldTarget:
		return &m.target
	case fieldOutcome:
		return &m.outcome
	case fieldMetadata:
		return &m.metadata
	case fieldCompliance:
		return &m.compliance
	case fieldEnvironment:
		return &m.environment
	case "test":
		return &m.test
	case "trace_id":
		return &m.traceID
	case "span_id":
		return &m.spanID
	case "event_id":
		return &m.eventID
	case "id":
		return &m.shortID
	default:
		return nil
	}
}

// attributeCount foresees the index, with room for what tagging adds and for where
// the event came from. To grow would be to copy it all.
func (r *reader) attributeCount() int {
	const fixed, more = 19, 6
	if r.at.metadata == 0 {
		return fixed + more
	}
	return fixed + more + int(min(r.tape[r.at.metadata].size, maxIndexed))
}

func (r *reader) readType() error {
	n := &r.tape[r.at.eventType]
	found := kindNames[n.kind]
	if r.at.eventType == 0 {
		found = "nothing"
	} else if n.kind == kindString {
		found = "an empty string"
		r.kind = r.str(n)
	}
	if strings.TrimSpace(r.kind) == "" {
		return &Error{
			Reason: ReasonEventType, Offset: int(n.start),
			Field: fieldEventType, Found: found, Expected: "a non-empty string",
		}
	}
	var known bool
	if r.known, known = event.Lookup(r.kind); !known {
		r.known.Category = event.CategoryOf(r.kind)
		r.add(warnTypeUnknown)
	}
	return nil
}

// readTimestamp lets the time that the envelope names, or else the time of
// arrival, stand in.
func (r *reader) readTimestamp(sent time.Time) {
	at := r.record.ObservedTimestamp()
	if !sent.IsZero() {
		at = pcommon.NewTimestampFromTime(sent)
	}
	switch text, ok := r.text(r.at.timestamp, fieldTimestamp); {
	case ok:
		if t, valid := parseTime(text); valid {
			at = pcommon.NewTimestampFromTime(t)
		} else {
			r.add(warnTimestampInvalid)
		}
	case r.at.timestamp == 0 || r.tape[r.at.timestamp].kind == kindNull:
		r.add(warnTimestampMissing)
	}
	r.record.SetTimestamp(at)
}

func (r *reader) readSeverity() {
	text, ok := r.text(r.at.severity, fieldSeverity)
	severity, known := event.ParseSeverity(text)
	switch {
	case ok && !known:
		r.add(warnSeverityUnknown)
	case !ok:
		if severity = r.known.Severity; severity == event.SeverityUnknown {
			return
		}
		text = severity.String()
		r.add(warnSeverityDefault)
	}
	r.record.SetSeverityNumber(plog.SeverityNumber(severity.Number()))
	r.record.SetSeverityText(text)
}

func (r *reader) writeWarnings() {
	if len(r.warnings) == 0 {
		return
	}
	s := r.attrs.PutEmptySlice(AttrWarnings)
	s.EnsureCapacity(len(r.warnings))
	for _, w := range r.warnings {
		s.AppendEmpty().SetStr(w)
	}
}

// text returns the string at node i; false where it is absent or null, and a
// warning for any other type.
func (r *reader) text(i int32, path string) (string, bool) {
	if i == 0 {
		return "", false
	}
	switch n := &r.tape[i]; n.kind {
	case kindString:
		return r.str(n), true
	case kindNull:
		return "", false
	default:
		r.add(path + warnType)
		return "", false
	}
}

// object returns where the members of the object at node i begin and end; an
// empty range where it is absent or null, and a warning for any other type.
func (r *reader) object(i int32, path string) (from, to int32) {
	if i == 0 || r.tape[i].kind == kindNull {
		return 0, 0
	}
	if r.tape[i].kind != kindObject {
		r.add(path + warnType)
		return 0, 0
	}
	return i + 1, r.tape[i].next
}

// parseTime reads an RFC 3339 time. A lower-case t or z, and a space for the T,
// are RFC 3339 too (section 5.6); no offset is read as UTC. The range is what
// 64 bits of nanoseconds since 1970 hold.
func parseTime(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		text = strings.Replace(strings.ToUpper(text), " ", "T", 1)
		if t, err = time.Parse(time.RFC3339Nano, text); err != nil {
			t, err = time.Parse("2006-01-02T15:04:05.999999999", text)
		}
	}
	return t, err == nil && t.Unix() >= 0 && t.Year() < 2262
}
