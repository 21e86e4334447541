// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/csv"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCatalogueMatchesSource compares with a table that was extracted from the
// guide and from MockForge's own code.
func TestCatalogueMatchesSource(t *testing.T) {
	f, err := os.Open("testdata/catalogue.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	rows = rows[1:]
	require.Len(t, rows, 37)
	require.Len(t, Catalogue(), len(rows))
	for i, row := range rows {
		got := Catalogue()[i]
		assert.Equal(t, []string{got.Name, string(got.Category), got.Description, got.Severity.String()}, row)
		found, ok := Lookup(row[0])
		assert.True(t, ok)
		assert.Equal(t, got, found)
	}
}

func TestCatalogueIsACopy(t *testing.T) {
	Catalogue()[0].Name = "changed"
	assert.Equal(t, "auth.success", Catalogue()[0].Name)
}

func TestCategoryOf(t *testing.T) {
	for name, want := range map[string]Category{
		"auth.failure":         CategoryAuthentication,
		"authz.access_denied":  CategoryAuthorization,
		"access.user_created":  CategoryAccessManagement,
		"auth.passkey_added":   CategoryAuthentication,
		"system.restarted":     "system",
		"plain":                "plain",
		"":                     "",
		"compliance.policy_x":  CategoryCompliance,
		"AUTH.failure":         "AUTH",
		"config.changed.twice": CategoryConfiguration,
	} {
		assert.Equal(t, want, CategoryOf(name), name)
	}
}

func TestSeverity(t *testing.T) {
	for _, tt := range []struct {
		in     string
		want   Severity
		number int32
	}{
		{"low", SeverityLow, 9},
		{"info", SeverityLow, 9},
		{"Informational", SeverityLow, 9},
		{"MEDIUM", SeverityMedium, 13},
		{"warning", SeverityMedium, 13},
		{"high", SeverityHigh, 17},
		{"error", SeverityHigh, 17},
		{"critical", SeverityCritical, 18},
		{"unknown", SeverityUnknown, 0},
		{"", SeverityUnknown, 0},
		{"lo", SeverityUnknown, 0},
	} {
		got, ok := ParseSeverity(tt.in)
		assert.Equal(t, tt.want, got, tt.in)
		assert.Equal(t, tt.want != SeverityUnknown, ok, tt.in)
		assert.Equal(t, tt.number, got.Number(), tt.in)
	}
	assert.Equal(t, []string{"low", "medium", "high", "critical"}, SeverityNames())
}

func TestSeverityFromNumber(t *testing.T) {
	for n, want := range map[int32]Severity{
		0: SeverityUnknown, 5: SeverityUnknown, 9: SeverityLow, 12: SeverityLow, 13: SeverityMedium,
		16: SeverityMedium, 17: SeverityHigh, 18: SeverityCritical, 21: SeverityCritical, 24: SeverityCritical,
	} {
		assert.Equal(t, want, SeverityFromNumber(n), n)
	}
}
