// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// head is what most inputs begin with; a destination's first key is at 7:11.
const head = `security:
  monitoring:
    siem:
      enabled: true
      protocol: KIND
      destinations:
        - `

func in(kind string, lines ...string) string {
	return strings.Replace(head, "KIND", kind, 1) + strings.Join(lines, "\n          ") + "\n"
}

const siemURL = `url: "https://siem.example.com/e"`

var badInputs = []struct {
	name, text string
	want       []string
}{
	{"no YAML", "security:\n\tmonitoring: 1\n", []string{"config.yaml:2:1: found found character that cannot start any token, expected YAML or JSON"}},
	{"not MockForge's file", "receivers:\n  otlp:\n", []string{"config.yaml:1:1: security.monitoring: found neither siem nor alerts, expected one of them; is this MockForge's config.yaml?"}},
	{"a list", "- a\n", []string{"config.yaml:1:1: the file: found a list, expected a block of keys"}},
	{"misspelt security", "securty:\n  monitoring: {}\n", []string{"config.yaml:1:1: securty: found an unknown key, expected security; did you mean security?"}},
	{"misspelt monitoring", "security:\n  monitorng: {}\n", []string{"config.yaml:2:3: security.monitorng: found an unknown key, expected monitoring; did you mean monitoring?"}},
	{"misspelt siem", "security:\n  monitoring:\n    seim: {}\n", []string{"config.yaml:3:5: security.monitoring.seim: found an unknown key, expected siem or collector or alerts; did you mean siem?"}},
	{"two documents", "security: {}\n---\nsecurity: {}\n", []string{"config.yaml:3:1: found a second document, expected one; remove what follows ---"}},
	{"unknown key of siem", "security:\n  monitoring:\n    siem:\n      filter: {}\n", []string{"config.yaml:4:7: security.monitoring.siem.filter: found an unknown key, expected one of enabled, protocol, format, destinations, filters; did you mean filters?"}},
	{"enabled", "security:\n  monitoring:\n    siem:\n      enabled: maybe\n      destinations: [{protocol: file, path: /tmp/a}]\n", []string{`config.yaml:4:16: security.monitoring.siem.enabled: found "maybe", expected true or false`}},
	{"misspelt protocol", in("splnk", "token: a"), []string{
		`config.yaml:5:17: security.monitoring.siem.protocol: found "splnk", expected one of azure, cloudwatch, datadog, file, gcp, http, https, splunk, syslog; did you mean splunk?`,
	}},
	{"no protocol", strings.Replace(in("", "token: a"), "      protocol: \n", "", 1), []string{"config.yaml:6:11: security.monitoring.siem.destinations[0].protocol: found no kind of destination, expected one of azure, cloudwatch, datadog, file, gcp, http, https, splunk, syslog here or above destinations"}},
	{"misspelt own protocol", in("syslog", "protocol: upd", "host: a"), []string{`config.yaml:7:21: security.monitoring.siem.destinations[0].protocol: found "upd", expected one of azure, cloudwatch, datadog, file, gcp, http, https, splunk, syslog, or udp or tcp`}},
	{"no destination", "security:\n  monitoring:\n    siem:\n      enabled: true\n      destinations: []\n", []string{"config.yaml:5:21: security.monitoring.siem.destinations: found no destination, expected at least one; add it, or set MOCKFORGE_SIEM_PROTOCOL=syslog and MOCKFORGE_SIEM_HOST"}},
	{"destinations is a block", "security:\n  monitoring:\n    siem:\n      destinations: {host: a}\n", []string{"config.yaml:4:21: security.monitoring.siem.destinations: found a block of keys, expected a list"}},
	{"a destination is a text", in("file", "just this"), []string{
		"config.yaml:7:11: security.monitoring.siem.destinations[0]: found a value, expected a block of keys",
	}},
	{"unknown key of a destination", in("splunk", siemURL, "token: a", "sourcetype: b"), []string{"config.yaml:9:11: security.monitoring.siem.destinations[0].sourcetype: found an unknown key, expected one of protocol, delivery, url, token, index, source_type; did you mean source_type?"}},
	{"a key twice", in("file", "path: /a", "path: /b"), []string{"config.yaml:8:11: security.monitoring.siem.destinations[0].path: found twice, expected once; remove one"}},
	{"no path", in("file", "format: jsonl"), []string{"config.yaml:7:11: security.monitoring.siem.destinations[0].path: found nothing, expected a file; add the key"}},
	{"no host", in("syslog", "port: 514"), []string{"config.yaml:7:11: security.monitoring.siem.destinations[0].host: found nothing, expected the server's name; add the key"}},
	{"no token", in("splunk", siemURL), []string{"config.yaml:7:11: security.monitoring.siem.destinations[0].token: found nothing, expected a HEC token; add the key"}},
	{"port", in("syslog", "host: a", "port: 99999"), []string{`config.yaml:8:17: security.monitoring.siem.destinations[0].port: found "99999", expected a whole number from 1 to 65535`}},
	{"facility", in("syslog", "host: a", "facility: local9"), []string{`config.yaml:8:21: security.monitoring.siem.destinations[0].facility: found "local9", expected one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, ntp, audit, alert, clock, local0, local1, local2, local3, local4, local5, local6, local7; did you mean local0?`}},
	{"tag", in("syslog", "host: a", "tag: 'a\"b'"), []string{`config.yaml:8:16: security.monitoring.siem.destinations[0].tag: found "a\"b", expected 1 to 48 printable ASCII characters, none of them a space, a quote, a dollar or a backslash`}},
	{"rfc3164", in("syslog", "host: a", "format: rfc3164"), []string{`config.yaml:8:19: security.monitoring.siem.destinations[0].format: found "rfc3164", expected one of rfc5424`}},
	{"two transports", in("syslog", "host: a", "protocol: udp", "transport: tcp"), []string{`config.yaml:9:22: security.monitoring.siem.destinations[0].transport: found "tcp" beside protocol "udp", expected the same; remove one`}},
	{"udp to Splunk", in("splunk", siemURL, "token: a", "protocol: udp"), []string{`config.yaml:9:21: security.monitoring.siem.destinations[0].protocol: found "udp" in a destination of kind splunk, expected it with syslog alone`}},
	{"negative size", in("file", "path: /a", "rotation:", `  max_size: "-100MB"`, "  max_files: -1"), []string{
		`config.yaml:9:23: security.monitoring.siem.destinations[0].rotation.max_size: found "-100MB", expected a size such as 100MB or 64KiB`,
		`config.yaml:10:24: security.monitoring.siem.destinations[0].rotation.max_files: found "-1", expected a whole number from 0 to 1000000`,
	}},
	{"no URL", in("https", `url: "siem.example.com?key=s3cret"`), []string{"config.yaml:7:16: security.monitoring.siem.destinations[0].url: found no URL, expected http:// or https:// with a host"}},
	{"https that is http", in("https", `url: "http://siem.example.com"`), []string{"config.yaml:7:16: security.monitoring.siem.destinations[0].url: found http:// with protocol https, expected https://; for plain HTTP write protocol: http"}},
	{"credentials in a URL", in("https", `url: "https://u:s3cret@siem.example.com"`), []string{"config.yaml:7:16: security.monitoring.siem.destinations[0].url: found a user in the URL, expected none; put credentials into headers"}},
	{"method", in("http", siemURL, "method: GET"), []string{`config.yaml:8:19: security.monitoring.siem.destinations[0].method: found "GET", expected one of POST, PUT, PATCH`}},
	{"backoff", in("http", siemURL, "retry: {backoff: fast}"), []string{`config.yaml:8:28: security.monitoring.siem.destinations[0].retry.backoff: found "fast", expected one of exponential, linear`}},
	{"unset credential", in("http", siemURL, "headers: {Authorization: 'Bearer ${NOT_SET}'}"), []string{"config.yaml:8:36: security.monitoring.siem.destinations[0].headers.Authorization: found the environment variable NOT_SET not set, expected a value; export NOT_SET, or write $$ for a dollar"}},
	{"a tag with a comma", in("datadog", "api_key: s3cret", "tags: ['a:b,c:d']"), []string{"config.yaml:8:18: security.monitoring.siem.destinations[0].tags[0]: found nothing, a comma or a line's end, expected a tag such as env:production; write one tag an entry"}},
	{"CloudWatch's own keys", in("cloudwatch", "region: a", "log_group: b", "stream: c", "credentials: {access_key_id: '${AWS_ACCESS_KEY_ID}', secret_access_key: s3cret}"), []string{"config.yaml:10:83: security.monitoring.siem.destinations[0].credentials.secret_access_key: found another value, expected exactly ${AWS_SECRET_ACCESS_KEY}; the exporter takes credentials where AWS's SDK looks for them: export AWS_SECRET_ACCESS_KEY, or remove credentials"}},
	{"header's name", in("http", siemURL, "headers: {'X::Y': s3cret}"), []string{"config.yaml:8:29: security.monitoring.siem.destinations[0].headers.X::Y: found a header with another character in its name, expected letters, digits and -_."}},
	{"scheme alone", in("http", siemURL, "headers: {Authorization: 'Bearer '}"), []string{"config.yaml:8:36: security.monitoring.siem.destinations[0].headers.Authorization: found a scheme alone, expected credentials behind it"}},
	{"site", in("datadog", "api_key: s3cret", "site: 'https://datadoghq.com'"), []string{`config.yaml:8:17: security.monitoring.siem.destinations[0].site: found "https://datadoghq.com", expected a site such as datadoghq.com or datadoghq.eu`}},
	{"project", in("gcp", "project_id: My Project", "log_name: a", "credentials_path: /a"), []string{`config.yaml:7:23: security.monitoring.siem.destinations[0].project_id: found "My Project", expected the id of a project`}},
	{"alert", "security:\n  monitoring:\n    alerts:\n      - {name: a, condition: 'event_type ==', severity: hihg}\n", []string{
		`config.yaml:4:30: security.monitoring.alerts[0].condition: found "event_type ==": `,
		`config.yaml:4:57: security.monitoring.alerts[0].severity: found "hihg", expected one of low, medium, high, critical; did you mean high?`,
	}},
	{"filter", "security:\n  monitoring:\n    siem:\n      filters:\n        exclude: ['severity:lo']\n", []string{`config.yaml:5:19: security.monitoring.siem.filters.exclude[0]: found "severity:lo": `}},
	{"delivery", in("file", "path: /a", "delivery: exactly_once"), []string{`config.yaml:8:21: security.monitoring.siem.destinations[0].delivery: found "exactly_once", expected one of at_least_once, audit`}},
	{"audit of syslog", in("syslog", "host: a", "delivery: audit"), []string{"config.yaml:8:21: destinations[0].delivery: found audit, expected at_least_once: service::pipelines::logs/mf_0_syslog: exporters::syslog/mf_0: found in the pipeline, expected no such component: syslog has no acknowledgement"}},
	{"audit of CloudWatch", in("cloudwatch", "region: a", "log_group: b", "stream: c", "delivery: audit"), []string{"config.yaml:10:21: destinations[0].delivery: found audit, expected at_least_once: service::pipelines::logs/mf_0_awscloudwatchlogs: exporters::awscloudwatchlogs/mf_0: found in the pipeline, expected no such component: what CloudWatch rejects"}},
	{"own HTTP listener", in("http", "url: http://127.0.0.1:8765/api/v1/events"), []string{"config.yaml:7:11: destinations[0]: found this collector's own listener (MOCKFORGE_HTTP_ENDPOINT), expected another server; events would go round for ever"}},
	{"own syslog listener", in("syslog", "host: localhost", "port: 5514"), []string{"config.yaml:7:11: destinations[0]: found this collector's own listener (MOCKFORGE_SYSLOG_ENDPOINT), expected another server; events would go round for ever"}},
	{"one file twice", in("file", "path: /a/b") + "        - path: /a/./b\n", []string{"config.yaml:8:11: destinations[1]: found the same place as destinations[0], expected another; every event would be there twice"}},
}

