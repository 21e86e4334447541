// SPDX-License-Identifier: Apache-2.0

package compliancetagprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestLoadConfig(t *testing.T) {
	assert.Equal(t, &Config{Mode: ModeMerge, GuideTable: true}, load(t, ""))
	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, &Config{
		Mode: ModeFill,
		Frameworks: map[string]FrameworkConfig{
			"soc2_cc": {Mappings: []MappingConfig{{Controls: []string{"CC7"}, Events: []string{"system.*"}}}},
			"nist_800_53": {Name: "NIST-800-53r5", Mappings: []MappingConfig{
				{Controls: []string{"AU-2", "AU-12"}},
				{Controls: []string{"AC-7"}, Events: []string{"auth.failure", "authz.*"}, Severities: []string{"medium", "HIGH", "critical"}},
			}},
		},
	}, cfg)
}

func TestInvalidConfig(t *testing.T) {
	for name, want := range map[string][]string{
		"bad_mode":    {`mode: found "add", expected merge, fill or replace`},
		"nothing":     {"frameworks: found none, expected at least one when guide_table is false"},
		"no_mappings": {"frameworks::nist: mappings: found none, expected at least one"},
		"bad_lists":   {`frameworks: found the list "NIST 800", expected lower-case letters`, `frameworks: found the list "requirements"`},
		"bad_mapping": {
			`frameworks::nist::mappings::1: controls[0]: found " ", expected an identifier without spaces around it`,
			`events[1]: column 5: found '/', expected a character of an event type, '*', '?' or '\'`,
			`severities[0]: found "worst", expected low, medium, high, critical`,
			"frameworks::nist::mappings::2: controls: found none, expected at least one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := xconfmap.Validate(load(t, name))
			for _, text := range want {
				assert.ErrorContains(t, err, text)
			}
		})
	}
}

func TestFrameworks(t *testing.T) {
	cfg := load(t, "all")
	all, err := cfg.Tables()
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Equal(t, "SOC2", all[0].Name, "the guide's name of its own list")
	assert.Len(t, all[0].Rules, 1)
	assert.Empty(t, all[1].Rules, "the guide's table is off")
	assert.Equal(t, "NIST-800-53r5", all[2].Name)

	cfg.GuideTable = true
	all, err = cfg.Tables()
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Equal(t, []string{"soc2_cc", "iso27001", "nist_800_53"}, []string{all[0].List, all[1].List, all[2].List})
	assert.Len(t, all[0].Rules, 4, "the guide's three and one more")
}
