// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"testing"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
)

// The grammar of internal/condition as participle takes it, without what
// compiles its tree.
type (
	disjunction struct {
		And []conjunction `parser:"@@ ( Or @@ )*"`
	}
	conjunction struct {
		Terms []term `parser:"@@ ( And @@ )*"`
	}
	term struct {
		Not    *term        `parser:"  Not @@"`
		Group  *disjunction `parser:"| '(' @@ ')'"`
		Exists *field       `parser:"| 'exists' '(' @@ ')'"`
		Window *window      `parser:"| @@"`
		Field  *field       `parser:"| @@"`
		Rest   *rest        `parser:"  @@?"`
	}
	rest struct {
		Op      string  `parser:"(  @Op"`
		Value   *value  `parser:"   @@"`
		Match   string  `parser:" | @Match"`
		Pattern string  `parser:"   @( String | Regexp )"`
		NotIn   bool    `parser:" | @Not? In"`
		Values  []value `parser:"   '[' @@ ( ',' @@ )* ']' )"`
	}
	window struct {
		Distinct *field  `parser:"( 'count' '(' 'distinct' @@ ')'"`
		Sum      *field  `parser:"| 'sum' '(' @@ ')' | 'count' )"`
		Op       string  `parser:"@Op"`
		Limit    string  `parser:"@Number"`
		Within   string  `parser:"In @Duration"`
		By       []field `parser:"( 'by' @@ ( ',' @@ )* )?"`
	}
	field struct {
		Name string   `parser:"@Word"`
		Keys []string `parser:"( '[' @String ']' | '.' @Word )*"`
	}
	value struct {
		Text string `parser:"@( String | Number | Word )"`
	}
)

var withParticiple = participle.MustBuild[disjunction](
	participle.Lexer(lexer.MustSimple([]lexer.SimpleRule{
		{Name: "space", Pattern: `[ \t\r\n]+`},
		{Name: "And", Pattern: `(?i)and\b|&&`},
		{Name: "Or", Pattern: `(?i)or\b|\|\|`},
		{Name: "Match", Pattern: `=~|!~`},
		{Name: "Op", Pattern: `==|!=|<=|>=|=|<|>`},
		{Name: "Not", Pattern: `(?i)not\b|!`},
		{Name: "In", Pattern: `(?i)in\b`},
		{Name: "Duration", Pattern: `([0-9]+(ms|[smhd]))+\b`},
		{Name: "Number", Pattern: `-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?`},
		{Name: "String", Pattern: `'(\\.|[^'\\])*'|"(\\.|[^"\\])*"`},
		{Name: "Regexp", Pattern: `/(\\.|[^/\\])*/`},
		{Name: "Word", Pattern: `[\pL_][\pL\pN_.-]*`},
		{Name: "Punct", Pattern: `[][().,]`},
	})),
	participle.Unquote("String"),
	participle.UseLookahead(participle.MaxLookahead),
)

// mistakes are shown to both; the decision quotes the answers.
var mistakes = []string{
	"environment == 'prod",
	"severity = ",
	"a => 1",
	"a contains 'x'",
	"event_type == 'auth.failure' AND count > 5 in 5min",
	"event_type == 'auth.failure' anf count > 5 in 5m",
	"a in ['x', 'y'",
	"event_type == 'auth.failure' AND count > in 5m",
	"a OR count > 5 in 5m",
}

// TestMistakes shows (with -v) what each says. Both refuse all but the last,
// which is a matter of meaning and not of grammar.
func TestMistakes(t *testing.T) {
	for _, text := range mistakes {
		_, ours := condition.ParseAlert(text)
		_, theirs := withParticiple.ParseString("", text)
		t.Logf("%s\n  ours:       %v\n  participle: %v", text, ours, theirs)
		if ours == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// TestParticipleTakesTheLanguage holds that the comparison is fair.
func TestParticipleTakesTheLanguage(t *testing.T) {
	for _, text := range []string{
		"event_type == 'auth.failure' AND count > 5 in 5m by ip_address, username",
		`event_type == 'auth.success' AND count(distinct attributes["geo.country.iso_code"]) > 1 in 24h by user_id`,
		"count == 5", "tenant", "not exists(a) and b not in [1, x, 'y']", "a =~ /x/ || !(b !~ 'y*')", "environment='x'",
	} {
		if _, err := condition.ParseAlert(text); err != nil {
			t.Errorf("ours: %s: %v", text, err)
		}
		if _, err := withParticiple.ParseString("", text); err != nil {
			t.Errorf("participle: %s: %v", text, err)
		}
	}
}
