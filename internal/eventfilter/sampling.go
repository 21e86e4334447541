// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// Sampling is an entry of sampling.
type Sampling struct {
	// Match picks events, as an entry of Include does.
	Match string
	// Percentage of them that pass.
	Percentage float64
	// By is a field; the id of the record decides where it is "" or absent.
	By string
}

// sampler is a compiled entry of sampling.
type sampler struct {
	match *condition.Selector
	by    condition.Field
	hasBy bool
	// below is the bound under which a hash passes: the same actor passes every
	// sampler of this or a higher percentage, here and in other collectors.
	below      uint64
	percentage float64
}

func newSamplers(entries []Sampling) ([]*sampler, error) {
	var samplers []*sampler
	var errs []error
	for i, entry := range entries {
		s, err := newSampler(fmt.Sprintf("sampling[%d]", i), entry)
		samplers, errs = append(samplers, s), append(errs, err)
	}
	return samplers, errors.Join(errs...)
}

func newSampler(key string, cfg Sampling) (*sampler, error) {
	s := &sampler{percentage: cfg.Percentage}
	var errs [3]error
	if s.match, errs[0] = condition.ParseSelector(cfg.Match); errs[0] != nil {
		errs[0] = fmt.Errorf("%s::match: %q: %w", key, cfg.Match, errs[0])
	}
	switch {
	case !(cfg.Percentage > 0 && cfg.Percentage <= 100): // NaN too
		errs[1] = fmt.Errorf("%s::percentage: found %v, expected more than 0 and at most 100; exclude passes none", key, cfg.Percentage)
	case cfg.Percentage == 100:
		s.below = math.MaxUint64
	default:
		s.below = uint64(math.Ldexp(cfg.Percentage/100, 64))
	}
	if s.hasBy = cfg.By != ""; s.hasBy {
		if s.by, errs[2] = condition.ParseField(cfg.By); errs[2] != nil {
			errs[2] = fmt.Errorf("%s::by: %q: %w", key, cfg.By, errs[2])
		}
	}
	return s, errors.Join(errs[:]...)
}

// passes reports whether a record belongs to the share that passes. buf is for
// the value that decides.
func (s *sampler) passes(record plog.LogRecord, resource pcommon.Resource, buf *[]byte) bool {
	if s.hasBy {
		text, ok := s.by.AppendText((*buf)[:0], record, resource)
		if *buf = text; ok {
			return xxhash.Sum64(text) <= s.below
		}
	}
	if uid, ok := record.Attributes().Get(eventlog.AttrRecordUID); ok {
		return xxhash.Sum64String(uid.Str()) <= s.below
	}
	// A record of another receiver may have no id.
	return rand.Uint64() <= s.below //nolint:gosec // a share of events is no secret
}

// decided reports whether something about a record decides whether it passes, and
// would decide the same elsewhere.
func (s *sampler) decided(record plog.LogRecord, resource pcommon.Resource) bool {
	if s.hasBy {
		if _, ok := s.by.AppendText(nil, record, resource); ok {
			return true
		}
	}
	_, ok := record.Attributes().Get(eventlog.AttrRecordUID)
	return ok
}
