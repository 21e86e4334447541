// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/hex"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// What of an event's undocumented fields is indexed; the Body has all of them.
const (
	maxIndexed     = 64   // attributes for metadata, and as many for other fields
	maxIndexedKey  = 128  // bytes of a key
	maxIndexedText = 4096 // bytes of a value, as JSON
)

// readTop indexes what stands beside the members that MockForge sends.
func (r *reader) readTop() {
	if id, ok := r.text(r.at.eventID, "event_id"); ok && id != "" {
		r.attrs.PutStr(AttrRecordUID, id)
	} else if id, ok := r.text(r.at.shortID, "id"); ok && id != "" {
		r.attrs.PutStr(AttrRecordUID, id)
	}
	r.readTest()
	r.readTopEnvironment()
	if r.at.traceID != 0 && !r.setTraceID(r.at.traceID) {
		r.putExtra("", "trace_id", r.at.traceID)
	}
	if r.at.spanID != 0 && !r.setSpanID(r.at.spanID) {
		r.putExtra("", "span_id", r.at.spanID)
	}
	if !r.at.unknown {
		return
	}
	for k := int32(1); k < r.tape[0].next; k = r.tape[k+1].next {
		if key := r.str(&r.tape[k]); r.at.place(key) == nil {
			r.putExtra("", key, k+1)
		}
	}
}

func (r *reader) readTest() {
	if r.at.test == 0 {
		return
	}
	switch r.tape[r.at.test].kind {
	case kindTrue:
		r.attrs.PutBool(AttrTest, true)
	case kindFalse, kindNull:
	default:
		r.add("test" + warnType)
	}
}

// readTopEnvironment lets the event's own environment win over its source's and
// its metadata's.
func (r *reader) readTopEnvironment() {
	if r.at.environment == 0 {
		return
	}
	if n := &r.tape[r.at.environment]; n.kind == kindString && n.end > n.start {
		r.from.environment = r.str(n)
		return
	}
	r.putExtra("", fieldEnvironment, r.at.environment)
}

// readEnvironment takes the environment where none was found before.
func (r *reader) readEnvironment(i int32) {
	if n := &r.tape[i]; r.from.environment == "" && n.kind == kindString {
		r.from.environment = r.str(n)
	}
}

func (r *reader) readMetadata() {
	from, to := r.object(r.at.metadata, fieldMetadata)
	indexed := 0
	for k := from; k < to; k = r.tape[k+1].next {
		key, at := r.str(&r.tape[k]), k+1
		r.readKnownMetadata(key, at)
		switch r.indexable(key, at) {
		case notIndexable:
			continue
		case tooLong:
			r.add(warnMetadataCapped)
			continue
		case indexable:
		}
		if indexed == maxIndexed {
			r.add(warnMetadataCapped)
			continue
		}
		r.set(r.attrs.PutEmpty(r.keys.metadata(key)), at)
		indexed++
	}
}

// readKnownMetadata gives what semantic conventions have a name for that name
// too.
func (r *reader) readKnownMetadata(key string, i int32) {
	n := &r.tape[i]
	switch key {
	case "status_code":
		if n.kind == kindNumber {
			if code, ok := parseInt(r.raw(n)); ok && code >= 100 && code <= 599 {
				r.attrs.PutInt(AttrHTTPStatusCode, code)
			}
		}
	case "session_id":
		// MockForge writes "" for none.
		if n.kind == kindString && n.end > n.start {
			r.attrs.PutStr(AttrSessionID, r.str(n))
		}
	case fieldEnvironment:
		r.readEnvironment(i)
	case "trace_id":
		r.setTraceID(i)
	case "span_id":
		r.setSpanID(i)
	}
}

// putExtra indexes a scalar field that MockForge does not document.
func (r *reader) putExtra(parent, key string, i int32) {
	if r.tape[i].kind == kindArray {
		return
	}
	key = parent + key
	can := r.indexable(key, i)
	if can == notIndexable {
		return
	}
	if can == tooLong || r.extras == maxIndexed {
		r.add(warnExtraCapped)
		return
	}
	key = AttrExtraPrefix + key
	if ownKeys[key] {
		return
	}
	v, exists := r.attrs.GetOrPutEmpty(key)
	if !exists {
		r.set(v, i)
		r.extras++
	}
}

// indexability says whether a value gets an attribute.
type indexability uint8

const (
	notIndexable indexability = iota // null, an object, or an array of mixed types
	tooLong                          // the Body alone has it
	indexable                        // a scalar, or an array of scalars of one type
)

func (r *reader) indexable(key string, i int32) indexability {
	n := &r.tape[i]
	switch {
	case n.kind == kindNull || n.kind == kindObject:
		return notIndexable
	case len(key) > maxIndexedKey || n.end-n.start > maxIndexedText:
		return tooLong
	case n.kind == kindArray && !r.homogeneous(i):
		return notIndexable
	default:
		return indexable
	}
}

func (r *reader) homogeneous(i int32) bool {
	if r.tape[i].size == 0 || r.tape[i+1].kind >= kindArray {
		return false
	}
	want := r.scalarType(&r.tape[i+1])
	for k := i + 1; k < r.tape[i].next; k = r.tape[k].next {
		if n := &r.tape[k]; n.kind >= kindArray || r.scalarType(n) != want {
			return false
		}
	}
	return want != pcommon.ValueTypeEmpty
}

func (r *reader) scalarType(n *node) pcommon.ValueType {
	switch n.kind {
	case kindString:
		return pcommon.ValueTypeStr
	case kindNumber:
		if _, ok := parseInt(r.raw(n)); ok {
			return pcommon.ValueTypeInt
		}
		if _, ok := parseDouble(r.raw(n)); ok {
			return pcommon.ValueTypeDouble
		}
		return pcommon.ValueTypeStr
	case kindTrue, kindFalse:
		return pcommon.ValueTypeBool
	default:
		return pcommon.ValueTypeEmpty
	}
}

// setTraceID takes a valid trace id (W3C Trace Context, section 3.2.2.3).
func (r *reader) setTraceID(i int32) bool {
	var id pcommon.TraceID
	if !r.decodeHex(id[:], i) || id.IsEmpty() {
		return false
	}
	r.record.SetTraceID(id)
	return true
}

// setSpanID takes a valid span id (W3C Trace Context, section 3.2.2.4).
func (r *reader) setSpanID(i int32) bool {
	var id pcommon.SpanID
	if !r.decodeHex(id[:], i) || id.IsEmpty() {
		return false
	}
	r.record.SetSpanID(id)
	return true
}

func (r *reader) decodeHex(dst []byte, i int32) bool {
	n := &r.tape[i]
	if n.kind != kindString || int(n.end-n.start) != hex.EncodedLen(len(dst)) {
		return false
	}
	_, err := hex.Decode(dst, []byte(r.raw(n)))
	return err == nil
}
