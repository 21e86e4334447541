// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{"auth.*", []string{"auth.failure", "auth.", "auth.a.b"}, []string{"authz.access_denied", "auth", "xauth.failure", ""}},
		{"auth.failure", []string{"auth.failure"}, []string{"auth.failures", "auth.failur", "AUTH.FAILURE"}},
		{"*", []string{"", "a", "a.b"}, nil},
		{"*.user_*", []string{"access.user_created", ".user_"}, []string{"access.api_token_created"}},
		{"auth.mfa_*", []string{"auth.mfa_enabled"}, []string{"auth.failure"}},
		{"*.failure", []string{"auth.failure", "a.failure.failure"}, []string{"auth.failures"}},
		{"a?c", []string{"abc", "aéc"}, []string{"ac", "abbc"}},
		{`a\*c`, []string{"a*c"}, []string{"abc"}},
		{`a\?`, []string{"a?"}, []string{"ab"}},
		{"a*b*c", []string{"abc", "axxbyyc", "abbcc"}, []string{"acb", "ab"}},
		{"**", []string{"", "x"}, nil},
		{"?*", []string{"x", "xy"}, []string{""}},
		{`caf\é`, []string{"café"}, []string{"cafe"}},
	} {
		g, err := ParseGlob(tt.pattern)
		require.NoError(t, err)
		assert.Equal(t, tt.pattern, g.String())
		for _, name := range tt.yes {
			assert.True(t, g.Match(name), "%s %s", tt.pattern, name)
		}
		for _, name := range tt.no {
			assert.False(t, g.Match(name), "%s %s", tt.pattern, name)
		}
	}
}

func TestGlobErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":          `found an empty pattern, expected an event type or a glob such as "auth.*"`,
		`auth.\`:    `column 7: found the end, expected a character after '\'`,
		"auth/*":    `column 5: found '/', expected a character of an event type, '*', '?' or '\'`,
		"auth.\xff": `found "auth.\xff", expected UTF-8`,
	} {
		_, err := ParseGlob(pattern)
		assert.EqualError(t, err, want)
	}
}

// TestGlobIsNotExponential runs a pattern on which naive backtracking never
// ends.
func TestGlobIsNotExponential(t *testing.T) {
	g, err := ParseGlob(strings.Repeat("*a", 30) + "b")
	require.NoError(t, err)
	assert.False(t, g.Match(strings.Repeat("a", 5000)))
}

const sample = `{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure","severity":"high",
"source":{"system":"mockforge","version":"1.0.0"},
"actor":{"user_id":"u1","username":"admin","ip_address":"203.0.113.7, 10.0.0.1","user_agent":null},
"target":{"resource_id":"/x"},"outcome":{"success":false,"reason":"bad"},
"metadata":{"risk_score":8,"ratio":0.5,"count":"7","tags":["a","b"],"on":true,"none":null,"user_id":"subject","deep":{"er":1},"big":9007199254740993,"inf":"inf","nan":"NaN","hex":"0x10","huge":1e400,"uint":18446744073709551615,"minus":-18446744073709551615,"int":9223372036854775807,"padded":"7","one":1.0},
"compliance":{"soc2_cc":["CC6"],"iso27001":[]},"tenant":"acme"}`

func record(t testing.TB, data, environment string) (plog.LogRecord, pcommon.Resource) {
	t.Helper()
	logs := siemtest.Decode(t, environment, data)
	return siemtest.Record(t, logs), logs.ResourceLogs().At(0).Resource()
}

