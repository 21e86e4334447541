// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// maxEvents is the most events that an alert names: the newest.
const maxEvents = 100

// alertIDs is the namespace of alerts' ids (RFC 9562 section 5.5).
var alertIDs = uuid.MustParse("5f0a3c2e-6d1b-5c47-9d55-0e3d2b1a7c11")

// firing is all that an alert tells.
type firing struct {
	rule        *rule
	record      plog.LogRecord // the event that fired it
	resource    pcommon.Resource
	group       string // the values of the rule's fields, a JSON array
	count       float64
	first, last int64
	suppressed  int64
	events      []string // log.record.uid of those in the window
	test        bool
}

// logs returns the alert as MockForge would write it: JSON that the one codec
// reads.
func (f *firing) logs(now time.Time) (plog.Logs, error) {
	batch := eventlog.NewDecoder(eventlog.Options{}).NewBatch(now)
	record, err := batch.Add(f.appendJSON(nil, true), time.Time{})
	if err != nil {
		// An event of another receiver may have parts that are none of MockForge's.
		if record, err = batch.Add(f.appendJSON(nil, false), time.Time{}); err != nil {
			return plog.Logs{}, fmt.Errorf("writing an alert: %w", err)
		}
	}
	f.record.Body().CopyTo(record.Body().Map().PutEmpty("trigger"))
	f.index(record.Attributes())
	return batch.Logs(), nil
}

func (f *firing) appendJSON(dst []byte, parts bool) []byte {
	dst = append(dst, `{"timestamp":`...)
	dst = appendTime(dst, f.last)
	dst = append(dst, `,"event_type":`...)
	dst = eventlog.AppendString(dst, event.TypeAlertFired)
	dst = append(dst, `,"severity":`...)
	dst = eventlog.AppendString(dst, f.rule.severity.String())
	dst = append(dst, `,"event_id":`...)
	dst = eventlog.AppendString(dst, f.id())
	if f.test {
		dst = append(dst, `,"test":true`...)
	}
	dst = f.appendSource(dst)
	if parts {
		dst = f.appendPart(dst, "actor")
		dst = f.appendPart(dst, "target")
	}
	dst = f.appendMetadata(dst)
	if f.rule.compliance != nil {
		dst = append(append(dst, `,"compliance":`...), f.rule.compliance...)
	} else if parts {
		dst = f.appendPart(dst, "compliance")
	}
	return append(dst, '}')
}

// appendSource names the producer of the event, and this component.
func (f *firing) appendSource(dst []byte) []byte {
	dst = append(dst, `,"source":{"system":`...)
	dst = eventlog.AppendString(dst, f.resourceText(eventlog.AttrServiceName, eventlog.DefaultServiceName))
	dst = append(dst, `,"component":"siem_alert"`...)
	for _, part := range [...]struct{ member, key string }{
		{"version", eventlog.AttrServiceVersion}, {"environment", eventlog.AttrDeploymentEnvironment},
	} {
		if text := f.resourceText(part.key, ""); text != "" {
			dst = append(append(append(dst, `,"`...), part.member...), `":`...)
			dst = eventlog.AppendString(dst, text)
		}
	}
	return append(dst, '}')
}

func (f *firing) resourceText(key, otherwise string) string {
	if v, ok := f.resource.Attributes().Get(key); ok && v.Type() == pcommon.ValueTypeStr && v.Str() != "" {
		return v.Str()
	}
	return otherwise
}

