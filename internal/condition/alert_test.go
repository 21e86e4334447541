// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shape is what ParseAlert makes of a condition, fields by their names.
type shape struct {
	agg    Agg
	field  string
	op     Op
	limit  float64
	within time.Duration
	by     []string
	types  []string
}

func shapeOf(a *Alert) (s shape, window bool) {
	s.types = a.EventTypes
	if a.Window == nil {
		return s, false
	}
	w := a.Window
	s.agg, s.field, s.op, s.limit, s.within = w.Agg, w.Field.String(), w.Op, w.Limit, w.Within
	for _, f := range w.By {
		s.by = append(s.by, f.String())
	}
	return s, true
}

func only(types ...string) []string { return types }

// TestTranslatedRules holds the guide's three rules and the twenty-two of
// MockForge's own alerting rules: each parses, its filter matches an event that it is about and
// does not match another.
func TestTranslatedRules(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		yes, no    string
		window     shape
	}{
		{
			"G1", "event_type == 'auth.failure' AND count > 5 in 5m", `{"event_type":"auth.failure"}`, `{"event_type":"auth.success"}`,
			shape{op: Greater, limit: 5, within: 5 * time.Minute},
		},
		{"G2", "event_type == 'authz.privilege_escalation'", `{"event_type":"authz.privilege_escalation"}`, `{"event_type":"authz.access_denied"}`, shape{}},
		{"G3", "event_type == 'security.suspicious_activity'", `{"event_type":"security.suspicious_activity"}`, `{"event_type":"auth.failure"}`, shape{}},
		{
			"1", "event_type == 'auth.failure' AND count >= 5 in 5m by ip_address, username", `{"event_type":"auth.failure"}`, `{"event_type":"auth.success"}`,
			shape{op: GreaterEqual, limit: 5, within: 5 * time.Minute, by: []string{"ip_address", "username"}},
		},
		{
			"2", "event_type == 'auth.failure' AND count >= 10 in 1m by ip_address", `{"event_type":"auth.failure"}`, `{"event_type":"auth.success"}`,
			shape{op: GreaterEqual, limit: 10, within: time.Minute, by: []string{"ip_address"}},
		},
		{"3", "event_type == 'auth.failure' AND metadata.lockout_triggered == true", `{"event_type":"auth.failure","metadata":{"lockout_triggered":true}}`, `{"event_type":"auth.failure","metadata":{"lockout_triggered":false}}`, shape{}},
		{
			"4", `event_type == 'auth.success' AND count(distinct attributes["geo.country.iso_code"]) > 1 in 24h by user_id`, `{"event_type":"auth.success"}`, `{"event_type":"auth.failure"}`,
			shape{agg: CountDistinct, field: `attributes["geo.country.iso_code"]`, op: Greater, limit: 1, within: 24 * time.Hour, by: []string{"user_id"}},
		},
		{"5", "event_type == 'authz.privilege_escalation'", `{"event_type":"authz.privilege_escalation"}`, `{"event_type":"x"}`, shape{}},
		{
			"6", "event_type == 'authz.access_denied' AND count >= 3 in 10m by user_id, resource_id", `{"event_type":"authz.access_denied"}`, `{"event_type":"x"}`,
			shape{op: GreaterEqual, limit: 3, within: 10 * time.Minute, by: []string{"user_id", "resource_id"}},
		},
		{
			"7", "event_type == 'authz.access_denied' AND count >= 20 in 5m by ip_address", `{"event_type":"authz.access_denied"}`, `{"event_type":"x"}`,
			shape{op: GreaterEqual, limit: 20, within: 5 * time.Minute, by: []string{"ip_address"}},
		},
		{"8", "event_type == 'access.user_created'", `{"event_type":"access.user_created"}`, `{"event_type":"access.user_deleted"}`, shape{}},
		{"9", "event_type == 'access.user_deleted'", `{"event_type":"access.user_deleted"}`, `{"event_type":"access.user_created"}`, shape{}},
		{"10", "event_type == 'access.api_token_created'", `{"event_type":"access.api_token_created"}`, `{"event_type":"x"}`, shape{}},
		{"11", "event_type == 'access.api_token_rotated'", `{"event_type":"access.api_token_rotated"}`, `{"event_type":"x"}`, shape{}},
		{"12", "event_type == 'config.security_policy_updated'", `{"event_type":"config.security_policy_updated"}`, `{"event_type":"x"}`, shape{}},
		{"13", "event_type == 'config.encryption_key_rotated'", `{"event_type":"config.encryption_key_rotated"}`, `{"event_type":"x"}`, shape{}},
		{"14", "event_type == 'config.tls_certificate_updated'", `{"event_type":"config.tls_certificate_updated"}`, `{"event_type":"x"}`, shape{}},
		{"15", "event_type == 'security.vulnerability_detected' AND severity in ['high', 'critical']", `{"event_type":"security.vulnerability_detected","severity":"CRITICAL"}`, `{"event_type":"security.vulnerability_detected","severity":"medium","metadata":{"severity":"high"}}`, shape{}},
		{"16", "event_type == 'security.threat_detected'", `{"event_type":"security.threat_detected"}`, `{"event_type":"x"}`, shape{}},
		{"17", "event_type == 'security.suspicious_activity' AND risk_score > 7", `{"event_type":"security.suspicious_activity","metadata":{"risk_score":"8"}}`, `{"event_type":"security.suspicious_activity","metadata":{"risk_score":7}}`, shape{}},
		{
			"18", "event_type == 'security.rate_limit_exceeded' AND count >= 10 in 1m by ip_address", `{"event_type":"security.rate_limit_exceeded"}`, `{"event_type":"x"}`,
			shape{op: GreaterEqual, limit: 10, within: time.Minute, by: []string{"ip_address"}},
		},
		{"19", "event_type == 'data.exported' AND record_count > 10000", `{"event_type":"data.exported","metadata":{"record_count":10001}}`, `{"event_type":"data.exported","metadata":{"record_count":10000}}`, shape{}},
		{"20", "event_type == 'data.deleted'", `{"event_type":"data.deleted"}`, `{"event_type":"x"}`, shape{}},
		{"21", "event_type == 'compliance.audit_log_accessed' AND access_type in ['export', 'bulk_view']", `{"event_type":"compliance.audit_log_accessed","metadata":{"access_type":"bulk_view"}}`, `{"event_type":"compliance.audit_log_accessed","metadata":{"access_type":"view"}}`, shape{}},
		{"22", "event_type == 'compliance.policy_violation'", `{"event_type":"compliance.policy_violation"}`, `{"event_type":"x"}`, shape{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseAlert(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.text, a.String())
			got, window := shapeOf(a)
			assert.Equal(t, tt.window.within > 0, window)
			require.Len(t, got.types, 1)
			assert.Contains(t, tt.text, got.types[0])
			got.types = nil
			assert.Equal(t, tt.window, got)
			rec, res := record(t, tt.yes, "")
			assert.True(t, a.Filter.Match(rec, res))
			rec, res = record(t, tt.no, "")
			assert.False(t, a.Filter.Match(rec, res))
		})
	}
}

