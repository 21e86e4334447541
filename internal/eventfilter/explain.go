// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// Reasons say why a record passes or is dropped.
type Reasons struct {
	// Dropped says that it is.
	Dropped bool
	// Rule is what drops it, as in Rules; "" where it passes.
	Rule string
	// Asked are the rules that were asked, in their order.
	Asked []Asked
	// Chance is the percentage of such records that pass, where nothing about the
	// record decides which; 0 where it is decided.
	Chance float64
	// Limited says that a rate limit may drop it.
	Limited bool
}

// Asked is a rule that was asked, and what it found.
type Asked struct {
	// Rule is as in Rules; an entry of include stands by itself.
	Rule string
	// Holds says that the entry matches, or that the condition holds.
	Holds bool
	// Parts are the comparisons that the rule is made of.
	Parts []condition.Part
}

// Explain tells what Judge does with a record, and why. It takes nothing from the
// rate limit.
func (f *Filter) Explain(record plog.LogRecord, resource pcommon.Resource) Reasons {
	unlimited := *f
	unlimited.limiter = nil
	verdict := unlimited.Judge(record, resource, new(Pass))
	r := Reasons{Dropped: verdict != Passed, Limited: f.limiter != nil && first(f.keep, record, resource) < 0}
	if r.Dropped {
		r.Rule = f.rules[verdict]
	}
	for _, s := range f.include {
		a := Asked{"include: " + s.String(), s.Match(record, resource), s.Explain(record, resource)}
		r.Asked = append(r.Asked, a)
		if a.Holds {
			break
		}
	}
	// Each of these rules is asked only when none before it has dropped the record.
	asked := func(i int) bool { return verdict == Passed || i <= verdict }
	i := 1
	for _, s := range f.exclude {
		if asked(i) {
			r.Asked = append(r.Asked, Asked{f.rules[i], s.Match(record, resource), s.Explain(record, resource)})
		}
		i++
	}
	for _, c := range f.conditions {
		if asked(i) {
			r.Asked = append(r.Asked, Asked{f.rules[i], c.Match(record, resource), c.Explain(record, resource)})
		}
		i++
	}
	if asked(i) {
		f.explainSampling(&r, record, resource)
	}
	return r
}

// explainSampling finds the entry that decides. Where only chance does, the record
// counts as one that passes.
func (f *Filter) explainSampling(r *Reasons, record plog.LogRecord, resource pcommon.Resource) {
	s := first(f.sampled(), record, resource)
	if s < 0 {
		return
	}
	by := f.samplers[s]
	name := f.rules[1+len(f.exclude)+len(f.conditions)+s]
	r.Asked = append(r.Asked, Asked{name, true, by.match.Explain(record, resource)})
	if kept := first(f.keep, record, resource); kept >= 0 {
		k := f.keep[kept]
		r.Asked = append(r.Asked, Asked{"keep: " + k.String(), true, k.Explain(record, resource)})
		return
	}
	if !by.decided(record, resource) {
		r.Dropped, r.Rule, r.Chance = false, "", by.percentage
	}
}
