// SPDX-License-Identifier: Apache-2.0

package siemfilterprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventfilter"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor/internal/metadata"
)

// filter is the processor.
type filter struct {
	cfg       *Config
	filter    *eventfilter.Filter
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	// droppers are the filter's rules.
	droppers []dropper
}

type dropper struct {
	rule    tally.Rule
	counted metric.MeasurementOption
}

func newFilter(cfg *Config, set processor.Settings, telemetry *metadata.TelemetryBuilder) (*filter, error) {
	compiled, err := cfg.Compile()
	if err != nil {
		return nil, err
	}
	f := &filter{cfg: cfg, filter: compiled, logger: set.Logger, telemetry: telemetry}
	for i, rule := range compiled.Rules() {
		f.droppers = append(f.droppers, dropper{
			rule:    tally.Rule{Kind: compiled.Kind(i), Component: set.ID.String(), Text: rule},
			counted: metric.WithAttributeSet(attribute.NewSet(attribute.String("rule", rule))),
		})
	}
	return f, nil
}

// start warns of settings that are valid but hardly meant.
func (f *filter) start(context.Context, component.Host) error {
	if f.cfg.Include != nil && len(f.cfg.Include) == 0 {
		f.logger.Warn("include is an empty list, so it restricts nothing; MockForge itself would drop every event")
	}
	f.filter.Unknown(func(list, pattern string) {
		f.logger.Warn("a pattern matches none of MockForge's event types",
			zap.String("list", list), zap.String("pattern", pattern))
	})
	return nil
}

func (f *filter) processLogs(ctx context.Context, logs plog.Logs) (plog.Logs, error) {
	dropped := make([]int64, len(f.droppers))
	b := eventfilter.Pass{Now: time.Now()}
	debug := f.logger.Core().Enabled(zap.DebugLevel)
	logs.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		resource := rl.Resource()
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(record plog.LogRecord) bool {
				verdict := f.filter.Judge(record, resource, &b)
				if verdict == eventfilter.Passed {
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
