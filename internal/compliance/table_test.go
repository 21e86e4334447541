// SPDX-License-Identifier: Apache-2.0

package compliance

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/condition"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// TestGuideTable compares every type of the catalogue with lists that were
// extracted from the guide independently of the rules.
func TestGuideTable(t *testing.T) {
	f, err := os.Open("testdata/guide.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "guide_soc2", rows[0][3])
	require.Len(t, rows, 38)
	for _, row := range rows[1:] {
		for i, framework := range Guide() {
			got, _ := framework.Controls(row[0], event.SeverityUnknown)
			assert.ElementsMatch(t, strings.Split(row[3+i], ";"), got, "%s %s", row[0], framework.List)
		}
	}
}

func TestOrder(t *testing.T) {
	soc2, iso := Guide()[0], Guide()[1]
	got, specific := soc2.Controls("auth.failure", event.SeverityMedium)
	assert.Equal(t, []string{"CC4", "CC6"}, got)
	assert.True(t, specific)
	got, _ = iso.Controls("auth.failure", event.SeverityMedium)
	assert.Equal(t, []string{"A.9.4", "A.12.4"}, got)
	got, specific = soc2.Controls("custom.event", event.SeverityMedium)
	assert.Equal(t, []string{"CC4"}, got)
	assert.False(t, specific)
	got, _ = soc2.Controls("system.restarted", event.SeverityLow)
	assert.Equal(t, []string{"CC4", "CC7"}, got)
}

func TestSeverityRule(t *testing.T) {
	glob, err := condition.ParseGlob("auth.*")
	require.NoError(t, err)
	f := Framework{Rules: []Rule{
		{Controls: []string{"A", "B"}, Events: []*condition.Glob{glob}, Severities: []event.Severity{event.SeverityHigh}},
		{Controls: []string{"B", "C"}},
	}}
	got, specific := f.Controls("auth.failure", event.SeverityHigh)
	assert.Equal(t, []string{"A", "B", "C"}, got)
	assert.True(t, specific)
	got, specific = f.Controls("auth.failure", event.SeverityLow)
	assert.Equal(t, []string{"B", "C"}, got)
	assert.False(t, specific)
	assert.False(t, slices.Contains(got, "A"))
}