// appendPart takes over a part of the event that fired the rule.
func (f *firing) appendPart(dst []byte, name string) []byte {
	part, ok := eventlog.Member(f.record.Body(), name)
	if !ok || part.Type() != pcommon.ValueTypeMap {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return eventlog.AppendJSON(dst, part)
}

func (f *firing) appendMetadata(dst []byte) []byte {
	dst = append(dst, `,"metadata":{"alert":`...)
	dst = eventlog.AppendString(dst, f.rule.name)
	if f.rule.description != "" {
		dst = append(dst, `,"description":`...)
		dst = eventlog.AppendString(dst, f.rule.description)
	}
	dst = append(dst, `,"actions":`...)
	dst = appendStrings(dst, f.rule.actions)
	dst = append(dst, `,"condition":`...)
	dst = eventlog.AppendString(dst, f.rule.condition)
	dst = f.appendGroup(append(dst, `,"group":`...))
	dst = append(dst, `,"count":`...)
	dst = appendNumber(dst, f.count)
	if f.rule.window != nil {
		dst = append(dst, `,"window":`...)
		dst = eventlog.AppendString(dst, duration(f.rule.window.Within))
	}
	dst = append(dst, `,"first_seen":`...)
	dst = appendTime(dst, f.first)
	dst = append(dst, `,"last_seen":`...)
	dst = appendTime(dst, f.last)
	dst = append(dst, `,"suppressed":`...)
	dst = strconv.AppendInt(dst, f.suppressed, 10)
	dst = append(dst, `,"event_ids":`...)
	dst = appendStrings(dst, f.events)
	return append(dst, '}')
}

func (f *firing) appendGroup(dst []byte) []byte {
	dst = append(dst, '{')
	for i, value := range f.groupValues() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(eventlog.AppendString(dst, f.rule.by[i]), ':')
		dst = append(dst, value...)
	}
	return append(dst, '}')
}

// groupValues takes the key of the group apart.
func (f *firing) groupValues() (values []json.RawMessage) {
	if len(f.rule.by) == 0 {
		return nil
	}
	if err := json.Unmarshal([]byte(f.group), &values); err != nil || len(values) != len(f.rule.by) {
		return nil // only a state that was tampered with
	}
	return values
}

// id is the same whenever the same event fires the same rule, so that a receiver
// knows an alert that comes again.
func (f *firing) id() string {
	uid := uidOf(f.record)
	if uid == "" {
		return uuid.Must(uuid.NewV7()).String()
	}
	name := strings.Join([]string{f.rule.name, f.group, uid, strconv.FormatBool(f.test)}, "\x00")
	return uuid.NewSHA1(alertIDs, []byte(name)).String()
}

// index adds what the codec does not know of.
func (f *firing) index(attrs pcommon.Map) {
	attrs.Remove(eventlog.AttrWarnings) // the catalogue has no alerts, and warnings of the event stand in it
	attrs.PutStr(eventlog.AttrAlertName, f.rule.name)
	attrs.PutStr(eventlog.AttrSecurityRuleName, f.rule.name)
	attrs.PutStr(eventlog.AttrAlertSeverity, f.rule.severity.String())
	putStrings(attrs.PutEmptySlice(eventlog.AttrAlertActions), f.rule.actions)
	if f.count == math.Trunc(f.count) && math.Abs(f.count) < 1<<63 {
		attrs.PutInt(eventlog.AttrAlertCount, int64(f.count))
	} else {
		attrs.PutDouble(eventlog.AttrAlertCount, f.count)
	}
	attrs.PutInt(eventlog.AttrAlertSuppressed, f.suppressed)
	putStrings(attrs.PutEmptySlice(eventlog.AttrAlertEvents), f.events)
	for i, value := range f.groupValues() {
		var text *string // null where the events have no such field
		if err := json.Unmarshal(value, &text); err == nil && text != nil {
			attrs.PutStr(eventlog.AttrAlertGroupPrefix+f.rule.by[i], *text)
		}
	}
}

func putStrings(s pcommon.Slice, texts []string) {
	s.EnsureCapacity(len(texts))
	for _, text := range texts {
		s.AppendEmpty().SetStr(text)
	}
}

func appendTime(dst []byte, nanoseconds int64) []byte {
	dst = append(dst, '"')
	dst = time.Unix(0, nanoseconds).UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}

func appendNumber(dst []byte, n float64) []byte {
	return strconv.AppendFloat(dst, n, 'f', -1, 64)
}

func uidOf(record plog.LogRecord) string {
	if v, ok := record.Attributes().Get(eventlog.AttrRecordUID); ok && v.Type() == pcommon.ValueTypeStr {
		return v.Str()
	}
	return ""
}
