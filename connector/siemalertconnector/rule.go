// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const (
	defaultMaxGroups = 10_000
	defaultLateness  = time.Minute
	// maxValue is the size of a value from which on a hash stands for it in the
	// key of a group.
	maxValue = 256
	// maxSummand keeps sums finite: an infinite one could not be written, nor be
	// taken apart again.
	maxSummand = 1e300
)

// rule is a compiled rule and its state.
type rule struct {
	name, description, condition string
	severity                     event.Severity
	actions                      []string
	compliance                   []byte               // JSON; nil for the event's
	filter                       *condition.Condition // nil for any event
	types                        []string             // nil for any
	window                       *condition.Window
	by                           []string
	groups                       *groups
	to                           []pipeline.ID
	counted                      metric.MeasurementOption
	key, text                    []byte // used again and again
	clashes                      int64  // besides the filter's
	dirty                        bool   // since the state was saved
}

// compile compiles the rules that are enabled. The error has every rule's.
func (cfg *Config) compile() ([]*rule, error) {
	var (
		rules []*rule
		errs  []error
		names = make(map[string]bool)
	)
	for i := range cfg.Rules {
		rc := &cfg.Rules[i]
		fail := func(err error) { errs = append(errs, fmt.Errorf("rules[%d] %q: %w", i, rc.Name, err)) }
		switch {
		case strings.TrimSpace(rc.Name) == "":
			fail(errors.New("name: found nothing, expected a name"))
		case names[rc.Name]:
			fail(errors.New("name: found it twice, expected a name of its own"))
		}
		names[rc.Name] = true
		r, problems := rc.compile()
		for _, err := range problems {
			fail(err)
		}
		if len(problems) == 0 && (rc.Enabled == nil || *rc.Enabled) {
			rules = append(rules, r)
		}
	}
	return rules, errors.Join(errs...)
}

func (rc *RuleConfig) compile() (*rule, []error) {
	r := &rule{
		name: rc.Name, description: rc.Description,
		actions: rc.AllActions(), compliance: rc.complianceJSON(),
	}
	var errs []error
	var ok bool
	if r.severity, ok = event.ParseSeverity(rc.Severity); !ok {
		errs = append(errs, fmt.Errorf("severity: found %q, expected one of %s", rc.Severity, strings.Join(event.SeverityNames(), ", ")))
	}
	if rc.MaxGroups < 0 {
		errs = append(errs, fmt.Errorf("max_groups: found %d, expected at least 1", rc.MaxGroups))
	}
	for key, d := range map[string]*time.Duration{"suppress_for": rc.SuppressFor, "allowed_lateness": rc.AllowedLateness} {
		if d != nil && *d < 0 {
			errs = append(errs, fmt.Errorf("%s: found %s, expected 0 or more", key, *d))
		}
	}
	if t := rc.Condition.Threshold; t != nil && (t.Count < 1 || t.Window < time.Millisecond || t.Window%time.Millisecond != 0) {
		errs = append(errs, fmt.Errorf("condition::threshold: found count %d and window %s, expected at least 1, and whole milliseconds", t.Count, t.Window))
	} else if err := r.parse(&rc.Condition); err != nil {
		errs = append(errs, fmt.Errorf("condition: %w", err))
	}
	if len(errs) > 0 {
		return nil, errs
	}
	r.groups = newGroups(r.shape(rc), cmp.Or(rc.MaxGroups, defaultMaxGroups))
	return r, nil
}

func (r *rule) parse(c *ConditionConfig) error {
	text, err := c.Text()
	if err != nil {
		return err
	}
	alert, err := condition.ParseAlert(text)
	if err != nil {
		if c.text == "" {
			return fmt.Errorf("in %q: %w", text, err)
		}
		return err
	}
	r.condition, r.filter, r.window, r.types = text, alert.Filter, alert.Window, alert.EventTypes
	if r.window != nil {
		for _, field := range r.window.By {
			r.by = append(r.by, field.String())
		}
	}
	return nil
}

var aggregates = map[condition.Agg]aggregate{
	condition.Count: aggregateCount, condition.CountDistinct: aggregateDistinct, condition.Sum: aggregateSum,
}

func (r *rule) shape(rc *RuleConfig) shape {
	var s shape
	if r.window != nil {
		s = shape{
			aggregate: aggregates[r.window.Agg], within: int64(r.window.Within), lateness: int64(defaultLateness),
			suppress: int64(r.window.Within), limit: r.window.Limit, orEqual: r.window.Op == condition.GreaterEqual,
		}
	}
	if rc.SuppressFor != nil {
		s.suppress = int64(*rc.SuppressFor)
	}
	if rc.AllowedLateness != nil {
		s.lateness = int64(*rc.AllowedLateness)
	}
	return s
}

