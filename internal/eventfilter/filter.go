// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/time/rate"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// Settings are those of siem_filter, which says what they mean.
type Settings struct {
	Include, Exclude, Conditions, Keep []string
	Sampling                           []Sampling
	RateLimit                          *RateLimit // nil for no limit
}

// Filter is compiled settings. All but its rate limit is only read, so it is safe
// for concurrent use.
type Filter struct {
	include    []*condition.Selector
	exclude    []*condition.Selector
	conditions []*condition.Condition
	samplers   []*sampler
	limiter    *rate.Limiter // nil for no limit
	keep       []*condition.Selector
	rules      []string
}

// New compiles settings. The error has every entry that cannot be, with its key.
func New(s Settings) (*Filter, error) {
	f := new(Filter)
	var errs [6]error
	f.include, errs[0] = parseAll("include", s.Include, condition.ParseSelector)
	f.exclude, errs[1] = parseAll("exclude", s.Exclude, condition.ParseSelector)
	f.conditions, errs[2] = parseAll("conditions", s.Conditions, condition.Parse)
	f.samplers, errs[3] = newSamplers(s.Sampling)
	f.limiter, errs[4] = newLimiter(s.RateLimit)
	f.keep, errs[5] = parseAll("keep", s.Keep, condition.ParseSelector)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	f.name()
	return f, nil
}

// parseAll compiles a list and reports every entry that cannot be.
func parseAll[T any](key string, entries []string, parse func(string) (T, error)) ([]T, error) {
	var parsed []T
	var errs []error
	for i, entry := range entries {
		p, err := parse(entry)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %q: %w", key, i, entry, err))
			continue
		}
		parsed = append(parsed, p)
	}
	return parsed, errors.Join(errs...)
}

// name lists what drops events, in the order in which Judge counts.
func (f *Filter) name() {
	f.rules = append(f.rules, "include")
	for _, s := range f.exclude {
		f.rules = append(f.rules, "exclude: "+s.String())
	}
	for _, c := range f.conditions {
		f.rules = append(f.rules, "conditions: "+c.String())
	}
	for _, s := range f.samplers {
		f.rules = append(f.rules, "sampling: "+s.match.String())
	}
	f.rules = append(f.rules, "rate_limit")
}

// Rules names what drops events: include, then each entry of exclude, each
// condition, each entry of sampling, and the rate limit.
func (f *Filter) Rules() []string { return f.rules }

// Kind says of what sort a rule is.
func (f *Filter) Kind(rule int) tally.Kind {
	switch filtering := 1 + len(f.exclude) + len(f.conditions); {
	case rule < filtering:
		return tally.Filtered
	case rule < filtering+len(f.samplers):
		return tally.Sampled
	default:
		return tally.RateLimited
	}
}

// Unknown returns, by the list that it stands in, each pattern that matches none
// of MockForge's event types: valid, but hardly meant.
func (f *Filter) Unknown(found func(list, pattern string)) {
	for _, l := range []struct {
		name      string
		selectors []*condition.Selector
	}{{"include", f.include}, {"exclude", f.exclude}, {"sampling", f.sampled()}, {"keep", f.keep}} {
		for _, s := range l.selectors {
			if s.MatchesNoKnownType() {
				found(l.name, s.String())
			}
		}
	}
}

func (f *Filter) sampled() []*condition.Selector {
	all := make([]*condition.Selector, 0, len(f.samplers))
	for _, s := range f.samplers {
		all = append(all, s.match)
	}
	return all
}

// Passed is the verdict on an event that no rule drops.
const Passed = eventlog.Keep

// Pass is what the judging of one batch shares.
type Pass struct {
	// Now is the time by which the rate limit goes.
	Now time.Time
	buf []byte
}

// Judge returns the index in Rules of the one that drops the record, or Passed:
// some include must match, no exclude may, and all conditions must hold; then
// come sampling and the rate limit.
func (f *Filter) Judge(record plog.LogRecord, resource pcommon.Resource, b *Pass) int {
	if len(f.include) > 0 && first(f.include, record, resource) < 0 {
		return 0
	}
	next := 1
	for i, s := range f.exclude {
		if s.Match(record, resource) {
			return next + i
		}
	}
	next += len(f.exclude)
	for i, c := range f.conditions {
		if !c.Match(record, resource) {
			return next + i
		}
	}
	next += len(f.conditions)
	if i, out := f.sampledOut(record, resource, b); out {
		return next + i
	}
	next += len(f.samplers)
	// What is kept takes a token too, if there is one: others make room for it.
	if f.limiter != nil && !f.limiter.AllowN(b.Now, 1) && first(f.keep, record, resource) < 0 {
		return next
	}
	return Passed
}

// sampledOut asks the first entry of sampling that matches, and returns its
// index when it drops the record.
func (f *Filter) sampledOut(record plog.LogRecord, resource pcommon.Resource, b *Pass) (int, bool) {
	for i, s := range f.samplers {
		if s.match.Match(record, resource) {
			return i, !s.passes(record, resource, &b.buf) && first(f.keep, record, resource) < 0
		}
	}
	return 0, false
}

// first returns the index of the first selector that matches; -1 for none.
func first(selectors []*condition.Selector, record plog.LogRecord, resource pcommon.Resource) int {
	for i, s := range selectors {
		if s.Match(record, resource) {
			return i
		}
	}
	return -1
}