func TestBadInputs(t *testing.T) {
	require.GreaterOrEqual(t, len(badInputs), 30)
	for _, test := range badInputs {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(Source{Name: "config.yaml", Data: []byte(test.text), Env: guideEnv})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "s3cret")
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(test.want), "%s", err)
			for i, want := range test.want {
				assert.Contains(t, lines[i], want)
			}
		})
	}
}

func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestEnvironmentAlone(t *testing.T) {
	cfg, err := Parse(Source{Env: env("MOCKFORGE_SIEM_ENABLED", "true", "MOCKFORGE_SIEM_PROTOCOL", "syslog",
		"MOCKFORGE_SIEM_HOST", "siem.example.com", "MOCKFORGE_SIEM_PORT", "1514", "MOCKFORGE_SIEM_FACILITY", "local3")})
	require.NoError(t, err)
	require.Len(t, cfg.Destinations, 1)
	settings := cfg.Destinations[0].Settings
	assert.Equal(t, "${env:MOCKFORGE_SIEM_HOST}", settings["endpoint"])
	assert.Equal(t, 1514, settings["port"])
	assert.Equal(t, "udp", settings["network"])
	assert.Contains(t, strings.Join(texts(cfg.Destinations[0].Statements), "\n"), `"local3"))`)
}

func texts(list []any) []string {
	var all []string
	for _, item := range list {
		all = append(all, item.(string))
	}
	return all
}