// outcome is what an event did to a rule.
type outcome struct {
	verdict
	lost
	firing firing
}

// evaluate looks at an event that happened at a time. The id must not be cut from
// the event: it would keep the whole of it.
func (r *rule) evaluate(record plog.LogRecord, resource pcommon.Resource, at int64, uid string) (o outcome) {
	if r.filter != nil && !r.filter.Match(record, resource) {
		return o
	}
	e := entry{at: at, uid: uid}
	if r.window != nil && !r.measure(&e, record, resource) {
		return o
	}
	test := isTest(record)
	key := r.groupKey(record, resource, test)
	o.firing = firing{rule: r, record: record, resource: resource, test: test}
	if r.window == nil {
		o.single(key, &e)
		return o
	}
	r.dirty = true
	var f found
	var k *keyed
	o.verdict, f, k, o.lost = r.groups.add(key, e)
	if o.verdict == verdictFired {
		o.firing.describe(k, f)
	}
	more := r.groups.shrink()
	o.lost = lost{o.groups + more.groups, o.matches + more.matches}
	return o
}

// single fires a rule without a window, unless it is silent.
func (o *outcome) single(key []byte, e *entry) {
	r := o.firing.rule
	o.verdict = verdictFired
	o.firing.count, o.firing.first, o.firing.last = 1, e.at, e.at
	if e.uid != "" {
		o.firing.events = []string{e.uid}
	}
	if r.groups.shape.suppress == 0 {
		return
	}
	r.dirty = true
	k, l := r.groups.get(key)
	o.lost = l
	if k.silent(&r.groups.shape, e.at) {
		k.suppressed++
		o.verdict = verdictSuppressed
		return
	}
	o.firing.suppressed, k.suppressed = k.suppressed, 0
	k.fired, k.firedAt = true, e.at
}

// describe tells what a window holds, and begins to count anew what is suppressed.
func (f *firing) describe(k *keyed, w found) {
	entries := k.entries[w.from:w.to]
	f.group, f.count = strings.TrimPrefix(k.key, testMark), w.value
	f.first, f.last = entries[0].at, entries[len(entries)-1].at
	f.suppressed, k.suppressed = k.suppressed, 0
	for _, e := range entries[max(0, len(entries)-maxEvents):] {
		if e.uid != "" {
			f.events = append(f.events, e.uid)
		}
	}
}

// measure reads what distinct and sum measure. An event without it is no match.
func (r *rule) measure(e *entry, record plog.LogRecord, resource pcommon.Resource) (ok bool) {
	switch r.window.Agg {
	case condition.CountDistinct:
		if r.text, ok = r.window.Field.AppendText(r.text[:0], record, resource); ok {
			sum := sha256.Sum256(r.text)
			e.hash = binary.BigEndian.Uint64(sum[:])
		}
		return ok
	case condition.Sum:
		var clash bool
		e.value, ok, clash = r.window.Field.Number(record, resource)
		if clash || math.IsNaN(e.value) || math.Abs(e.value) > maxSummand {
			r.clashes++
			return false
		}
		return ok
	default:
		return true
	}
}

// testMark stands before the key of a group of test events: they neither fire
// nor silence alerts of real ones.
const testMark = "test "

// groupKey writes the values of the rule's fields as a JSON array. It is valid
// until the next call.
func (r *rule) groupKey(record plog.LogRecord, resource pcommon.Resource, test bool) []byte {
	key := r.key[:0]
	if test {
		key = append(key, testMark...)
	}
	key = append(key, '[')
	if r.window != nil {
		for i, field := range r.window.By {
			if i > 0 {
				key = append(key, ',')
			}
			key = r.appendValue(key, field, record, resource)
		}
	}
	key = append(key, ']')
	r.key = key
	return key
}

func (r *rule) appendValue(key []byte, field condition.Field, record plog.LogRecord, resource pcommon.Resource) []byte {
	var ok bool
	if r.text, ok = field.AppendText(r.text[:0], record, resource); !ok {
		return append(key, "null"...)
	}
	if len(r.text) > maxValue {
		sum := sha256.Sum256(r.text)
		r.text = hex.AppendEncode(append(r.text[:0], "sha256:"...), sum[:])
	}
	return eventlog.AppendString(key, string(r.text))
}

func isTest(record plog.LogRecord) bool {
	v, ok := record.Attributes().Get(eventlog.AttrTest)
	return ok && v.Type() == pcommon.ValueTypeBool && v.Bool()
}
