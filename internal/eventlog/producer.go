// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// producer is what one Resource stands for.
type producer struct {
	system, version, environment string
}

// append moves a record to those of its producer, and returns where it is.
func (b *Batch) append(record plog.LogRecord, from producer) plog.LogRecord {
	if from.system == "" {
		from.system = DefaultServiceName
	}
	if from.environment == "" {
		from.environment = b.decoder.options.Environment
	}
	if b.count == 0 || from != b.last {
		b.switchTo(from)
	}
	if b.decoder.options.AssignUIDs {
		b.assignUID(record.Attributes())
	}
	kept := b.records.AppendEmpty()
	record.MoveTo(kept)
	b.count++
	return kept
}

func (b *Batch) assignUID(attrs pcommon.Map) {
	if v, exists := attrs.GetOrPutEmpty(AttrRecordUID); !exists {
		v.SetStr(b.uids.next())
	}
}

// switchTo finds or makes the place for records of a producer.
func (b *Batch) switchTo(p producer) {
	if b.producers == nil {
		b.producers = make(map[producer]plog.LogRecordSlice)
	}
	records, ok := b.producers[p]
	if !ok {
		records = newRecords(b.logs, p)
		b.producers[p] = records
	}
	b.last, b.records = p, records
}

func newRecords(logs plog.Logs, p producer) plog.LogRecordSlice {
	rl := logs.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl(SchemaURL)
	fillResource(rl.Resource().Attributes(), p)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.SetSchemaUrl(SchemaURL)
	sl.Scope().SetName(ScopeName)
	sl.Scope().SetVersion(ScopeVersion)
	return sl.LogRecords()
}

func fillResource(attrs pcommon.Map, p producer) {
	attrs.EnsureCapacity(3)
	attrs.PutStr(AttrServiceName, p.system)
	if p.version != "" {
		attrs.PutStr(AttrServiceVersion, p.version)
	}
	if p.environment != "" {
		attrs.PutStr(AttrDeploymentEnvironment, p.environment)
	}
}