func TestWindows(t *testing.T) {
	for text, want := range map[string]shape{
		"count > 5 in 5m":                                  {limit: 5, within: 5 * time.Minute},
		"COUNT>=1 IN 1h30m BY a AND b == 1":                {op: GreaterEqual, limit: 1, within: 90 * time.Minute, by: []string{"a"}},
		"count > 0 in 500ms AND (a OR b)":                  {within: 500 * time.Millisecond},
		"count > 100000 in 7d":                             {limit: 100_000, within: 7 * 24 * time.Hour},
		"(a OR b) AND sum(record_count) > 1.5e6 in 1d2h":   {agg: Sum, field: "record_count", limit: 1.5e6, within: 26 * time.Hour},
		"sum ( metadata . x ) > -3 in 1s":                  {},
		"count(DISTINCT actor['user_id'] ) > 3 in 1m by x": {agg: CountDistinct, field: "actor['user_id']", limit: 3, within: time.Minute, by: []string{"x"}},
	} {
		a, err := ParseAlert(text)
		if want.within == 0 {
			require.Error(t, err, text)
			continue
		}
		if assert.NoError(t, err, text) {
			got, _ := shapeOf(a)
			assert.Equal(t, want, got, text)
		}
	}
	a, err := ParseAlert("count > 5 in 5m")
	require.NoError(t, err)
	assert.Nil(t, a.Filter)
	assert.False(t, a.Window.Reached(5))
	assert.True(t, a.Window.Reached(6))
	a, err = ParseAlert("count >= 5 in 5m")
	require.NoError(t, err)
	assert.False(t, a.Window.Reached(4))
	assert.True(t, a.Window.Reached(5))
}

func TestAlertErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a OR count > 5 in 5m":                          `column 6: found a window beside OR, expected one that AND joins to all the rest; put the OR in brackets`,
		"a AND count > 5 in 5m OR b":                    `column 7: found a window beside OR, expected one that AND joins to all the rest; put the OR in brackets`,
		"NOT count > 5 in 5m":                           `column 5: found a window in brackets or after NOT, expected one that AND joins to all the rest`,
		"a AND (count > 5 in 5m)":                       `column 8: found a window in brackets or after NOT, expected one that AND joins to all the rest`,
		"count > 5 in 5m AND sum(x) > 1 in 1m":          `column 21: found a second window, expected at most one`,
		"count < 5 in 5m":                               `column 7: found "<", expected > or >= in a window`,
		"count <= 5 in 5m":                              `column 7: found "<=", expected > or >= in a window`,
		"count == 5 in 5m":                              `column 7: found "==", expected > or >= in a window`,
		"count != 5 in 5m":                              `column 7: found "!=", expected > or >= in a window`,
		"count > 5.5 in 5m":                             `column 9: found 5.5, expected a whole number from 0 to 100000`,
		"count >= 0 in 5m":                              `column 10: found 0, expected a whole number from 1 to 100000`,
		"count > -1 in 5m":                              `column 9: found -1, expected a whole number from 0 to 100000`,
		"count > 100001 in 5m":                          `column 9: found 100001, expected a whole number from 0 to 100000`,
		"count > x in 5m":                               `column 9: found "x", expected a number`,
		"count > 5 in 0s":                               `column 14: found 0s, expected a duration of more than 0 and at most 7d`,
		"count > 5 in 8d":                               `column 14: found 8d, expected a duration of more than 0 and at most 7d`,
		"count > 5 in 9999999999d":                      `column 14: found 9999999999d, expected a duration of more than 0 and at most 7d`,
		"count > 5 in 999999999d999999999d":             `column 14: found 999999999d999999999d, expected a duration of more than 0 and at most 7d`,
		"count > 5 in 5":                                `column 14: found "5", expected a duration, such as 5m; did you mean 5m?`,
		"count > 5 in 5min":                             `column 14: found "5min", expected a duration; did you mean 5m?`,
		"count > 5 in 5m by":                            `column 19: found the end, expected the name of a field`,
		"count > 5 in 5m by a,":                         `column 22: found the end, expected the name of a field`,
		"count > 5 in 5m yb a":                          `column 17: found "yb", expected AND, OR or the end; did you mean "BY"?`,
		"count > 5 5m":                                  `column 11: found "5m", expected AND, OR or the end`,
		"count > in 5m":                                 `column 9: found "in", expected a value`,
		"count in 5m":                                   `column 10: found "5m", expected '[' and values; a window is count > 5 in 5m`,
		"risk > 5 in 5m":                                `column 10: found "in", expected AND, OR or the end; a window begins with count, count(distinct FIELD) or sum(FIELD)`,
		"count(x) > 5 in 5m":                            `column 7: found "x", expected distinct and a field; plain count has no brackets`,
		"count(distinct) > 5 in 5m":                     `column 15: found ")", expected the name of a field`,
		"sum(x) > 5":                                    `column 11: found the end, expected in and a duration, such as in 5m`,
		"sum(x)":                                        `column 7: found the end, expected > or >=`,
		"avg(x) > 5 in 5m":                              `column 1: found "avg", expected exists, count or sum before '('`,
		"event_type == 'auth.failure' AND count > 5 in": `column 46: found the end, expected a duration, such as 5m`,
	} {
		_, err := ParseAlert(text)
		assert.EqualError(t, err, want, text)
	}
}

func TestEventTypes(t *testing.T) {
	for text, want := range map[string][]string{
		"event_type == a":                               only("a"),
		"event_type in [a, b]":                          only("a", "b"),
		"event_type == a OR event_type in [b, a]":       only("a", "b"),
		"(event_type == a OR event_type == b) AND x":    only("a", "b"),
		"event_type in [a, b] AND event_type in [b, c]": only("b"),
		"event_type == a AND event_type == b":           {},
		"event_type == a AND count > 1 in 1m":           only("a"),
		"count > 1 in 1m AND event_type == a":           only("a"),
		"x AND event_type == a AND y":                   only("a"),
		"event_type == a OR x":                          nil,
		"NOT event_type == a":                           nil,
		"event_type != a":                               nil,
		"event_type not in [a]":                         nil,
		"event_type =~ 'a*'":                            nil,
		"event_type in [a, null]":                       nil,
		"event_type > a":                                nil,
		"metadata.event_type == a":                      nil,
		"event_type == 5":                               nil,
		"count > 1 in 1m":                               nil,
	} {
		a, err := ParseAlert(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, a.EventTypes, text)
		}
	}
}

