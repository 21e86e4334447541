// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadata"
)

// filter is the processor.
type filter struct {
	cfg       *Config
	id        string
	rules     rules
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	// droppers name what drops events: 0 for include, then each entry of
	// exclude, each condition, each entry of sampling, and the rate limit.
	droppers []dropper
}

type dropper struct {
	rule    tally.Rule
	counted metric.MeasurementOption
}

// passed is the verdict on an event that no rule drops.
const passed = -1

func newFilter(cfg *Config, set processor.Settings, telemetry *metadata.TelemetryBuilder) (*filter, error) {
	rules, err := cfg.compile()
	if err != nil {
		return nil, err
	}
	f := &filter{cfg: cfg, id: set.ID.String(), rules: rules, logger: set.Logger, telemetry: telemetry}
	f.addDropper(tally.Filtered, "include")
	for _, s := range rules.exclude {
		f.addDropper(tally.Filtered, "exclude: "+s.String())
	}
	for _, c := range rules.conditions {
		f.addDropper(tally.Filtered, "conditions: "+c.String())
	}
	for _, s := range rules.samplers {
		f.addDropper(tally.Sampled, "sampling: "+s.match.String())
	}
	f.addDropper(tally.RateLimited, "rate_limit")
	return f, nil
}

func (f *filter) addDropper(kind tally.Kind, rule string) {
	f.droppers = append(f.droppers, dropper{
		rule:    tally.Rule{Kind: kind, Component: f.id, Text: rule},
		counted: metric.WithAttributeSet(attribute.NewSet(attribute.String("rule", rule))),
	})
}

// start warns of settings that are valid but hardly meant.
func (f *filter) start(context.Context, component.Host) error {
	if f.cfg.Include != nil && len(f.cfg.Include) == 0 {
		f.logger.Warn("include is an empty list, so it restricts nothing; MockForge itself would drop every event")
	}
	f.warnUnknown("include", f.rules.include)
	f.warnUnknown("exclude", f.rules.exclude)
	for _, s := range f.rules.samplers {
		f.warnUnknown("sampling", []*condition.Selector{s.match})
	}
	f.warnUnknown("keep", f.rules.keep)
	return nil
}

func (f *filter) warnUnknown(key string, selectors []*condition.Selector) {
	for _, s := range selectors {
		if s.MatchesNoKnownType() {
			f.logger.Warn("a pattern matches none of MockForge's event types",
				zap.String("list", key), zap.String("pattern", s.String()))
		}
	}
}

func (f *filter) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	dropped := make([]int64, len(f.droppers))
	b := pass{now: time.Now()}
	debug := f.logger.Core().Enabled(zap.DebugLevel)
	logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		resource := rl.Resource()
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				verdict := f.judge(record, resource, &b)
				if verdict == passed {
					return false
				}
				dropped[verdict]++
				if debug {
					f.logger.Debug("event dropped",
						zap.String("rule", f.droppers[verdict].rule.Text), zap.String("event_type", eventlog.EventType(record)))
				}
				return true
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	for i, n := range dropped {
		if n > 0 {
			f.telemetry.ProcessorSiemFilterDropped.Add(ctx, n, f.droppers[i].counted)
			tally.From(ctx).Drop(f.droppers[i].rule, uint64(n))
		}
	}
	if logs.ResourceLogs().Len() == 0 {
		return logs, processorhelper.ErrSkipProcessingData
	}
	return logs, nil
}

// pass is what the judging of one batch shares.
type pass struct {
	now time.Time
	buf []byte
}

// judge returns the index of the dropper that drops the record, or passed: some
// include must match, no exclude may, and all conditions must hold; then come
// sampling and the rate limit.
func (f *filter) judge(record plog.LogRecord, resource pcommon.Resource, b *pass) int {
	if len(f.rules.include) > 0 && !anyMatches(f.rules.include, record, resource) {
		return 0
	}
	next := 1
	for i, s := range f.rules.exclude {
		if s.Match(record, resource) {
			return next + i
		}
	}
	next += len(f.rules.exclude)
	for i, c := range f.rules.conditions {
		if !c.Match(record, resource) {
			return next + i
		}
	}
	next += len(f.rules.conditions)
	if i, out := f.sampledOut(record, resource, b); out {
		return next + i
	}
	next += len(f.rules.samplers)
	// What is kept takes a token too, if there is one: others make room for it.
	if f.rules.limiter != nil && !f.rules.limiter.AllowN(b.now, 1) && !anyMatches(f.rules.keep, record, resource) {
		return next
	}
	return passed
}

// sampledOut asks the first entry of sampling that matches, and returns its
// index when it drops the record.
func (f *filter) sampledOut(record plog.LogRecord, resource pcommon.Resource, b *pass) (int, bool) {
	for i, s := range f.rules.samplers {
		if s.match.Match(record, resource) {
			return i, !s.passes(record, resource, &b.buf) && !anyMatches(f.rules.keep, record, resource)
		}
	}
	return 0, false
}

func anyMatches(selectors []*condition.Selector, record plog.LogRecord, resource pcommon.Resource) bool {
	for _, s := range selectors {
		if s.Match(record, resource) {
			return true
		}
	}
	return false
}
