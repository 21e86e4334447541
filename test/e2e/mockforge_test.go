// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const guideFile = "../../internal/siemconfig/testdata/guide.md"

// guideEnv are the guide's variables.
var guideEnv = []string{
	"SIEM_API_KEY=s3cret-siem", "SPLUNK_TOKEN=s3cret-splunk", "DATADOG_API_KEY=s3cret-datadog", "DATADOG_APP_KEY=s3cret-app",
	"AWS_ACCESS_KEY_ID=s3cret-id", "AWS_SECRET_ACCESS_KEY=s3cret-aws", "AZURE_WORKSPACE_ID=workspace",
	"AZURE_SHARED_KEY=czNjcmV0LWF6dXJl",
}

// guideBlock is the guide's n-th YAML block.
func guideBlock(t *testing.T, n int) string {
	t.Helper()
	data, err := os.ReadFile(guideFile)
	require.NoError(t, err)
	blocks := strings.Split(string(data), "```yaml\n")
	require.Len(t, blocks, 11)
	block, _, _ := strings.Cut(blocks[n+1], "```")
	return block
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// command runs the binary to its end.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = append(os.Environ(), guideEnv...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mergedGuide has the destinations of the guide's eight kinds in one file.
func mergedGuide(t *testing.T, without string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("security:\n  monitoring:\n    siem:\n      enabled: true\n      protocol: syslog\n      destinations:\n")
	for i, kind := range []string{"", "https", "file", "splunk", "datadog", "cloudwatch", "gcp", "azure"} {
		if kind == without && kind != "" {
			continue
		}
		_, list, found := strings.Cut(guideBlock(t, i), "destinations:\n")
		require.True(t, found)
		b.WriteString(list)
		if kind != "" {
			fmt.Fprintf(&b, "          protocol: %s\n", kind)
		}
	}
	b.WriteString("        - {protocol: http, url: \"http://siem.example.com/events\"}\n")
	_, filters, found := strings.Cut(guideBlock(t, 8), "    siem:\n")
	require.True(t, found)
	b.WriteString(filters)
	return b.String()
}

// TestMockForgeGuideValidates runs validate on every block of the guide and on
// all kinds of destination together. A binary without the Azure exporter says so.
func TestMockForgeGuideValidates(t *testing.T) {
	components, err := command(t, "components")
	require.NoError(t, err)
	azure := strings.Contains(components, "azure_monitor")
	without := map[bool]string{true: "", false: "azure"}[azure]
	texts := map[string]string{"all": mergedGuide(t, without)}
	for i := range 10 {
		texts[strconv.Itoa(i)] = guideBlock(t, i)
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, filepath.Join(t.TempDir(), "config.yaml"), text)
			out, err := command(t, "validate", "--config=mockforge:"+path)
			if name == "7" && !azure {
				require.Error(t, err)
				require.Contains(t, out, "azure_monitor")
				return
			}
			require.NoError(t, err, out)
		})
	}
}

func TestMockForgePrintConfigShowsNoSecret(t *testing.T) {
	path := writeFile(t, filepath.Join(t.TempDir(), "config.yaml"), mergedGuide(t, "azure"))
	out, err := command(t, "print-config", "--feature-gates=otelcol.printInitialConfig", "--config=mockforge:"+path)
	require.NoError(t, err, out)
	assert.Contains(t, out, "webhook/mf_2")
	assert.NotContains(t, out, "s3cret")
}

// TestMockForgeConvert: what siemctl writes is a configuration, on its own.
func TestMockForgeConvert(t *testing.T) {
	source := writeFile(t, filepath.Join(t.TempDir(), "config.yaml"), mergedGuide(t, "azure"))
	converted := filepath.Join(t.TempDir(), "collector.yaml")
	out, err := exec.CommandContext(t.Context(), siemctlBinary, "convert", source, "-o", converted).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "retry.max_attempts: MockForge loses an event after the last attempt")
	answer, err := command(t, "validate", "--config", converted)
	require.NoError(t, err, answer)
}