func TestConditions(t *testing.T) {
	rec, res := record(t, sample, "production")
	for text, want := range map[string]bool{
		// the guide's form
		"environment == 'production'": true,
		`environment == "production"`: true,
		"environment == staging":      false,
		"environment = production":    true,
		"environment != 'staging'":    true,
		// bare names
		"event_type == 'auth.failure'": true,
		"category == authentication":   true,
		"user_id == 'u1'":              true,
		"username == admin":            true,
		"ip_address == '203.0.113.7'":  true,
		"system == mockforge":          true,
		"version == '1.0.0'":           true,
		"resource_id == '/x'":          true,
		"success == false":             true,
		"reason == bad":                true,
		"timestamp < '2026'":           true,
		"tenant == acme":               true,
		"soc2_cc == 'CC6'":             true,
		"iso27001 == 'A.9.2'":          false,
		// paths
		"metadata.user_id == subject":                             true,
		"metadata.deep.er == 1":                                   true,
		"actor.username == admin":                                 true,
		"actor.username.x == admin":                               false,
		"user.id == u1":                                           true,
		"service.name == mockforge":                               true,
		`attributes["user.name"] == 'admin'`:                      true,
		`resource['deployment.environment.name'] == "production"`: true,
		`resource['x'] == "production"`:                           false,
		// numbers
		"risk_score > 7":                true,
		"risk_score >= 8":               true,
		"risk_score < 8":                false,
		"risk_score <= 8.0":             true,
		"risk_score > 7.5":              true,
		"ratio == 0.5":                  true,
		"ratio > -1e3":                  true,
		"count == 7":                    true,
		"count > 6":                     true,
		"username > 1":                  false,
		"big == 9007199254740993":       true,
		"big == 9007199254740992":       false,
		"on > 0":                        false,
		"inf > 7":                       false,
		"nan < 7":                       false,
		"nan != 7":                      true,
		"hex == 16":                     false,
		"huge > 7":                      true,
		"uint == 18446744073709551615":  true,
		"uint == 18446744073709551614":  false,
		"uint > 9223372036854775807":    true,
		"minus < -18446744073709551614": true,
		"int == 9223372036854775808":    false,
		"int < 9223372036854775808":     true,
		"int > -9223372036854775809":    true,
		"padded == 7":                   true,
		"one == '1.0'":                  true,
		"one == '1'":                    false,
		"one == 1":                      true,
		// text against others
		"risk_score == '8'": true,
		"risk_score > '7'":  false,
		"on == 'true'":      true,
		"on == true":        true,
		"on == false":       false,
		"count == true":     false,
		// arrays: any element; the negation is the negation
		"tags == b":     true,
		"tags != b":     false,
		"tags != c":     true,
		"metadata == x": false,
		// absent and null
		"missing == x":      false,
		"missing != x":      true,
		"missing < 5":       false,
		"missing":           false,
		"none":              false,
		"user_agent":        false,
		"tenant":            true,
		"missing == null":   true,
		"none == null":      true,
		"none != null":      false,
		"tenant == null":    false,
		"missing < null":    false,
		"missing <= null":   true,
		"not missing":       true,
		"user_agent != 'x'": true,
		// severity by rank, any case and alias
		"severity == 'high'":   true,
		"severity = HIGH":      true,
		"severity >= 'medium'": true,
		"severity > low":       true,
		"severity < critical":  true,
		"severity == error":    true,
		"severity != 'low'":    true,
		"severity == null":     false,
		// lists
		"severity in ['high', 'critical']":        true,
		"severity in [low, medium]":               false,
		"severity not in [low, medium]":           true,
		"event_type in ['auth.failure', 'x']":     true,
		"event_type NOT IN ['auth.failure', 'x']": false,
		"risk_score in [7, 8]":                    true,
		"risk_score in ['7', '8']":                true,
		"count in [7.0]":                          true,
		"tags in [b, z]":                          true,
		"tags not in [b, z]":                      false,
		"missing in [x]":                          false,
		"missing not in [x]":                      true,
		"missing in [x, null]":                    true,
		"not tenant in [acme]":                    false,
		"in in [x]":                               false,
		"ip_address in ['203.0.113.7']":           true,
		// globs and regular expressions
		"event_type =~ 'auth.*'":           true,
		"event_type =~ 'auth'":             false,
		"event_type !~ 'authz.*'":          true,
		"resource_id =~ '/*'":              true,
		"ip_address =~ '203.0.113.?'":      true,
		"event_type =~ /fail/":             true,
		"event_type =~ /^fail/":            false,
		"event_type =~ /(?i)^AUTH\\.fail/": true,
		`resource_id =~ /^\/x$/`:           true,
		"risk_score =~ /^[0-9]$/":          true,
		"risk_score =~ '8'":                true,
		"on =~ 't*'":                       true,
		"tags =~ /b/":                      true,
		`event_type =~ 'auth\\.f*'`:        true,
		`event_type =~ 'auth\\*'`:          false,
		"tags !~ /b/":                      false,
		"metadata =~ '*'":                  false,
		"metadata !~ '*'":                  true,
		"missing =~ '*'":                   false,
		"missing !~ '*'":                   true,
		"none =~ '*'":                      false,
		// exists, and keys
		"exists(tenant)":                  true,
		"EXISTS (metadata.deep.er)":       true,
		"exists(missing) or exists(none)": false,
		"not exists(missing)":             true,
		"exists == 1":                     false,
		"metadata['user_id'] == subject":  true,
		"metadata['deep']['er'] == 1":     true,
		`metadata["deep"].er == 1`:        true,
		"deep['er'] == 1":                 true,
		"deep['x'] == 1":                  false,
		"tenant['x'] == 1":                false,
		`exists(attributes["user.name"])`: true,
		`attributes["user.name"].x == 1`:  false,
		// a window's words are fields without "in"
		"count == 5 or count >= 7":             true,
		"sum > 5 or by == 1 or distinct or in": false,
		// joined
		"environment == 'production' AND severity >= high":  true,
		"environment == 'staging' or severity >= high":      true,
		"environment == 'staging' && severity >= high":      false,
		"a == 1 || not (b == 2 and c == 3)":                 true,
		"!tenant":                                           false,
		"NOT NOT tenant":                                    true,
		"tenant == x OR tenant == acme AND username == bob": false,
	} {
		c, err := Parse(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, c.Match(rec, res), text)
			assert.Equal(t, text, c.String())
		}
	}
}

