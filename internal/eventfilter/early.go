// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// Early is a filter that needs no record: its rules ask only for what the head of
// an event has. It judges as Filter would judge the record.
type Early struct {
	filter *Filter
	// verdicts are those found before. As many heads are possible as there are
	// types, severities and environments; senders may make up more.
	verdicts atomic.Pointer[map[eventlog.Head]int]
	adding   sync.Mutex
}

// maxVerdicts bounds the verdicts that are kept.
const maxVerdicts = 1024

// earlyFields are the fields of a head.
var earlyFields = []string{"event_type", "category", "severity", "environment"}

// NewEarly compiles settings: include, exclude and conditions. The error has every
// entry that cannot be compiled, or asks for more than a head has.
func NewEarly(s Settings) (*Early, error) {
	f, err := New(s)
	if err != nil {
		return nil, err
	}
	var errs []error
	check := func(key string, i int, entry string, fields []string) {
		for _, field := range fields {
			if !slices.Contains(earlyFields, field) {
				errs = append(errs, fmt.Errorf("%s[%d]: %q: found the field %s, expected one of %s; the processor siem_filter takes all",
					key, i, entry, field, strings.Join(earlyFields, ", ")))
			}
		}
	}
	for i, entry := range f.include {
		check("include", i, entry.String(), entry.Fields())
	}
	for i, entry := range f.exclude {
		check("exclude", i, entry.String(), entry.Fields())
	}
	for i, entry := range f.conditions {
		check("conditions", i, entry.String(), entry.Fields())
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	e := &Early{filter: f}
	e.verdicts.Store(new(map[eventlog.Head]int))
	return e, nil
}

// Filter is the same filter, for records.
func (e *Early) Filter() *Filter { return e.filter }

// Judge returns the index in the filter's Rules of the one that drops the event,
// or Passed.
func (e *Early) Judge(h *eventlog.Head) int {
	if verdict, ok := (*e.verdicts.Load())[*h]; ok {
		return verdict
	}
	verdict := e.filter.Judge(recordOf(h))
	e.keep(h, verdict)
	return verdict
}

// keep adds a verdict to a copy of those that others may be reading.
func (e *Early) keep(h *eventlog.Head, verdict int) {
	e.adding.Lock()
	defer e.adding.Unlock()
	known := *e.verdicts.Load()
	if len(known) >= maxVerdicts {
		return
	}
	own := *h
	own.EventType, own.Environment = strings.Clone(h.EventType), strings.Clone(h.Environment)
	more := maps.Clone(known)
	if more == nil {
		more = make(map[eventlog.Head]int)
	}
	more[own] = verdict
	e.verdicts.Store(&more)
}

// recordOf has of a record what the rules ask for.
func recordOf(h *eventlog.Head) (plog.LogRecord, pcommon.Resource, *Pass) {
	record, resource := plog.NewLogRecord(), pcommon.NewResource()
	record.Attributes().PutStr(eventlog.AttrEventType, h.EventType)
	record.Attributes().PutStr(eventlog.AttrEventCategory, string(h.Category))
	record.SetSeverityNumber(plog.SeverityNumber(h.Severity.Number()))
	if h.Environment != "" {
		resource.Attributes().PutStr(eventlog.AttrDeploymentEnvironment, h.Environment)
	}
	return record, resource, new(Pass)
}
