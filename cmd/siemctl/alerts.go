// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector"
	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// alerter is a siem_alert connector.
type alerter struct {
	rules []alertRule
}

type alertRule struct {
	alert // what does not depend on the event
	*condition.Alert
}

func newAlerter(c *collector, id component.ID) (*alerter, error) {
	cfg, err := load[*siemalertconnector.Config](c, "connectors", id, siemalertconnector.NewFactory())
	if err != nil {
		return nil, err
	}
	a := new(alerter)
	for i := range cfg.Rules {
		rule := &cfg.Rules[i]
		if rule.Enabled != nil && !*rule.Enabled {
			continue
		}
		source, err := rule.Condition.Text()
		if err != nil {
			return nil, err
		}
		compiled, err := condition.ParseAlert(source)
		if err != nil {
			return nil, err
		}
		actions := rule.AllActions()
		r := alertRule{Alert: compiled, alert: alert{Rule: rule.Name, Severity: rule.Severity, Actions: actions}}
		for _, to := range cfg.Route(actions, c.from(id)) {
			r.Pipelines = append(r.Pipelines, to.String())
		}
		a.rules = append(a.rules, r)
	}
	return a, nil
}

// explain tells of each rule whether the event is one that it is about.
func (a *alerter) explain(logs plog.Logs) (alerts []alert, note string) {
	record, resource := only(logs)
	if eventlog.EventType(record) == event.TypeAlertFired {
		return nil, "an alert fires no alerts"
	}
	for i := range a.rules {
		alerts = append(alerts, a.rules[i].explain(record, resource))
	}
	return alerts, ""
}

func (r *alertRule) explain(record plog.LogRecord, resource pcommon.Resource) alert {
	a := r.alert
	a.Matches = true
	if r.Filter != nil {
		a.Matches = r.Filter.Match(record, resource)
		a.Why = findings(r.Filter.Explain(record, resource))
	}
	if a.Matches && r.Window != nil {
		a.Matches = measured(r.Window, record, resource)
		a.Needs = needs(r.Window, record, resource)
		if !a.Matches {
			a.Why = append(a.Why, fmt.Sprintf("%s has no value that the window can use", r.Window.Field))
		}
	}
	if !a.Matches {
		a.Needs, a.Pipelines = "", nil
	}
	return a
}

// measured reports whether an event has what a window adds up or tells apart.
func measured(w *condition.Window, record plog.LogRecord, resource pcommon.Resource) bool {
	switch w.Agg {
	case condition.CountDistinct:
		_, ok := w.Field.AppendText(nil, record, resource)
		return ok
	case condition.Sum:
		_, ok, _ := w.Field.Number(record, resource)
		return ok
	default:
		return true
	}
}

// needs says what makes a window fire, and for which group.
func needs(w *condition.Window, record plog.LogRecord, resource pcommon.Resource) string {
	least := fmt.Sprint(w.Limit)
	if w.Op == condition.Greater {
		least = "more than " + least
		if w.Agg != condition.Sum {
			least = fmt.Sprint(math.Floor(w.Limit) + 1)
		}
	}
	var text string
	switch w.Agg {
	case condition.CountDistinct:
		text = fmt.Sprintf("%s values of %s", least, w.Field)
	case condition.Sum:
		text = fmt.Sprintf("a sum of %s of %s", w.Field, least)
	default:
		text = least + " such events"
	}
	text += " in " + w.Within.String()
	groups := make([]string, 0, len(w.By))
	for _, field := range w.By {
		value, ok := field.AppendText(nil, record, resource)
		if !ok {
			groups = append(groups, field.String()+" absent")
			continue
		}
		groups = append(groups, fmt.Sprintf("%s %q", field, value))
	}
	if len(groups) > 0 {
		text += " with " + strings.Join(groups, ", ")
	}
	return text
}