func TestEnvironmentIsFoundWhereverItStands(t *testing.T) {
	c, err := Parse("environment == 'production'")
	require.NoError(t, err)
	for _, data := range []string{
		`{"event_type":"a","environment":"production"}`,
		`{"event_type":"a","metadata":{"environment":"production"}}`,
		`{"event_type":"a","source":{"environment":"production"}}`,
	} {
		rec, res := record(t, data, "")
		assert.True(t, c.Match(rec, res), data)
	}
	rec, res := record(t, `{"event_type":"a"}`, "")
	assert.False(t, c.Match(rec, res))
	// What is no name leaves the configured one standing, and the source's
	// comes before the metadata's, as in the resource.
	for data, want := range map[string]bool{
		`{"event_type":"a","environment":""}`: true,
		`{"event_type":"a","environment":5}`:  true,
		`{"event_type":"a","source":{"environment":"production"},"metadata":{"environment":"staging"}}`: true,
		`{"event_type":"a","source":{"environment":"staging"},"metadata":{"environment":"production"}}`: false,
	} {
		rec, res := record(t, data, "production")
		assert.Equal(t, want, c.Match(rec, res), data)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         `column 1: found the end, expected the name of a field`,
		"environment ==":           `column 15: found the end, expected a value`,
		"environment == 'prod":     `column 16: found a text without an end, expected a closing '`,
		"== 'x'":                   `column 1: found "==", expected the name of a field`,
		"a == 'x' b":               `column 10: found "b", expected AND, OR or the end`,
		"count > 5 in 5m":          `column 1: found a window, expected a condition on one event; windows are for alerts alone`,
		"a == 5m":                  `column 6: found "5m", expected a number, or a text in quotes`,
		"a == 1.2.3":               `column 6: found "1.2.3", expected a number`,
		"(a == 1":                  `column 8: found the end, expected ')'`,
		"a == 1)":                  `column 7: found ")", expected AND, OR or the end`,
		"severity == 'lo'":         `column 13: found "lo", expected a severity: low, medium, high, critical; did you mean "low"?`,
		"severity > 5":             `column 12: found "5", expected a severity: low, medium, high, critical`,
		"é ? 1":                    `column 3: found '?', expected a field, a value or an operator`,
		"a..b == 1":                `column 1: found "a..b", expected a name between two dots`,
		"attributes[x] == 1":       `column 12: found "x", expected a key in quotes`,
		"attributes['x' == 1":      `column 16: found "==", expected ']'`,
		"a contains 'x'":           `column 3: found "contains", expected an operator, AND, OR or the end; did you mean =~ '*part*'?`,
		"a => 1":                   `column 4: found ">", expected a value; did you mean >=?`,
		"a == 1 anf b == 2":        `column 8: found "anf", expected AND, OR or the end; did you mean "AND"?`,
		"a <> 1":                   `column 4: found ">", expected a value; did you mean !=?`,
		"severity =~ 'h*'":         `column 10: found "=~", expected ==, !=, <, <=, >, >= or in, as severity compares by rank`,
		"severity in [hihg]":       `column 14: found "hihg", expected a severity: low, medium, high, critical; did you mean "high"?`,
		"a in []":                  `column 7: found "]", expected a value`,
		"a in [1, 2":               `column 11: found the end, expected ',' or ']'`,
		"a in (1, 2)":              `column 6: found "(", expected '[' and values`,
		"a not 5":                  `column 7: found "5", expected in, after a field and NOT`,
		"a =~ /[/":                 "column 6: found /[/, expected a regular expression of RE2: error parsing regexp: missing closing ]: `[`",
		"a =~ /x":                  `column 6: found a regular expression without an end, expected a closing /`,
		"a == /x/":                 `column 6: found "x", expected a value; a regular expression stands after =~ or !~`,
		"a =~ auth":                `column 6: found "auth", expected a glob in quotes or /a regular expression/; did you mean 'auth'?`,
		"a =~ ''":                  `column 6: found "", expected a glob: found an empty pattern, expected an event type or a glob such as "auth.*"`,
		"exist(a)":                 `column 1: found "exist", expected exists, count or sum before '('; did you mean "exists"?`,
		"exists a":                 `column 8: found "a", expected an operator, AND, OR or the end`,
		"exists(a":                 `column 9: found the end, expected ')'`,
		"sum(a) > 5 in 5m":         `column 1: found a window, expected a condition on one event; windows are for alerts alone`,
		"a['x'].":                  `column 8: found the end, expected a name after the dot`,
		"a['']":                    `column 3: found "", expected a key in quotes`,
		"a AND":                    `column 6: found the end, expected the name of a field`,
		strings.Repeat("(", 70):    `column 66: found deeper nesting, expected at most 64 brackets and NOTs`,
		strings.Repeat("not ", 70): `column 261: found deeper nesting, expected at most 64 brackets and NOTs`,
	} {
		_, err := Parse(text)
		assert.EqualError(t, err, want, text)
	}
}

