// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/mockforge/otelcol-mockforge/internal/audit"
)

// auditAll asks an audit of every destination, of the alerts' journals too.
const auditAll = "yaml:{connectors: {siem_journal: {delivery: audit}}}"

// audits says for each example why an audit of its destinations does not pass.
var audits = map[string]string{
	"alerts.yaml":               "",
	"archive.yaml":              "",
	"azure-data-collector.yaml": "",
	"azure-monitor.yaml":        "",
	"basic-auth.yaml":           "",
	"bearer-token.yaml":         "",
	"cloudwatch.yaml":           "exporters::awscloudwatchlogs: found in the pipeline, expected no such component: what CloudWatch rejects",
	"datadog.yaml":              "",
	"elasticsearch.yaml":        "exporters::elasticsearch: found in the pipeline, expected no such component: a document that Elasticsearch refuses is only logged",
	"file-in.yaml":              "",
	"file.yaml":                 "",
	"filter.yaml":               "",
	"frameworks.yaml":           "",
	"gateway-agent.yaml":        "exporters::loadbalancing: found in the pipeline, expected no such component: it sends OTLP",
	"gateway.yaml":              "",
	"google-cloud-logging.yaml": "",
	"kafka-destination.yaml":    "",
	"kafka.yaml":                "", // no destination: Kafka stands in the journal's place
	"mtls.yaml":                 "",
	"oidc.yaml":                 "",
	"otlp-grpc.yaml":            "exporters::otlp_grpc/siem: found in the pipeline, expected no such component: what the server rejects of a batch",
	"otlp-http.yaml":            "exporters::otlp_http/siem: found in the pipeline, expected no such component: what the server rejects of a batch",
	"redaction.yaml":            "",
	"s3.yaml":                   "",
	"sampling.yaml":             "",
	"splunk-hec-in.yaml":        "",
	"splunk.yaml":               "",
	"syslog-udp.yaml":           "exporters::syslog/udp: found in the pipeline, expected no such component: syslog has no acknowledgement",
	"syslog.yaml":               "exporters::syslog: found in the pipeline, expected no such component: syslog has no acknowledgement",
	"webhook.yaml":              "",
}

func validate(t *testing.T, configs ...string) (string, error) {
	t.Helper()
	args := []string{"validate"}
	for _, config := range configs {
		args = append(args, "--config", config)
	}
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), exampleEnv...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAuditOfExamples(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	assert.Len(t, examples, len(audits))
	for _, example := range examples {
		t.Run(filepath.Base(example), func(t *testing.T) {
			want, listed := audits[filepath.Base(example)]
			require.True(t, listed, "say in audits whether it passes")
			out, err := validate(t, defaultConfig, example, auditAll)
			if want == "" {
				assert.NoError(t, err, out)
				return
			}
			assert.Error(t, err)
			assert.Contains(t, out, want)
			assert.Equal(t, 1, strings.Count(out, "audit of "), "one destination does not pass: %s", out)
		})
	}
	t.Run("alerts", func(t *testing.T) {
		configs := []string{defaultConfig, "../../examples/alerts.yaml", auditAll}
		more, err := filepath.Glob("../../examples/alerts/*.yaml")
		require.NoError(t, err)
		configs = append(configs, more...)
		for _, journal := range []string{"alerts", "notify", "page", "block"} {
			configs = append(configs, "yaml:{connectors: {siem_journal/"+journal+": {delivery: audit}}}")
		}
		out, err := validate(t, configs...)
		assert.NoError(t, err, out)
	})
}

func TestAuditRefuses(t *testing.T) {
	out, err := validate(t, defaultConfig, auditAll, "yaml:{processors: {batch: }, service: {pipelines: {logs: {processors: [memory_limiter, batch, siem_filter]}}}}")
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, out)
	assert.Contains(t, out, "audit of logs/file: service::pipelines::logs: processors::batch: found in the pipeline, expected no such component: it takes events into its memory and acknowledges them")
	out, err = validate(t, defaultConfig, "yaml:{connectors: {siem_journal: {destinations: {logs/file: {delivery: exactly_once}}}}}")
	require.ErrorAs(t, err, &exit, out)
	assert.Contains(t, strings.ReplaceAll(out, "\n", " "), `destinations::logs/file: delivery: found "exactly_once", expected at_least_once or audit`)

	// The same of MockForge's file.
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte("security: {monitoring: {siem: {destinations: [{protocol: syslog, host: siem.example.com, delivery: audit}]}}}\n"), 0o600))
	out, err = validate(t, "mockforge:"+file)
	require.ErrorAs(t, err, &exit, out)
	assert.Contains(t, out, "config.yaml:1:100: destinations[0].delivery: found audit, expected at_least_once: service::pipelines::logs/mf_0_syslog: exporters::syslog/mf_0: found")
}

