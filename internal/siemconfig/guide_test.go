// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files")

const sharedGuide = "../../../shared/guide/SIEM_INTEGRATION_GUIDE.md"

// TestGuideIsTheGuide: where the guide itself is beside the repository, the copy
// is it.
func TestGuideIsTheGuide(t *testing.T) {
	ours, err := os.ReadFile("testdata/guide.md")
	require.NoError(t, err)
	shared, err := os.ReadFile(sharedGuide)
	if os.IsNotExist(err) {
		t.Logf("%s is not there: the copy stands alone", sharedGuide)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, string(shared), string(ours), "copy %s to testdata/guide.md", sharedGuide)
}

// guideBlocks are the guide's YAML blocks, in order.
func guideBlocks(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/guide.md")
	require.NoError(t, err)
	var blocks []string
	for _, after := range strings.Split(string(data), "```yaml\n")[1:] {
		block, _, ended := strings.Cut(after, "```")
		require.True(t, ended)
		blocks = append(blocks, block)
	}
	require.Len(t, blocks, 10)
	return blocks
}

var guideNames = []string{"syslog", "webhook", "file", "splunk", "datadog", "cloudwatch", "gcp", "azure", "filters", "alerts"}

// guideEnv sets the guide's variables.
func guideEnv(name string) (string, bool) {
	switch name {
	case "SIEM_API_KEY", "SPLUNK_TOKEN", "DATADOG_API_KEY", "DATADOG_APP_KEY", "AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AZURE_WORKSPACE_ID", "AZURE_SHARED_KEY":
		return "secret-" + strings.ReplaceAll(name, "_", "-"), true
	}
	return "", false
}

func TestGuide(t *testing.T) {
	blocks := guideBlocks(t)
	for i, name := range guideNames {
		t.Run(name, func(t *testing.T) {
			golden(t, name, blocks[i])
		})
	}
	t.Run("all nine", func(t *testing.T) { golden(t, "all", allNine(t)) })
}

// allNine puts the guide's destinations into one file, in the shape that has the
// protocol in each destination, but for syslog's, whose own says udp and tcp.
func allNine(t testing.TB) string {
	t.Helper()
	var all struct {
		Security struct {
			Monitoring struct {
				SIEM map[string]any `yaml:"siem"`
			} `yaml:"monitoring"`
		} `yaml:"security"`
	}
	siem := map[string]any{"enabled": true, "protocol": "syslog"}
	var destinations []any
	for i, block := range guideBlocks(t)[:9] {
		all.Security.Monitoring.SIEM = nil
		require.NoError(t, yaml.Unmarshal([]byte(block), &all))
		read := all.Security.Monitoring.SIEM
		if filters, ok := read["filters"]; ok {
			siem["filters"] = filters
			continue
		}
		for _, d := range read["destinations"].([]any) {
			if i > 0 {
				d.(map[string]any)["protocol"] = read["protocol"]
			}
			destinations = append(destinations, d)
		}
	}
	// The guide's ninth way: http beside https.
	destinations = append(destinations, map[string]any{"protocol": "http", "url": "http://siem.example.com/events"})
	siem["destinations"] = destinations
	all.Security.Monitoring.SIEM = siem
	text, err := yaml.Marshal(all)
	require.NoError(t, err)
	return string(text)
}

// golden compares what is made of a file with what was seen to be right.
func golden(t *testing.T, name, text string) {
	t.Helper()
	cfg, err := Parse(Source{Name: "config.yaml", Data: []byte(text), Env: guideEnv})
	require.NoError(t, err)
	var b strings.Builder
	for _, w := range cfg.Warnings {
		fmt.Fprintln(&b, "#", strings.ReplaceAll(strings.TrimSpace(w.String()), "\n", "\n# "))
	}
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	require.NoError(t, encoder.Encode(cfg.Collector()))
	assert.NotContains(t, b.String(), "secret-", "a secret is a reference")
	path := filepath.Join("testdata", "golden", name+".yaml")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())
}
