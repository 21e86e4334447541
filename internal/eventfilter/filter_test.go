// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/eventgen"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

var guide = Settings{
	Include:    []string{"auth.*", "data.*", "severity >= 'high'"},
	Exclude:    []string{"severity:low", "event_type == 'auth.failure' AND attempt_count < 4"},
	Conditions: []string{"environment == 'production'", "NOT ip_address =~ '10.20.0.*'"},
	Sampling:   []Sampling{{Match: "data.*", Percentage: 50, By: "user_id"}, {Match: "*", Percentage: 90}},
	Keep:       []string{"severity >= 'high'"},
}

func compile(t *testing.T, s Settings) *Filter {
	t.Helper()
	f, err := New(s)
	require.NoError(t, err)
	return f
}

// TestExplainAgrees asks Explain and Judge about many events, each of which has an
// id: they say the same.
func TestExplainAgrees(t *testing.T) {
	f := compile(t, guide)
	g := eventgen.New(eventgen.Options{Seed: 3, Start: siemtest.Arrival})
	seen := make(map[int]int)
	b := Pass{Now: siemtest.Arrival}
	for range 37 * 40 {
		logs := siemtest.Decode(t, "", string(g.Next()))
		resource, record := logs.ResourceLogs().At(0).Resource(), siemtest.Record(t, logs)
		verdict := f.Judge(record, resource, &b)
		seen[verdict]++
		r := f.Explain(record, resource)
		require.Equal(t, verdict != Passed, r.Dropped)
		assert.Zero(t, r.Chance)
		if r.Dropped {
			require.Equal(t, f.Rules()[verdict], r.Rule)
			last := r.Asked[len(r.Asked)-1]
			if verdict > 0 {
				assert.Equal(t, r.Rule, last.Rule, "the rule that drops it is asked last")
			}
			assert.Equal(t, verdict != 0 && verdict != 3 && verdict != 4, last.Holds, "%s", r.Rule)
		}
	}
	// The rate limit is off; all else has come up.
	for verdict := Passed; verdict < len(f.Rules())-1; verdict++ {
		assert.Positive(t, seen[verdict], "verdict %d", verdict)
	}
}

func TestExplainParts(t *testing.T) {
	logs := siemtest.Decode(t, "staging", `{"event_type":"auth.failure","severity":"high","metadata":{"attempt_count":5}}`)
	r := compile(t, guide).Explain(siemtest.Record(t, logs), logs.ResourceLogs().At(0).Resource())
	assert.Equal(t, Reasons{Dropped: true, Rule: "conditions: environment == 'production'", Asked: []Asked{
		{"include: auth.*", true, []condition.Part{{Text: "auth.*", Holds: true, Found: "auth.failure"}}},
		{"exclude: severity:low", false, []condition.Part{{Text: "severity:low", Found: "high"}}},
		{"exclude: event_type == 'auth.failure' AND attempt_count < 4", false, []condition.Part{
			{Text: "event_type == 'auth.failure'", Holds: true, Found: "auth.failure"},
			{Text: "attempt_count < 4", Found: "5"},
		}},
		{"conditions: environment == 'production'", false, []condition.Part{{Text: "environment == 'production'", Found: "staging"}}},
	}}, r)
}

// TestExplainTakesNothing: to ask why costs no token.
func TestExplainTakesNothing(t *testing.T) {
	f := compile(t, Settings{RateLimit: &RateLimit{EventsPerSecond: 1, Burst: 2}, Keep: []string{"severity:critical"}})
	judge := func(severity string) (int, Reasons) {
		logs := siemtest.Decode(t, "", fmt.Sprintf(`{"event_type":"auth.failure","severity":%q}`, severity))
		record, resource := siemtest.Record(t, logs), logs.ResourceLogs().At(0).Resource()
		r := f.Explain(record, resource)
		return f.Judge(record, resource, &Pass{Now: time.Unix(1, 0)}), r
	}
	for range 2 {
		verdict, r := judge("low")
		assert.Equal(t, Passed, verdict)
		assert.Equal(t, Reasons{Limited: true}, r)
	}
	verdict, r := judge("low")
	assert.Equal(t, "rate_limit", f.Rules()[verdict])
	assert.Equal(t, Reasons{Limited: true}, r)
	verdict, r = judge("critical")
	assert.Equal(t, Passed, verdict)
	assert.Equal(t, Reasons{}, r, "what is kept is not limited")
}

func TestErrorsNameEveryEntry(t *testing.T) {
	_, err := New(Settings{
		Include: []string{"auth.*", "a b"}, Conditions: []string{"x ="},
		Sampling: []Sampling{{Match: "*", Percentage: 0}}, RateLimit: &RateLimit{},
	})
	for _, want := range []string{`include[1]: "a b"`, `conditions[0]: "x ="`, "sampling[0]::percentage", "rate_limit::events_per_second"} {
		assert.ErrorContains(t, err, want)
	}
}