func TestMockForgeBadFile(t *testing.T) {
	path := writeFile(t, filepath.Join(t.TempDir(), "config.yaml"), "security:\n  monitoring:\n    siem:\n      protcol: splunk\n      destinations:\n        - url: x\n")
	out, err := command(t, "validate", "--config=mockforge:"+path)
	require.Error(t, err)
	assert.Contains(t, out, path+":4:7: security.monitoring.siem.protcol: found an unknown key")
	assert.Contains(t, out, "did you mean protocol?")
	assert.Contains(t, out, path+":6:11: ")
}

// TestMockForgeDelivers runs the guide's webhook, file, Splunk and TCP syslog
// blocks with other hosts, and posts the guide's event.
func TestMockForgeDelivers(t *testing.T) {
	webhook := siemtest.NewWebhook(t, siemtest.WebhookOptions{Token: "s3cret-siem"})
	splunk := siemtest.NewSplunk(t, "s3cret-splunk", "mockforge_security")
	syslog := syslogLines(t)
	dir := t.TempDir()
	text := strings.NewReplacer(
		"https://siem.example.com/api/v1/events", "${WEBHOOK_URL}",
		"https://splunk.example.com:8088/services/collector", "${SPLUNK_URL}",
		"/var/log/mockforge/siem-events.jsonl", "${EVENTS_PATH}",
		`protocol: "https"`, `protocol: "http"`, "protocol: https", "protocol: http",
		`host: "siem.example.com"`, `host: "${SYSLOG_HOST}"`, `host: "siem-backup.example.com"`, `host: "${SYSLOG_HOST}"`,
	).Replace(mergedGuideOf(t, 0, 1, 2, 3))
	text = strings.Replace(text, "port: 514\n          protocol: \"tcp\"", "port: ${SYSLOG_PORT}\n          protocol: \"tcp\"", 1)
	path := writeFile(t, filepath.Join(dir, "config.yaml"), text)
	c := start(t, options{
		dir: dir, only: "mockforge:" + path,
		env: append([]string{
			"WEBHOOK_URL=" + webhook.URL, "SPLUNK_URL=" + splunk.URL + "/services/collector",
			"EVENTS_PATH=" + filepath.Join(dir, "out.jsonl"), "SYSLOG_HOST=127.0.0.1", "SYSLOG_PORT=" + syslog.port,
			"MOCKFORGE_SYSLOG_OCTETS=false",
		}, guideEnv...),
	})
	status, answer := c.post(`{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure","severity":"medium","metadata":{"n":1}}`)
	require.Equal(t, http.StatusOK, status, answer)
	require.Eventually(t, func() bool {
		file, _ := os.ReadFile(filepath.Join(dir, "out.jsonl")) // it may not be there yet
		return len(webhook.Events()) == 1 && len(splunk.Events()) == 1 && strings.Count(string(file), "\n") == 1 &&
			len(syslog.lines) == 1
	}, startTimeout, 50*time.Millisecond)
	assert.Contains(t, string(splunk.Events()[0].Event), `"event_type":"auth.failure"`)
	assert.Equal(t, "mockforge:security", splunk.Events()[0].SourceType)
	line := <-syslog.lines
	assert.True(t, strings.HasPrefix(line, "<132>1 2025-01-27T10:30:00Z - mockforge - auth.failure - {"), line)
	_, body, _ := strings.Cut(line, "auth.failure - ")
	assert.True(t, json.Valid([]byte(body)), line)
	assert.NotContains(t, c.log.String(), "s3cret")
	assert.Contains(t, c.log.String(), "every event would arrive twice")
	c.stop(t)
}

// mergedGuideOf has some of the guide's blocks in one file.
func mergedGuideOf(t *testing.T, blocks ...int) string {
	t.Helper()
	all := mergedGuide(t, "")
	_, drop, _ := strings.Cut(guideBlock(t, 4), "destinations:\n")
	require.Equal(t, []int{0, 1, 2, 3}, blocks, "the first ones alone")
	text, _, found := strings.Cut(all, drop)
	require.True(t, found)
	return text
}

