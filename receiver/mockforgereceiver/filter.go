// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/internal/eventfilter"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// FilterConfig has rules of siem_filter that ask only for event_type, category,
// severity and environment.
type FilterConfig struct {
	// Include passes events that match at least one entry. All events by default.
	Include []string `mapstructure:"include"`
	// Exclude drops events that match an entry, included or not.
	Exclude []string `mapstructure:"exclude"`
	// Conditions drops events for which one of them does not hold.
	Conditions []string `mapstructure:"conditions"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Compile returns the filter that the settings ask for; nil where they ask for
// none.
func (cfg *FilterConfig) Compile() (*eventfilter.Early, error) {
	if len(cfg.Include)+len(cfg.Exclude)+len(cfg.Conditions) == 0 {
		return nil, nil
	}
	return eventfilter.NewEarly(eventfilter.Settings{Include: cfg.Include, Exclude: cfg.Exclude, Conditions: cfg.Conditions})
}

// early is the compiled filter; its zero value drops nothing.
type early struct {
	judge    eventlog.Early
	droppers []dropper
}

type dropper struct {
	rule    tally.Rule
	counted metric.MeasurementOption
}

func newEarly(cfg *FilterConfig, id component.ID) (e early, err error) {
	compiled, err := cfg.Compile()
	if err != nil || compiled == nil {
		return e, err
	}
	e.judge = compiled.Judge
	for i, rule := range compiled.Filter().Rules() {
		e.droppers = append(e.droppers, dropper{
			rule:    tally.Rule{Kind: compiled.Filter().Kind(i), Component: id.String(), Text: "filter: " + rule},
			counted: metric.WithAttributeSet(attribute.NewSet(attribute.String("rule", rule))),
		})
	}
	return e, nil
}

// filtered counts what a batch dropped, once the rest of it is taken.
func (in *intake) filtered(ctx context.Context, batch *eventlog.Batch, onTheWay *tally.Tally) {
	for i, n := range batch.Dropped() {
		if n > 0 {
			onTheWay.Drop(in.early.droppers[i].rule, uint64(n))
			in.telemetry.ReceiverMockforgeFiltered.Add(ctx, n, in.early.droppers[i].counted)
		}
	}
}