func TestFields(t *testing.T) {
	rec, res := record(t, sample, "production")
	for text, want := range map[string]string{
		"user_id": "u1", "risk_score": "8", "metadata.tags": `["a","b"]`, "on": "true", "severity": "high",
		`attributes["user.name"]`: "admin", "ip_address": "203.0.113.7", "environment": "production",
		"missing": "", "none": "",
	} {
		f, err := ParseField(text)
		require.NoError(t, err)
		assert.Equal(t, text, f.String())
		got, ok := f.AppendText([]byte("x"), rec, res)
		assert.Equal(t, "x"+want, string(got), text)
		assert.Equal(t, want != "", ok, text)
	}
	type number struct {
		n         float64
		ok, clash bool
	}
	for text, want := range map[string]number{
		"risk_score": {8, true, false}, "ratio": {0.5, true, false}, "count": {7, true, false},
		"user_id": {0, false, true}, "tags": {0, false, true}, "missing": {}, "none": {},
	} {
		f, err := ParseField(text)
		require.NoError(t, err)
		n, ok, clash := f.Number(rec, res)
		assert.Equal(t, want, number{n, ok, clash}, text)
	}
	for text, want := range map[string]string{
		"":      `column 1: found the end, expected the name of a field`,
		"a b":   `column 3: found "b", expected the end after the name of a field`,
		"'a'":   `column 1: found "a", expected the name of a field`,
		"a.b..": `column 1: found "a.b..", expected a name between two dots`,
	} {
		_, err := ParseField(text)
		assert.EqualError(t, err, want)
	}
}

func TestClashes(t *testing.T) {
	rec, res := record(t, sample, "production")
	for text, want := range map[string]int64{
		"username > 5": 1, "metadata > 5": 1, "risk_score > '7'": 1, "metadata =~ 'x'": 1, "tags > 5": 1, "on > 5": 1,
		"username == 5": 0, "missing > 5": 0, "none > 5": 0, "iso27001 > 5": 0, "count > 5": 0, "metadata == 5": 0, "tags > a": 0,
	} {
		c, err := Parse(text)
		require.NoError(t, err)
		c.Match(rec, res)
		assert.Equal(t, want, c.Clashes(), text)
	}
}

// TestNoAllocations: a condition that is compiled allocates nothing for the
// event it looks at.
func TestNoAllocations(t *testing.T) {
	rec, res := record(t, sample, "production")
	for _, text := range []string{
		"event_type == 'auth.failure' AND environment == 'production' AND severity >= 'high'",
		"username in [a, b, admin] OR tenant", "count > 5 AND risk_score == '8' AND ratio == '0.5' AND on == 'true'",
		"event_type =~ 'a*f?ilure' AND resource_id =~ /^\\/x/ AND risk_score =~ '*'", "minus > 7 OR username > 7",
		"metadata['deep'].er == 1 AND tags == b AND missing != 5 AND int < 9223372036854775808",
	} {
		c, err := Parse(text)
		require.NoError(t, err)
		assert.Zero(t, testing.AllocsPerRun(100, func() { c.Match(rec, res) }), text)
	}
	f, err := ParseField("username")
	require.NoError(t, err)
	buf := make([]byte, 0, 64)
	assert.Zero(t, testing.AllocsPerRun(100, func() { buf, _ = f.AppendText(buf[:0], rec, res) }))
}

// FuzzAlert holds that no condition of an alert panics, that errors point into
// the text, and that a rule is never found under types that it does not match.
func FuzzAlert(f *testing.F) {
	for _, s := range []string{
		"event_type == 'auth.failure' AND count > 5 in 5m", "count(distinct a['b'].c) >= 2 in 1h30m by x, y", "sum(x) > 1e3 in 7d",
		"event_type in ['auth.failure', b] OR event_type =~ /^a/", "exists(a) && a not in [1, null, true]", "a !~ '*' AND (b)", "count > 5 in 99999999999999999999d",
	} {
		f.Add(s)
	}
	rec, res := record(f, sample, "production")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAlert(text)
		if err != nil {
			var at *Error
			require.ErrorAs(t, err, &at)
			require.GreaterOrEqual(t, at.Column, 1)
			require.LessOrEqual(t, at.Column, len(text)+1)
			return
		}
		if a.Filter != nil && a.EventTypes != nil && a.Filter.Match(rec, res) {
			require.Contains(t, a.EventTypes, "auth.failure")
		}
		if w := a.Window; w != nil {
			require.True(t, w.Within > 0 && w.Within <= maxWithin)
			for _, by := range w.By {
				by.AppendText(nil, rec, res)
			}
			if w.Agg != Count {
				w.Field.Number(rec, res)
			}
		}
		if _, err := Parse(text); err == nil {
			require.Nil(t, a.Window, "a window in a condition on one event")
			return
		}
		require.NotNil(t, a.Window)
	})
}
