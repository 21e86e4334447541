// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventfilter"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
)

// only returns the one record of logs.
func only(logs plog.Logs) (plog.LogRecord, pcommon.Resource) {
	rl := logs.ResourceLogs().At(0)
	return rl.ScopeLogs().At(0).LogRecords().At(0), rl.Resource()
}

func describe(record plog.LogRecord, resource pcommon.Resource) *decoded {
	d := &decoded{
		EventType: eventlog.EventType(record),
		Severity:  record.SeverityText(),
		Warnings:  texts(record.Attributes(), eventlog.AttrWarnings),
		Category:  text(record.Attributes(), eventlog.AttrEventCategory),
		ID:        text(record.Attributes(), eventlog.AttrRecordUID),
	}
	d.Environment = text(resource.Attributes(), eventlog.AttrDeploymentEnvironment)
	d.Redacted = slices.Contains(d.Warnings, eventlog.WarnRedacted)
	return d
}

func text(attrs pcommon.Map, key string) string {
	if v, ok := attrs.Get(key); ok {
		return v.AsString()
	}
	return ""
}

// texts returns the strings of a list.
func texts(attrs pcommon.Map, key string) (all []string) {
	v, ok := attrs.Get(key)
	if !ok || v.Type() != pcommon.ValueTypeSlice {
		return nil
	}
	for _, v := range v.Slice().All() {
		all = append(all, v.AsString())
	}
	return all
}

// tagger is a compliance_tag processor: the real one tags, and the tables say
// why.
type tagger struct {
	tables []compliance.Framework
	tag    consumer.Logs
}

func newTagger(ctx context.Context, c *collector, id component.ID) (*tagger, error) {
	factory := compliancetagprocessor.NewFactory()
	cfg, err := load[*compliancetagprocessor.Config](c, "processors", id, factory)
	if err != nil {
		return nil, err
	}
	t := new(tagger)
	if t.tables, err = cfg.Tables(); err != nil {
		return nil, err
	}
	nowhere, err := consumer.NewLogs(func(context.Context, plog.Logs) error { return nil })
	if err != nil {
		return nil, err
	}
	t.tag, err = factory.CreateLogs(ctx, processor.Settings{ID: id, TelemetrySettings: component.TelemetrySettings{
		Logger: zap.NewNop(), TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(), Resource: pcommon.NewResource(),
	}}, cfg, nowhere)
	return t, err
}

// explain tags the record, and finds the rows of the tables that ask for what was
// added.
func (t *tagger) explain(ctx context.Context, logs plog.Logs, s *step) error {
	record, _ := only(logs)
	before := make(map[string][]string, len(t.tables))
	for i := range t.tables {
		list := t.tables[i].List
		before[list] = texts(record.Attributes(), eventlog.AttrCompliancePrefix+list)
	}
	if err := t.tag.ConsumeLogs(ctx, logs); err != nil {
		return err
	}
	s.Verdict = verdictTagged
	kind, severity := eventlog.EventType(record), event.SeverityFromNumber(int32(record.SeverityNumber()))
	for i := range t.tables {
		table := &t.tables[i]
		after := texts(record.Attributes(), eventlog.AttrCompliancePrefix+table.List)
		for _, control := range after {
			if !slices.Contains(before[table.List], control) {
				s.Tags = append(s.Tags, tag{List: table.List, Control: control, Rows: rows(table, control, kind, severity)})
			}
		}
		for _, control := range before[table.List] {
			if !slices.Contains(after, control) {
				s.Why = append(s.Why, fmt.Sprintf("%s %s is removed: mode is replace", table.List, control))
			}
		}
	}
	if len(s.Tags) == 0 {
		s.Why = append(s.Why, "adds nothing")
	}
	return nil
}

// rows are those that give an event a control.
func rows(table *compliance.Framework, control, kind string, severity event.Severity) (all []string) {
	for i := range table.Rules {
		rule := &table.Rules[i]
		if !slices.Contains(rule.Controls, control) || !rule.Applies(kind, severity) {
			continue
		}
		globs, names := []string{"every event"}, []string(nil)
		if len(rule.Events) > 0 {
			globs = nil
		}
		for _, glob := range rule.Events {
			globs = append(globs, glob.String())
		}
		for _, severity := range rule.Severities {
			names = append(names, severity.String())
		}
		row := fmt.Sprintf("%s has %s for %s", table.Name, strings.Join(rule.Controls, ", "), strings.Join(globs, ", "))
		if len(names) > 0 {
			row += " of severity " + strings.Join(names, ", ")
		}
		all = append(all, row)
	}
	return all
}

// filter is a siem_filter processor.
type filter struct {
	rules *eventfilter.Filter
}

func newFilter(c *collector, id component.ID) (*filter, error) {
	cfg, err := load[*siemfilterprocessor.Config](c, "processors", id, siemfilterprocessor.NewFactory())
	if err != nil {
		return nil, err
	}
	rules, err := cfg.Compile()
	return &filter{rules: rules}, err
}

func (f *filter) explain(logs plog.Logs, s *step) {
	r := f.rules.Explain(only(logs))
	s.Verdict, s.Rule = verdictKept, r.Rule
	switch {
	case r.Dropped:
		s.Verdict = verdictDropped
	case r.Chance > 0 || r.Limited:
		s.Verdict = verdictMay
	}
	for i := range r.Asked {
		s.Why = append(s.Why, asked(&r.Asked[i])...)
	}
	if r.Chance > 0 {
		s.Why = append(s.Why, fmt.Sprintf("sampling passes %v %% of them; the id that the receiver gives decides", r.Chance))
	}
	if r.Limited && !r.Dropped {
		s.Why = append(s.Why, "rate_limit drops it where too many come in a second")
	}
	if len(s.Why) == 0 {
		s.Why = append(s.Why, "no rule drops it")
	}
}

// asked tells what a rule found; one of a single comparison on one line.
func asked(a *eventfilter.Asked) []string {
	matches := a.Rule + " does not match"
	if a.Holds {
		matches = a.Rule + " matches"
	}
	if len(a.Parts) == 1 {
		return []string{matches + ": " + found(&a.Parts[0])}
	}
	lines := []string{matches}
	for _, finding := range findings(a.Parts) {
		lines = append(lines, "  "+finding)
	}
	return lines
}
