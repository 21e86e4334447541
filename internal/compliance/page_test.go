// SPDX-License-Identifier: Apache-2.0

package compliance

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

var update = flag.Bool("update", false, "write docs/events.md anew")

// TestEventsPage holds that the page repeats the tables of the code.
func TestEventsPage(t *testing.T) {
	const file = "../../docs/events.md"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(eventsPage()), 0o600))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, eventsPage(), string(got), "run make generate")
}

func eventsPage() string {
	var b strings.Builder
	b.WriteString("# MockForge's security events\n\n" +
		"<!-- Generated from internal/event and internal/compliance by `make generate`. Do not edit. -->\n\n" +
		"The default severity stands in where an event carries none. The controls are those of the guide's\n" +
		"table, which the `compliance_tag` processor adds to what an event carries already.\n")
	var category event.Category
	for _, t := range event.Catalogue() {
		if t.Category != category {
			category = t.Category
			fmt.Fprintf(&b, "\n## %s\n\n| event type | meaning | severity |", category)
			for _, f := range Guide() {
				fmt.Fprintf(&b, " %s |", f.Name)
			}
			b.WriteString("\n| --- | --- | --- | --- | --- |\n")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |", t.Name, t.Description, t.Severity)
		for _, f := range Guide() {
			controls, _ := f.Controls(t.Name, t.Severity)
			fmt.Fprintf(&b, " %s |", strings.Join(controls, ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## The guide's rules\n\n| control | events |\n| --- | --- |\n")
	for _, f := range Guide() {
		for _, r := range f.Rules {
			fmt.Fprintf(&b, "| %s %s |", f.Name, strings.Join(r.Controls, ", "))
			for i, g := range r.Events {
				if i > 0 {
					b.WriteString(",")
				}
				fmt.Fprintf(&b, " `%s`", g)
			}
			b.WriteString(" |\n")
		}
	}
	b.WriteString("\n## Severities\n\n| name | OpenTelemetry severity number |\n| --- | --- |\n")
	for s := event.SeverityLow; s <= event.SeverityCritical; s++ {
		fmt.Fprintf(&b, "| %s | %d |\n", s, s.Number())
	}
	return b.String()
}
