// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector"
	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/processor/compliancetagprocessor"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver"
)

// explainer takes events through the pipelines of a collector.
type explainer struct {
	*collector
	receiver  component.ID
	decoder   *eventlog.Decoder
	taggers   map[component.ID]*tagger
	filters   map[component.ID]*filter
	arrival   *filter // of the receiver; nil where it has none
	alerts    map[component.ID]*alerter
	gets      []destination // of the event that is explained
	following []pipeline.ID
}

func newExplainer(ctx context.Context, c *collector, receiver string) (*explainer, error) {
	e := &explainer{
		collector: c,
		taggers:   make(map[component.ID]*tagger), filters: make(map[component.ID]*filter), alerts: make(map[component.ID]*alerter),
	}
	factory := mockforgereceiver.NewFactory()
	ids := c.receivers(factory.Type())
	switch {
	case receiver == "" && len(ids) == 1:
		e.receiver = ids[0]
	case receiver == "":
		return nil, fmt.Errorf("--receiver: found nothing, expected one of the receivers of type %s: %v", factory.Type(), ids)
	default:
		if err := e.receiver.UnmarshalText([]byte(receiver)); err != nil || !slices.Contains(ids, e.receiver) {
			return nil, fmt.Errorf("--receiver: found %q, expected one of %v", receiver, ids)
		}
	}
	cfg, err := load[*mockforgereceiver.Config](c, "receivers", e.receiver, factory)
	if err != nil {
		return nil, err
	}
	e.decoder = eventlog.NewDecoder(eventlog.Options{
		MaxEventSize: cfg.MaxEventSize, Environment: cfg.Environment, RedactCredentials: cfg.RedactCredentials,
	})
	early, err := cfg.Filter.Compile()
	if err != nil {
		return nil, err
	}
	if early != nil {
		e.arrival = &filter{rules: early.Filter()}
	}
	return e, e.loadComponents(ctx)
}

// loadComponents reads the settings of all components that are explained, so that
// mistakes in them are told before the first event.
func (e *explainer) loadComponents(ctx context.Context) error {
	var errs []error
	for _, p := range e.pipelines {
		for _, id := range p.Processors {
			errs = append(errs, e.loadProcessor(ctx, id))
		}
		for _, id := range p.Exporters {
			if id.Type() == siemalertconnector.NewFactory().Type() && e.isConnector(id) && e.alerts[id] == nil {
				a, err := newAlerter(e.collector, id)
				e.alerts[id] = a
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func (e *explainer) loadProcessor(ctx context.Context, id component.ID) (err error) {
	switch id.Type() {
	case compliancetagprocessor.NewFactory().Type():
		if e.taggers[id] == nil {
			e.taggers[id], err = newTagger(ctx, e.collector, id)
		}
	case siemfilterprocessor.NewFactory().Type():
		if e.filters[id] == nil {
			e.filters[id], err = newFilter(e.collector, id)
		}
	}
	return err
}

// explain tells what would become of an event.
func (e *explainer) explain(ctx context.Context, text []byte) (explanation, error) {
	x := explanation{Destinations: []destination{}}
	batch := e.decoder.NewBatch(time.Now())
	record, err := batch.Add(text, time.Time{})
	if err != nil {
		x.Refused = err.Error()
		return x, nil
	}
	logs := batch.Logs()
	x.Event = describe(record, logs.ResourceLogs().At(0).Resource())
	if e.arrival != nil {
		x.Filter = &step{Processor: e.receiver.String() + " filter"}
		e.arrival.explain(logs, x.Filter)
		if x.Filter.Verdict == verdictDropped {
			return x, nil
		}
	}
	e.gets, e.following = x.Destinations, nil
	x.Pipelines, err = e.fanOut(ctx, e.from(e.receiver), logs, true)
	x.Destinations = e.gets
	return x, err
}

// fanOut gives each pipeline a copy.
func (e *explainer) fanOut(ctx context.Context, to []pipeline.ID, logs plog.Logs, certain bool) ([]branch, error) {
	branches := make([]branch, 0, len(to))
	for _, id := range to {
		// A cycle of connectors is no valid configuration; the Collector says so.
		if slices.Contains(e.following, id) {
			return nil, fmt.Errorf("service::pipelines::%s: found a cycle of connectors, expected none", id)
		}
		e.following = append(e.following, id)
		own := plog.NewLogs()
		logs.CopyTo(own)
		b, err := e.through(ctx, id, own, certain)
		if err != nil {
			return nil, err
		}
		branches = append(branches, b)
		e.following = e.following[:len(e.following)-1]
	}
	return branches, nil
}

// passing are processors that change nothing of an event. The memory limiter may
// refuse a batch, whose sender then tries again.
var passing = []string{"memory_limiter", "batch"}

// through takes an event through one pipeline.
func (e *explainer) through(ctx context.Context, id pipeline.ID, logs plog.Logs, certain bool) (branch, error) {
	b := branch{Pipeline: id.String()}
	p := e.pipelines[id]
	for _, processor := range p.Processors {
		s := step{Processor: processor.String(), Verdict: verdictUnknown}
		var err error
		switch {
		case e.taggers[processor] != nil:
			err = e.taggers[processor].explain(ctx, logs, &s)
		case e.filters[processor] != nil:
			e.filters[processor].explain(logs, &s)
		case slices.Contains(passing, processor.Type().String()):
			s.Verdict = verdictPassed
		}
		if err != nil {
			return b, err
		}
		b.Steps = append(b.Steps, s)
		if s.Verdict == verdictDropped {
			b.Dropped = true
			return b, nil
		}
		certain = certain && s.Verdict != verdictMay && s.Verdict != verdictUnknown
	}
	for _, exporter := range p.Exporters {
		o, err := e.outlet(ctx, id, exporter, logs, certain)
		if err != nil {
			return b, err
		}
		b.Outlets = append(b.Outlets, o)
	}
	return b, nil
}

// outlet ends at an exporter, and goes on behind a connector.
func (e *explainer) outlet(ctx context.Context, from pipeline.ID, id component.ID, logs plog.Logs, certain bool) (o outlet, err error) {
	o.Component = id.String()
	switch {
	case !e.isConnector(id):
		e.gets = append(e.gets, destination{Pipeline: from.String(), Exporter: id.String(), Certain: certain})
	case e.alerts[id] != nil:
		// What comes behind it are alerts, which are other events.
		o.Alerts, o.Note = e.alerts[id].explain(logs)
	case id.Type() == siemjournalconnector.NewFactory().Type():
		o.Pipelines, err = e.fanOut(ctx, e.from(id), logs, certain)
	default:
		o.Note = string(verdictUnknown)
		o.Pipelines, err = e.fanOut(ctx, e.from(id), logs, false)
	}
	return o, err
}
