// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t testing.TB, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestLoadGuide(t *testing.T) {
	cfg := load(t, "guide")
	require.NoError(t, xconfmap.Validate(cfg))
	rules, err := cfg.compile()
	require.NoError(t, err)
	require.Len(t, rules, 3)
	assert.Equal(t, "Multiple Auth Failures", rules[0].name)
	assert.Equal(t, event.SeverityHigh, rules[0].severity)
	assert.Equal(t, []string{"notify_security_team"}, rules[0].actions)
	assert.Equal(t, []string{"auth.failure"}, rules[0].types)
	assert.Equal(t, shape{within: minutes(5), lateness: minutes(1), suppress: minutes(5), limit: 5}, rules[0].groups.shape)
	assert.Nil(t, rules[1].window)
	assert.Zero(t, rules[1].groups.shape.suppress, "every event of a rule without a window fires")
	assert.Equal(t, 10_000, rules[2].groups.max)
}

func TestLoadAll(t *testing.T) {
	cfg := load(t, "all")
	require.NoError(t, xconfmap.Validate(cfg))
	storage := component.MustNewIDWithName("file_storage", "alerts")
	assert.Equal(t, &storage, cfg.Storage)
	assert.Equal(t, ClockArrival, cfg.Time)
	assert.Equal(t, 5000, cfg.MaxMatches)
	assert.Equal(t, time.Second, cfg.SaveInterval)
	assert.Equal(t, "localhost:8767", cfg.Control.Get().NetAddr.Endpoint)
	assert.Equal(t, []pipeline.ID{pipeline.NewIDWithName(pipeline.SignalLogs, "slack"), pipeline.NewIDWithName(pipeline.SignalLogs, "pagerduty")},
		cfg.Actions["notify_security_team"])

	text, err := cfg.Rules[0].Condition.Text()
	require.NoError(t, err)
	assert.Equal(t, `(event_type =~ 'data.de*' OR event_type == 'data.exported') AND severity in ['medium', 'high']`+
		` AND metadata.encrypted == false AND metadata.format in ['csv', 'it\'s'] AND metadata.record_count > 10000 AND metadata['x-y'] == 1.5`+
		` AND count >= 3 in 1h30m by user_id, ip_address`, text)
	rules, err := cfg.compile()
	require.NoError(t, err)
	require.Len(t, rules, 1, "the other is off")
	assert.Equal(t, []string{"notify_security_team", "open_ticket"}, rules[0].actions)
	assert.JSONEq(t, `{"soc2_cc":["CC7"],"iso27001":["A.16.1"]}`, string(rules[0].compliance))
	assert.Equal(t, shape{within: minutes(90), lateness: minutes(5), suppress: minutes(120), limit: 3, orEqual: true}, rules[0].groups.shape)
	assert.Equal(t, 500, rules[0].groups.max)
	assert.Equal(t, []string{"user_id", "ip_address"}, rules[0].by)
}

// TestInvalidConfig: everything at once, with the rule and the position.
func TestInvalidConfig(t *testing.T) {
	err := xconfmap.Validate(load(t, "bad"))
	for _, want := range []string{
		`time: found "never", expected event or arrival`,
		"max_matches: found 0, expected at least 1",
		"save_interval: found 0s, expected more than 0",
		"actions::nothing: found nothing, expected a list of pipelines",
		`rules[0] "": name: found nothing, expected a name`,
		`rules[1] "Twice": severity: found "hihg", expected one of low, medium, high, critical`,
		`rules[1] "Twice": max_groups: found -1, expected at least 1`,
		`rules[1] "Twice": suppress_for: found -1s, expected 0 or more`,
		`rules[1] "Twice": allowed_lateness: found -1s, expected 0 or more`,
		`rules[1] "Twice": condition: column 34: found "AND"`,
		`rules[2] "Twice": name: found it twice, expected a name of its own`,
		`rules[2] "Twice": condition::threshold: found count 0 and window 5m0s, expected at least 1, and whole milliseconds`,
		`rules[3] "Map": condition: metadata::x: found map[string]interface {}, expected a scalar`,
		`rules[4] "Nothing": condition: found nothing, expected text, or event_type, severity, metadata or threshold`,
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.ErrorContains(t, xconfmap.Validate(load(t, "none")), "rules: found nothing, expected at least one rule")
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		5 * time.Minute: "5m", 90 * time.Minute: "1h30m", 24 * time.Hour: "24h", 90 * time.Second: "1m30s",
		10 * time.Second: "10s", 20 * time.Minute: "20m", 1500 * time.Millisecond: "1500ms", time.Hour + time.Second: "1h0m1s",
	} {
		assert.Equal(t, want, duration(d))
		cfg := config(text("x", "event_type == 'a' AND count > 1 in "+duration(d)))
		rules, err := cfg.compile()
		require.NoError(t, err)
		assert.Equal(t, d, rules[0].window.Within)
	}
}
