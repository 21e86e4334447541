// SPDX-License-Identifier: Apache-2.0

package tally

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNobodyAsks(t *testing.T) {
	none := From(t.Context())
	assert.Nil(t, none)
	none.Drop(Rule{Kind: Filtered}, 1)
	none.Journal(1)
	none.OnSettled(func() { t.Error("nobody settles") })
	assert.Equal(t, t.Context(), Without(t.Context()))
}

func TestTally(t *testing.T) {
	ctx, mine := New(t.Context())
	low, limit := Rule{Filtered, "siem_filter", "exclude: severity:low"}, Rule{RateLimited, "siem_filter", "rate_limit"}
	From(ctx).Drop(low, 2)
	From(ctx).Drop(low, 1)
	From(ctx).Drop(limit, 1)
	From(ctx).Drop(limit, 0)
	From(ctx).Journal(5)
	From(Without(ctx)).Journal(7)
	assert.Equal(t, map[Rule]uint64{low: 3, limit: 1}, mine.Dropped())
	assert.EqualValues(t, 5, mine.Journaled())
	_, other := New(ctx)
	assert.Empty(t, other.Dropped())
}

func TestSettle(t *testing.T) {
	ctx, mine := New(t.Context())
	calls := 0
	From(ctx).OnSettled(func() { calls++ })
	From(ctx).OnSettled(func() { calls++ })
	assert.Zero(t, calls)
	mine.Settle()
	mine.Settle()
	assert.Equal(t, 2, calls)
}
