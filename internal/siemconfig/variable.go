// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"regexp"
	"strings"
)

// Text is a string of the file. What comes from the environment stays a
// reference in Reference, so that no secret is written anywhere; Value is for
// checks alone.
type Text struct {
	// Reference is in the Collector's syntax: ${env:NAME}, and $$ for a dollar.
	Reference string
	// Value has the variables expanded.
	Value string
	// Unset are the variables that are not set and have no default.
	Unset []string
	// Variables says whether there is any.
	Variables bool
}

// variable is a dollar twice, ${NAME}, ${env:NAME}, either with a default, or
// $NAME.
var variable = regexp.MustCompile(`\$\$|\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(:-[^{}$]*)?\}|\$([A-Za-z_][A-Za-z0-9_]*)|\$`)

func expand(raw string, env func(string) (string, bool)) Text {
	var t Text
	var reference, value strings.Builder
	last := 0
	for _, m := range variable.FindAllStringSubmatchIndex(raw, -1) {
		reference.WriteString(raw[last:m[0]])
		value.WriteString(raw[last:m[0]])
		last = m[1]
		name := part(raw, m[2:4]) + part(raw, m[6:8])
		if name == "" {
			reference.WriteString("$$")
			value.WriteString("$")
			continue
		}
		fallback := part(raw, m[4:6])
		t.Variables = true
		reference.WriteString("${env:" + name + fallback + "}")
		found, set := env(name)
		switch {
		case set && found != "":
			value.WriteString(found)
		case fallback != "":
			value.WriteString(strings.TrimPrefix(fallback, ":-"))
		default:
			t.Unset = append(t.Unset, name)
		}
	}
	reference.WriteString(raw[last:])
	value.WriteString(raw[last:])
	t.Reference, t.Value = reference.String(), value.String()
	return t
}

func part(s string, at []int) string {
	if at[0] < 0 {
		return ""
	}
	return s[at[0]:at[1]]
}
