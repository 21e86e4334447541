// SPDX-License-Identifier: Apache-2.0

package compliancetagprocessor

import (
	"context"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor/internal/metadata"
)

// status is how an event was tagged; the words are ComplyBeacon's.
type status uint8

const (
	statusSuccess status = iota
	statusUnmapped
	statusSkipped
	statusCount
)

var statusNames = [statusCount]string{
	statusSuccess:  "Success",
	statusUnmapped: "Unmapped", // only rules for every event match a type that the catalogue lacks
	statusSkipped:  "Skipped",  // no MockForge event
}

// tagger is the processor.
type tagger struct {
	mode       Mode
	frameworks []framework
	telemetry  *metadata.TelemetryBuilder
	counted    [statusCount]metric.MeasurementOption
	plans      map[planKey]plan
}

type framework struct {
	compliance.Framework
	attribute string
	scalar    string // the attribute of a list that was none
}

// plan is what the tables say of one kind of event.
type plan struct {
	controls [][]string // by framework
	status   status
}

type planKey struct {
	eventType string
	severity  event.Severity
}

func newTagger(cfg *Config, telemetry *metadata.TelemetryBuilder) (*tagger, error) {
	tables, err := cfg.Tables()
	if err != nil {
		return nil, err
	}
	t := &tagger{mode: cfg.Mode, telemetry: telemetry, plans: make(map[planKey]plan)}
	for _, table := range tables {
		key := eventlog.AttrCompliancePrefix + table.List
		t.frameworks = append(t.frameworks, framework{Framework: table, attribute: key, scalar: eventlog.AttrExtraPrefix + key})
	}
	for s, name := range statusNames {
		t.counted[s] = metric.WithAttributeSet(attribute.NewSet(attribute.String("status", name)))
	}
	// Only the catalogue is planned ahead: a cache that grew with what senders
	// make up could grow without end.
	for _, known := range event.Catalogue() {
		for severity := event.SeverityUnknown; severity <= event.SeverityCritical; severity++ {
			key := planKey{known.Name, severity}
			t.plans[key] = t.plan(key)
		}
	}
	return t, nil
}

func (t *tagger) plan(key planKey) plan {
	_, known := event.Lookup(key.eventType)
	p := plan{status: statusUnmapped}
	for i := range t.frameworks {
		controls, specific := t.frameworks[i].Controls(key.eventType, key.severity)
		p.controls = append(p.controls, controls)
		if specific || known {
			p.status = statusSuccess
		}
	}
	return p
}

func (t *tagger) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	var counts [statusCount]int64
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				counts[t.tag(record)]++
			}
		}
	}
	for s, n := range counts {
		if n > 0 {
			t.telemetry.ProcessorComplianceTagEvents.Add(ctx, n, t.counted[s])
		}
	}
	return logs, nil
}

// tag adds the controls to one record, to Body and attributes alike.
func (t *tagger) tag(record plog.LogRecord) status {
	eventType := eventlog.EventType(record)
	if eventType == "" {
		record.Attributes().PutStr(eventlog.AttrComplianceStatus, statusNames[statusSkipped])
		return statusSkipped
	}
	key := planKey{eventType, event.SeverityFromNumber(int32(record.SeverityNumber()))}
	p, ok := t.plans[key]
	if !ok {
		p = t.plan(key)
	}
	// On the stack: as long as an event has this many controls at most.
	var requiredBuf, addedBuf, removedBuf, namesBuf [16]string
	required, added, removed, names := requiredBuf[:0], addedBuf[:0], removedBuf[:0], namesBuf[:0]
	for i := range t.frameworks {
		f, start := &t.frameworks[i], len(required)
		if values, ok := controlList(record, f, len(p.controls[i]) > 0); ok {
			if len(f.Rules) > 0 {
				added, removed = t.apply(values, p.controls[i], added, removed)
			}
			required = appendStrings(required, values)
		}
		if len(required) > start {
			names = append(names, f.Name)
		}
		putStrings(record.Attributes(), f.attribute, required[start:])
	}
	attrs := record.Attributes()
	putUnion(attrs, eventlog.AttrComplianceFrameworks, names, nil)
	putUnion(attrs, eventlog.AttrComplianceRequired, required, removed)
	attrs.PutStr(eventlog.AttrComplianceStatus, statusNames[p.status])
	putUnion(attrs, eventlog.AttrComplianceAdded, added, nil)
	return p.status
}

// apply changes a list to what the mode asks for. It returns added and removed
// with what it added and removed behind what they held.
func (t *tagger) apply(values pcommon.Slice, want, added, removed []string) (_, _ []string) {
	if t.mode == ModeFill && hasStrings(values) {
		return added, removed
	}
	start := len(added)
	for _, control := range want {
		if !contains(values, control) {
			added = append(added, control)
		}
	}
	fresh := added[start:]
	if t.mode == ModeReplace {
		removed = appendStrings(removed, values)
		values.RemoveIf(func(pcommon.Value) bool { return true })
		fresh = want
	}
	values.EnsureCapacity(values.Len() + len(fresh))
	for _, control := range fresh {
		values.AppendEmpty().SetStr(control)
	}
	return added, removed
}