func TestEnvironmentIsWrong(t *testing.T) {
	two := in("syslog", "host: a") + "        - host: b\n"
	for name, test := range map[string]struct {
		text string
		env  func(string) (string, bool)
		want string
	}{
		"nothing":        {"", env(), "security.monitoring.siem.destinations: found no destination"},
		"enabled":        {"", env("MOCKFORGE_SIEM_ENABLED", "on", "MOCKFORGE_SIEM_PROTOCOL", "syslog", "MOCKFORGE_SIEM_HOST", "a"), `MOCKFORGE_SIEM_ENABLED: found "on", expected true or false`},
		"protocol":       {"", env("MOCKFORGE_SIEM_PROTOCOL", "sylog", "MOCKFORGE_SIEM_HOST", "a"), "did you mean syslog?"},
		"splunk by host": {"", env("MOCKFORGE_SIEM_PROTOCOL", "splunk", "MOCKFORGE_SIEM_HOST", "a"), `found with protocol "splunk", expected syslog`},
		"two":            {two, env("MOCKFORGE_SIEM_HOST", "c"), "config.yaml:7:9: security.monitoring.siem.destinations: found 2 destinations and MOCKFORGE_SIEM_HOST"},
		"contradiction":  {in("syslog", "protocol: file", "path: /a"), env("MOCKFORGE_SIEM_PROTOCOL", "syslog"), "found file and MOCKFORGE_SIEM_PROTOCOL=syslog"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Source{Data: []byte(test.text), Env: test.env}
			if test.text != "" {
				s.Name = "config.yaml"
			}
			_, err := Parse(s)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestEnvironmentWins(t *testing.T) {
	cfg, err := Parse(Source{
		Name: "config.yaml", Data: []byte(in("syslog", "host: a", "protocol: tcp", "port: 1")),
		Env: env("MOCKFORGE_SIEM_PORT", "2"),
	})
	require.NoError(t, err)
	assert.Equal(t, 2, cfg.Destinations[0].Settings["port"])
	assert.Equal(t, "a", cfg.Destinations[0].Settings["endpoint"])
	cfg, err = Parse(Source{Name: "config.yaml", Data: []byte(in("syslog", "host: a")), Env: env("MOCKFORGE_SIEM_ENABLED", "false")})
	require.NoError(t, err)
	assert.False(t, cfg.Enabled)
	assert.Contains(t, cfg.Warnings.Error(), "takes and sends no events")
}

// TestCollectorKey: the collector's own block stands beside MockForge's.
func TestCollectorKey(t *testing.T) {
	text := strings.Replace(in("file", "path: /a"), "    siem:", "    collector:", 1) + `
    siem:
      enabled: true
      destinations:
        - {protocol: http, url: "http://localhost:8765/api/v1/events"}
`
	cfg, err := Parse(Source{Name: "config.yaml", Data: []byte(text), Env: env()})
	require.NoError(t, err)
	require.Len(t, cfg.Destinations, 1)
	assert.Equal(t, "file", cfg.Destinations[0].Kind)
	assert.Empty(t, cfg.Warnings)
}

// TestLiteralSecrets: each is warned of, and not repeated.
func TestLiteralSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"webhook": {in("https", siemURL, "headers: {Authorization: Bearer s3cret, X-Api-Key: s3cret, X-SIEM-Source: mockforge}"), []string{"config.yaml:8:36: security.monitoring.siem.destinations[0].headers.Authorization: found a secret", "headers.X-Api-Key: found a secret"}},
		"splunk":  {in("splunk", siemURL, "token: s3cret"), []string{"config.yaml:8:18: security.monitoring.siem.destinations[0].token: found a secret in the file, expected a variable such as ${NAME}"}},
		"datadog": {in("datadog", "api_key: s3cret", "app_key: s3cret"), []string{"destinations[0].api_key: found a secret", "destinations[0].app_key: found a secret"}},
		"azure":   {in("azure", "workspace_id: a", "shared_key: s3cret", "log_type: b"), []string{"destinations[0].shared_key: found a secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Parse(Source{Name: "config.yaml", Data: []byte(test.text), Env: env()})
			require.NoError(t, err)
			for _, want := range test.want {
				assert.Contains(t, cfg.Warnings.Error(), want)
			}
			assert.NotContains(t, cfg.Warnings.Error(), "s3cret")
			assert.NotContains(t, cfg.Warnings.Error(), "X-SIEM-Source")
			cfg, err = Parse(Source{Name: "config.yaml", Data: []byte(strings.ReplaceAll(test.text, "s3cret", "$NAME")), Env: env("NAME", "s3cret")})
			require.NoError(t, err)
			assert.NotContains(t, cfg.Warnings.Error(), "a secret in the file")
		})
	}
}

func TestVariables(t *testing.T) {
	set := env("A", "x", "EMPTY", "")
	for raw, want := range map[string]Text{
		"plain":        {Reference: "plain", Value: "plain"},
		"${A}":         {Reference: "${env:A}", Value: "x", Variables: true},
		"$A-b":         {Reference: "${env:A}-b", Value: "x-b", Variables: true},
		"${env:A}":     {Reference: "${env:A}", Value: "x", Variables: true},
		"${B:-y}":      {Reference: "${env:B:-y}", Value: "y", Variables: true},
		"pa$$word$":    {Reference: "pa$$word$$", Value: "pa$word$"},
		"5$ ${1}":      {Reference: "5$$ $${1}", Value: "5$ ${1}"},
		"${B} $EMPTY.": {Reference: "${env:B} ${env:EMPTY}.", Value: " .", Unset: []string{"B", "EMPTY"}, Variables: true},
	} {
		assert.Equal(t, want, expand(raw, set), raw)
	}
}

func TestLoops(t *testing.T) {
	file := in("file", "path: /var/log/mockforge/siem-events.jsonl")
	_, err := Parse(Source{Name: "config.yaml", Data: []byte(file), Env: env("MOCKFORGE_EVENTS_IN", "/var/log/mockforge/*.jsonl*")})
	require.ErrorContains(t, err, "config.yaml:7:11: destinations[0]: found the file that is tailed (MOCKFORGE_EVENTS_IN)")
	_, err = Parse(Source{Name: "config.yaml", Data: []byte(file), Env: env("MOCKFORGE_EVENTS_IN", "/var/log/other/*")})
	require.NoError(t, err)

	both := strings.Replace(file, "    siem:", "    collector:", 1) + `
    siem:
      destinations:
        - {protocol: file, path: /var/log/mockforge/siem-events.jsonl}
`
	_, err = Parse(Source{Name: "config.yaml", Data: []byte(both), Env: env()})
	require.ErrorContains(t, err, "config.yaml:11:11: security.monitoring.siem.destinations[0]: found the place that collector.destinations[0] has")
	_, err = Parse(Source{Name: "config.yaml", Data: []byte(strings.Replace(both, "siem-events.jsonl}", "other.jsonl}", 1)), Env: env()})
	require.NoError(t, err)
}

// TestAudit: the guide's other destinations pass.
func TestAudit(t *testing.T) {
	passed := 0
	for i, block := range guideBlocks(t)[:8] {
		if name := guideNames[i]; name == "syslog" || name == "cloudwatch" {
			continue // in badInputs
		}
		audited := strings.Replace(block, "        - ", "        - delivery: audit\n          ", 1)
		cfg, err := Parse(Source{Name: "config.yaml", Data: []byte(audited), Env: guideEnv})
		require.NoError(t, err, guideNames[i])
		require.Len(t, cfg.Destinations, 1)
		connector := section(section(cfg.Collector(), "connectors"), "siem_journal")
		assert.Equal(t, map[string]any{cfg.Destinations[0].pipeline(0): map[string]any{"delivery": "audit"}}, connector["destinations"])
		passed++
	}
	assert.Equal(t, 6, passed)
}

// FuzzParse: no input panics, and what is taken becomes a configuration.
func FuzzParse(f *testing.F) {
	for _, block := range guideBlocks(f) {
		f.Add([]byte(block))
	}
	for _, test := range badInputs {
		f.Add([]byte(test.text))
	}
	f.Add([]byte("a: &a [*a]\nsecurity: *a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := Parse(Source{Name: "f", Data: data, Env: guideEnv})
		if err == nil && cfg.Collector()["service"] == nil {
			t.Fatal("no service")
		}
		if err != nil && err.Error() == "" {
			t.Fatal("an error without a word")
		}
	})
}