type syslogServer struct {
	port  string
	lines chan string
}

// syslogLines takes messages that end with a newline.
func syslogLines(t *testing.T) syslogServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	s := syslogServer{port: strconv.Itoa(l.Addr().(*net.TCPAddr).Port), lines: make(chan string, 10)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for scanner := bufio.NewScanner(conn); scanner.Scan(); {
					s.lines <- scanner.Text()
				}
			}()
		}
	}()
	return s
}

// TestMockForgeReload: a file that becomes invalid changes nothing, by itself and
// by SIGHUP; one that is valid again takes effect.
func TestMockForgeReload(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		return fmt.Sprintf("security:\n  monitoring:\n    collector:\n      protocol: file\n      destinations:\n        - path: %s\n", filepath.Join(dir, name))
	}
	path := writeFile(t, filepath.Join(dir, "config.yaml"), file("a.jsonl"))
	c := start(t, options{dir: dir, only: "mockforge:" + path})
	arrives := func(name string, lines int) {
		t.Helper()
		status, answer := c.post(`{"event_type":"auth.failure","severity":"medium"}`)
		require.Equal(t, http.StatusOK, status, answer)
		require.Eventually(t, func() bool {
			data, _ := os.ReadFile(filepath.Join(dir, name)) // it may not be there yet
			return strings.Count(string(data), "\n") == lines
		}, startTimeout, 50*time.Millisecond)
	}
	arrives("a.jsonl", 1)

	writeFile(t, path, "security:\n  monitoring:\n    collector:\n      destination: []\n")
	require.Eventually(t, func() bool { return strings.Contains(c.log.String(), "did you mean destinations?") }, startTimeout, 50*time.Millisecond)
	arrives("a.jsonl", 2)
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGHUP))
	require.Eventually(t, func() bool { return strings.Contains(c.log.String(), "settings are invalid; the old ones stay") }, startTimeout, 50*time.Millisecond)
	c.waitHealthy(t)
	arrives("a.jsonl", 3)

	writeFile(t, path, file("b.jsonl"))
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "b.jsonl"))
		return err == nil
	}, startTimeout, 50*time.Millisecond)
	c.waitHealthy(t)
	c.stop(t)
}

// TestMockForgeDisabled: enabled: false idles, healthy, and takes nothing.
func TestMockForgeDisabled(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "config.yaml"), strings.Replace(guideBlock(t, 2), "enabled: true", "enabled: false", 1))
	c := start(t, options{dir: dir, only: "mockforge:" + path})
	assert.Contains(t, c.log.String(), "takes and sends no events")
	status, _ := c.post(`{"event_type":"auth.failure"}`)
	assert.Zero(t, status)
	c.stop(t)
}

// TestMockForgeAlerts runs the guide's rules and sees one raise its alert.
func TestMockForgeAlerts(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "config.yaml"), guideBlock(t, 9))
	alerts := filepath.Join(dir, "alerts.jsonl")
	c := start(t, options{dir: dir, only: "mockforge:" + path, env: []string{
		"MOCKFORGE_ALERTS_FILE=" + alerts,
		"MOCKFORGE_ALERTS_JOURNAL=" + filepath.Join(dir, "journal-alerts"),
		"MOCKFORGE_ALERTS_STATE=" + filepath.Join(dir, "state"),
		fmt.Sprintf("MOCKFORGE_ALERTS_CONTROL=127.0.0.1:%d", freePorts(t, 1)[0]),
	}})
	status, answer := c.post(`{"event_type":"authz.privilege_escalation","severity":"critical","actor":{"username":"eve"}}`)
	require.Equal(t, http.StatusOK, status, answer)
	require.Eventually(t, func() bool {
		data, _ := os.ReadFile(alerts) // it may not be there yet
		return strings.Contains(string(data), "Privilege Escalation")
	}, startTimeout, 50*time.Millisecond)
	c.stop(t)
}
