// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// checkActions refuses routes to pipelines that are not behind the connector.
func (c *alertConnector) checkActions() error {
	var errs []error
	for _, action := range slices.Sorted(maps.Keys(c.cfg.Actions)) {
		for _, id := range c.cfg.Actions[action] {
			if !slices.ContainsFunc(c.outbox.targets, func(t target) bool { return t.id == id }) {
				errs = append(errs, fmt.Errorf("actions::%s: found %q, expected the name of a pipeline behind the connector", action, id))
			}
		}
	}
	return errors.Join(errs...)
}

// Route returns which of the pipelines behind the connector get alerts with these
// actions: those of the actions, and those that belong to no action.
func (cfg *Config) Route(actions []string, behind []pipeline.ID) (to []pipeline.ID) {
	for _, id := range behind {
		bound := false
		asked := false
		for action, ids := range cfg.Actions {
			if slices.Contains(ids, id) {
				bound = true
				asked = asked || slices.Contains(actions, action)
			}
		}
		if asked || !bound {
			to = append(to, id)
		}
	}
	return to
}

// index finds the rules of an event type, in the order of the settings.
func (c *alertConnector) index() {
	c.byType = make(map[string][]*rule)
	for _, r := range c.rules {
		if r.types == nil {
			c.any = append(c.any, r)
			for name, rules := range c.byType {
				c.byType[name] = append(rules, r)
			}
			continue
		}
		for _, name := range r.types {
			if _, known := c.byType[name]; !known {
				c.byType[name] = slices.Clone(c.any)
			}
			c.byType[name] = append(c.byType[name], r)
		}
	}
}

// warnOfTypes finds slips: a rule for auth.failed is valid, and never fires.
func (c *alertConnector) warnOfTypes() {
	for _, r := range c.rules {
		if r.types == nil {
			continue
		}
		known := slices.ContainsFunc(r.types, func(name string) bool {
			_, ok := event.Lookup(name)
			return ok
		})
		if !known {
			c.set.Logger.Warn("a rule asks for none of MockForge's event types", zap.String("rule", r.name), zap.Strings("event_types", r.types))
		}
	}
}

// warnOfActions: an alert tells its actions all the same.
func (c *alertConnector) warnOfActions() {
	without := make(map[string]bool)
	for _, r := range c.rules {
		for _, action := range r.actions {
			if len(c.cfg.Actions[action]) == 0 {
				without[action] = true
			}
		}
	}
	if len(without) > 0 {
		c.set.Logger.Warn("actions have no pipeline of their own; alerts only tell them",
			zap.Strings("actions", slices.Sorted(maps.Keys(without))))
	}
}
