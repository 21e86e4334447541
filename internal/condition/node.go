// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// predicate answers for one record.
type predicate func(record plog.LogRecord, resource pcommon.Resource) bool

// node is a compiled part of a condition.
type node struct {
	match predicate // nil for a window, which asks nothing of one event
	types []string  // the event types that can match; nil for any
}

func anyOf(a, b node) node {
	joined := node{match: func(record plog.LogRecord, resource pcommon.Resource) bool {
		return a.match(record, resource) || b.match(record, resource)
	}}
	if a.types != nil && b.types != nil {
		joined.types = slices.Clone(a.types)
		for _, t := range b.types {
			if !slices.Contains(joined.types, t) {
				joined.types = append(joined.types, t)
			}
		}
	}
	return joined
}

func allOf(a, b node) node {
	switch {
	case a.match == nil:
		return b
	case b.match == nil:
		return a
	}
	joined := node{types: a.types, match: func(record plog.LogRecord, resource pcommon.Resource) bool {
		return a.match(record, resource) && b.match(record, resource)
	}}
	switch {
	case a.types == nil:
		joined.types = b.types
	case b.types != nil:
		joined.types = slices.DeleteFunc(slices.Clone(a.types), func(t string) bool { return !slices.Contains(b.types, t) })
	}
	return joined
}

func negation(a predicate) predicate {
	return func(record plog.LogRecord, resource pcommon.Resource) bool {
		return !a(record, resource)
	}
}
