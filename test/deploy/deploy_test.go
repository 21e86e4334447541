// SPDX-License-Identifier: Apache-2.0

// Package deploy holds the dashboard and the alert rules to the metrics that there
// are.
package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// others are the Collector's own. test/e2e asks a running collector for all.
var others = []string{"otelcol_process_memory_rss"}

const (
	dashboard = "../../deploy/grafana/otelcol-mockforge.json"
	rules     = "../../deploy/prometheus/rules.yaml"
)

// metrics are the names under which the default configuration shows them.
func metrics(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../*/*/metadata.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	names := map[string]bool{}
	for _, file := range files {
		var metadata struct {
			Telemetry struct {
				Metrics map[string]any
			}
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(data, &metadata), file)
		for name := range metadata.Telemetry.Metrics {
			names["otelcol_"+name] = true
		}
	}
	for _, name := range others {
		names[name] = true
	}
	return names
}

func TestMetricsExist(t *testing.T) {
	known := metrics(t)
	for _, file := range []string{dashboard, rules, "../../deploy/prometheus/rules_test.yaml"} {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		used := regexp.MustCompile(`\botelcol_\w+`).FindAllString(string(data), -1)
		require.NotEmpty(t, used)
		for _, name := range used {
			assert.True(t, known[name], "%s: found %s, expected a metric of a metadata.yaml", file, name)
		}
	}
}

// TestEachHealthMetricIsShown: nothing is counted that nobody sees.
func TestEachHealthMetricIsShown(t *testing.T) {
	data, err := os.ReadFile(dashboard)
	require.NoError(t, err)
	for name := range metrics(t) {
		if strings.HasPrefix(name, "otelcol_extension_siem_health_") {
			assert.Contains(t, string(data), name+"{")
		}
	}
}

type panel struct {
	ID          int
	Title, Type string
	GridPos     struct{ X, Y, W, H int }
	Datasource  struct{ UID string }
	Targets     []struct {
		Expr       string
		RefID      string
		Datasource struct{ UID string }
	}
}

func TestDashboard(t *testing.T) {
	data, err := os.ReadFile(dashboard)
	require.NoError(t, err)
	var d struct {
		UID           string
		SchemaVersion int
		Templating    struct{ List []struct{ Name, Type string } }
		Panels        []panel
	}
	require.NoError(t, json.Unmarshal(data, &d))
	assert.Equal(t, "otelcol-mockforge", d.UID)
	assert.GreaterOrEqual(t, d.SchemaVersion, 38, "of Grafana 10")
	require.Len(t, d.Templating.List, 2)
	assert.Equal(t, "datasource", d.Templating.List[0].Type)
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], "%s: the id is there twice", p.Title)
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			assert.Less(t, x, 24, "%s: out of the grid", p.Title)
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				assert.Empty(t, cells[[2]int{x, y}], "%s: on top of another", p.Title)
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		assert.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		assert.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, target := range p.Targets {
			assert.Equal(t, "${datasource}", target.Datasource.UID, p.Title)
			assert.Contains(t, target.Expr, `instance=~"$instance"`, p.Title)
			assert.False(t, refs[target.RefID], "%s: %s is there twice", p.Title, target.RefID)
			refs[target.RefID] = true
		}
	}
}

func TestRules(t *testing.T) {
	data, err := os.ReadFile(rules)
	require.NoError(t, err)
	var all struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr         string
				Labels, Annotations map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &all))
	tests, err := os.ReadFile("../../deploy/prometheus/rules_test.yaml")
	require.NoError(t, err)
	readme, err := os.ReadFile("../../deploy/prometheus/README.md")
	require.NoError(t, err)
	count := 0
	for _, g := range all.Groups {
		for _, r := range g.Rules {
			count++
			assert.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
			assert.NotEmpty(t, r.Annotations["summary"], r.Alert)
			assert.NotEmpty(t, r.Annotations["description"], r.Alert)
			assert.Contains(t, string(readme), "`"+r.Alert+"`", "the README says what to do")
			assert.Regexp(t, `alertname: `+r.Alert+`, exp_alerts: \[\]`, string(tests), "tested not to fire")
			assert.Regexp(t, `alertname: `+r.Alert+"\n        exp_alerts:\n          - ", string(tests), "tested to fire")
		}
	}
	assert.Equal(t, 12, count)
}