// printed runs a command of the binary and reads its YAML.
func printed(t *testing.T, args ...string) map[string]any {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), exampleEnv...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var m map[string]any
	require.NoError(t, yaml.Unmarshal(out, &m))
	return m
}

// built are the types of the binary's components of one section that carry logs.
func built(t *testing.T, section string) (names []string) {
	t.Helper()
	for _, entry := range printed(t, "components")[section].([]any) {
		names = append(names, entry.(map[string]any)["name"].(string))
	}
	require.NotEmpty(t, names)
	return names
}

// auditOf has a destination with one component more.
func auditOf(section, id string) string {
	pipelines := map[string]any{"receivers": []any{"mockforge"}, "processors": []any{}, "exporters": []any{"siem_journal"}}
	behind := map[string]any{"receivers": []any{"siem_journal"}, "exporters": []any{"webhook"}}
	switch section {
	case "receivers", "processors":
		pipelines[section] = []any{id}
	default:
		behind["exporters"] = []any{id}
	}
	conf := map[string]any{
		"connectors": map[string]any{"siem_journal": map[string]any{"delivery": "audit"}},
		"service":    map[string]any{"pipelines": map[string]any{"logs": pipelines, "logs/a": behind}},
	}
	if section == "connectors" && id != "siem_journal" {
		conf["connectors"].(map[string]any)[id] = nil
	}
	var all []string
	for _, finding := range audit.Check(conf) {
		all = append(all, finding.Error())
	}
	return strings.Join(all, "\n")
}

// TestAuditKnowsTheBuild: of each component that is built in somebody has looked
// how it loses events, and which exporters have a queue by default is what their
// own defaults say.
func TestAuditKnowsTheBuild(t *testing.T) {
	for _, section := range []string{"receivers", "processors", "connectors", "exporters"} {
		for _, name := range built(t, section) {
			assert.NotContains(t, auditOf(section, name), "the audit does not know", "%s %s", section, name)
		}
	}
	exporters := map[string]any{}
	for _, name := range built(t, "exporters") {
		exporters[name] = nil
	}
	text, err := yaml.Marshal(map[string]any{"exporters": exporters})
	require.NoError(t, err)
	defaults := printed(t, "print-config", "--feature-gates=otelcol.printInitialConfig", "--validate=false",
		"--config", defaultConfig, "--config", "yaml:"+string(text))["exporters"].(map[string]any)
	queues := 0
	for name := range exporters {
		found := auditOf("exporters", name)
		if strings.Contains(found, "expected no such component") {
			continue
		}
		queue, has := defaults[name].(map[string]any)["sending_queue"].(map[string]any)
		on := has && queue["enabled"] != false
		assert.Equal(t, on, strings.Contains(found, "sending_queue: found nothing, which means a queue"), "%s: %v", name, queue)
		if on {
			queues++
		}
	}
	assert.GreaterOrEqual(t, queues, 3)
}

// TestReloadThatFailsAnAudit: the old settings stay, and mended ones are taken.
func TestReloadThatFailsAnAudit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.yaml")
	set := func(processors string) {
		text := "connectors: {siem_journal: {delivery: audit}}\nprocessors: {batch: , siem_filter/new: }\nservice: {pipelines: {logs: {processors: [" + processors + "]}}}\n"
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	set("memory_limiter, compliance_tag")
	c := start(t, options{configs: []string{file}})
	reload := func(want string, times int) {
		require.NoError(t, c.cmd.Process.Signal(syscall.SIGHUP))
		require.Eventually(t, func() bool { return strings.Count(c.log.String(), want) >= times }, startTimeout, 20*time.Millisecond, "%s", c.log)
		c.waitHealthy(t)
	}
	const ready = "Everything is ready"
	post := func() {
		require.Eventually(t, func() bool {
			status, _ := c.post(events(1)[0])
			return status == http.StatusOK
		}, startTimeout, 100*time.Millisecond, "%s", c.log)
	}
	post()

	set("memory_limiter, batch")
	reload(ready, 2)
	assert.Contains(t, c.log.String(), "the new settings could lose events of an audited destination; the old ones stay")
	assert.Contains(t, c.log.String(), "processors::batch: found in the pipeline")
	post()

	set("memory_limiter, siem_filter/new")
	reload(ready, 3)
	assert.Equal(t, 1, strings.Count(c.log.String(), "the old ones stay"))
	post()
	assert.Len(t, c.lines(t), 3)
	c.stop(t)
}