func TestSelectors(t *testing.T) {
	rec, res := record(t, sample, "production")
	for text, want := range map[string]bool{
		"auth.*": true, "authz.*": false, "*": true,
		"severity:high": true, "severity:HIGH": true, "severity:error": true, "severity:low": false, "severity:unknown": false,
		"environment == 'production'": true, "risk_score>7": true, "environment='staging'": false,
	} {
		s, err := ParseSelector(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, s.Match(rec, res), text)
			assert.Equal(t, text, s.String())
		}
	}
	for text, want := range map[string]string{
		"":                `found an empty pattern, expected an event type or a glob such as "auth.*"`,
		" auth.*":         `column 2: found "auth.", expected a name between two dots`,
		"severity:lo":     `column 10: found "lo", expected a severity: low, medium, high, critical or unknown; did you mean "low"?`,
		"severity:":       `column 10: found "", expected a severity: low, medium, high, critical or unknown`,
		"environment == ": `column 16: found the end, expected a value`,
	} {
		_, err := ParseSelector(text)
		assert.EqualError(t, err, want, text)
	}
	rec, res = record(t, `{"event_type":"x.y"}`, "")
	s, err := ParseSelector("severity:unknown")
	require.NoError(t, err)
	assert.True(t, s.Match(rec, res))
}

func TestMatchesNoKnownType(t *testing.T) {
	for text, want := range map[string]bool{
		"auth.*": false, "autth.*": true, "custom.*": true, "severity:low": false, "a == 1": false, "*.failure": false,
	} {
		s, err := ParseSelector(text)
		require.NoError(t, err)
		assert.Equal(t, want, s.MatchesNoKnownType(), text)
	}
}

// FuzzSelector holds that no setting panics, while compiled or while matching.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"auth.*", "severity:low", "environment == 'production'", `not (a["x"] <= 1e3 || b)`, `\*?`, "tags != 'é'", "- 1"} {
		f.Add(s)
	}
	rec, res := record(f, sample, "production")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSelector(text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		first := s.Match(rec, res)
		require.Equal(t, first, s.Match(rec, res))
		if _, err := ParseGlob(text); err == nil {
			return
		}
		negated, err := Parse("not (" + text + ")")
		if err == nil {
			require.Equal(t, !first, negated.Match(rec, res))
		}
	})
}
