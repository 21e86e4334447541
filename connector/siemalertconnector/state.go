// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"
)

// Keys in the storage.
const (
	keyRules  = "rules"  // the names of the rules that have a state
	keyRule   = "rule/"  // stands before a name
	keyOutbox = "outbox" // what is on its way
)

// savedRule is the state of one rule. It holds for the condition that it was
// made under.
type savedRule struct {
	Condition string
	Groups    []savedGroup // the one seen longest ago first
}

type savedGroup struct {
	Key        string
	Newest     int64
	Fired      bool
	FiredAt    int64
	Suppressed int64
	At         []int64
	Values     []float64
	Hashes     []uint64
	UIDs       []string
}

type savedOutbox struct {
	Alerts []savedAlert
	Held   []string
}

type savedAlert struct {
	Logs []byte // protobuf
	To   []string
}

// openStorage restores what the last run saved. What cannot be read is left
// behind: the rules begin afresh.
func (c *alertConnector) openStorage(ctx context.Context, host component.Host) error {
	if c.cfg.Storage == nil {
		return nil
	}
	extension, ok := host.GetExtensions()[*c.cfg.Storage].(storage.Extension)
	if !ok {
		return fmt.Errorf("storage: found %q, expected a storage extension that the service runs", c.cfg.Storage)
	}
	client, err := extension.GetClient(ctx, component.KindConnector, c.set.ID, "")
	if err != nil {
		return fmt.Errorf("opening the storage: %w", err)
	}
	c.storage = client
	for _, r := range c.rules {
		if err := c.restoreRule(ctx, r); err != nil {
			c.set.Logger.Error("a rule begins afresh", zap.String("rule", r.name), zap.Error(err))
		}
	}
	if err := c.restoreOutbox(ctx); err != nil {
		c.set.Logger.Error("alerts that were on their way are lost", zap.Error(err))
	}
	return c.forgetRules(ctx)
}

func (c *alertConnector) load(ctx context.Context, key string, into any) (found bool, err error) {
	data, err := c.storage.Get(ctx, key)
	if err != nil || len(data) == 0 {
		return false, err
	}
	return true, gob.NewDecoder(bytes.NewReader(data)).Decode(into)
}

func (c *alertConnector) restoreRule(ctx context.Context, r *rule) error {
	var saved savedRule
	if found, err := c.load(ctx, keyRule+r.name, &saved); err != nil || !found {
		return err
	}
	if saved.Condition != r.condition {
		c.set.Logger.Info("a rule has another condition and begins afresh", zap.String("rule", r.name))
		return nil
	}
	for _, s := range saved.Groups {
		if n := len(s.At); len(s.Values) != n || len(s.Hashes) != n || len(s.UIDs) != n {
			return errors.New("found lists of different lengths")
		}
		k := &keyed{key: s.Key, group: group{newest: s.Newest, fired: s.Fired, firedAt: s.FiredAt, suppressed: s.Suppressed}}
		for i, at := range s.At {
			k.entries = append(k.entries, entry{at: at, value: s.Values[i], hash: s.Hashes[i], uid: s.UIDs[i]})
		}
		for len(r.groups.byKey) >= r.groups.max {
			r.groups.evict()
		}
		r.groups.put(k)
	}
	r.groups.shrink()
	return nil
}

func (c *alertConnector) restoreOutbox(ctx context.Context) error {
	var saved savedOutbox
	if found, err := c.load(ctx, keyOutbox, &saved); err != nil || !found {
		return err
	}
	c.outbox.hold(saved.Held)
	for _, s := range saved.Alerts {
		logs, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(s.Logs)
		if err != nil {
			return err
		}
		p := &pending{logs: logs}
		for _, t := range c.outbox.targets {
			if slices.Contains(s.To, t.id.String()) {
				p.to = append(p.to, t.id)
			}
		}
		if len(p.to) > 0 {
			c.outbox.add(p)
		}
	}
	return nil
}

// forgetRules removes the state of rules that are gone from the settings.
func (c *alertConnector) forgetRules(ctx context.Context) error {
	var before []string
	if _, err := c.load(ctx, keyRules, &before); err != nil {
		c.set.Logger.Error("the state of old rules stays in the storage", zap.Error(err))
	}
	var now []string
	for _, r := range c.rules {
		now = append(now, r.name)
	}
	data, err := encode(now)
	if err != nil {
		return err
	}
	operations := []*storage.Operation{storage.SetOperation(keyRules, data)}
	for _, name := range before {
		if !slices.Contains(now, name) {
			operations = append(operations, storage.DeleteOperation(keyRule+name))
		}
	}
	if err := c.storage.Batch(ctx, operations...); err != nil {
		return fmt.Errorf("writing to the storage: %w", err)
	}
	return nil
}

// save writes what has changed, at once or not at all.
func (c *alertConnector) save(ctx context.Context) {
	if c.storage == nil {
		return
	}
	operations, saved, err := c.snapshot()
	if err == nil {
		err = c.storage.Batch(ctx, operations...)
	}
	if err == nil {
		return
	}
	c.set.Logger.Error("the state of the rules was not saved; it is tried again", zap.Error(err))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range saved {
		r.dirty = true
	}
}

func (c *alertConnector) snapshot() (operations []*storage.Operation, saved []*rule, err error) {
	for _, r := range c.rules {
		data, err := c.snapshotRule(r)
		if err != nil {
			return nil, saved, err
		}
		if data != nil {
			saved = append(saved, r)
			operations = append(operations, storage.SetOperation(keyRule+r.name, data))
		}
	}
	data, err := c.outbox.snapshot()
	return append(operations, storage.SetOperation(keyOutbox, data)), saved, err
}

// snapshotRule returns nil where nothing has changed.
func (c *alertConnector) snapshotRule(r *rule) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !r.dirty {
		return nil, nil
	}
	all := savedRule{Condition: r.condition}
	for element := r.groups.recent.Back(); element != nil; element = element.Prev() {
		k := element.Value.(*keyed)
		s := savedGroup{Key: k.key, Newest: k.newest, Fired: k.fired, FiredAt: k.firedAt, Suppressed: k.suppressed}
		for _, e := range k.entries {
			s.At, s.Values = append(s.At, e.at), append(s.Values, e.value)
			s.Hashes, s.UIDs = append(s.Hashes, e.hash), append(s.UIDs, e.uid)
		}
		all.Groups = append(all.Groups, s)
	}
	r.dirty = false
	return encode(all)
}

func (o *outbox) snapshot() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var saved savedOutbox
	for _, p := range o.alerts {
		data, err := (&plog.ProtoMarshaler{}).MarshalLogs(p.logs)
		if err != nil {
			return nil, err
		}
		saved.Alerts = append(saved.Alerts, savedAlert{Logs: data, To: names(p.to)})
	}
	for uid := range o.held {
		saved.Held = append(saved.Held, uid)
	}
	return encode(saved)
}

func names(ids []pipeline.ID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = id.String()
	}
	return all
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(v); err != nil {
		return nil, fmt.Errorf("encoding the state: %w", err)
	}
	return buf.Bytes(), nil
}
