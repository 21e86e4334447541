// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// base loses nothing. Tests put settings of their own on top of it.
const base = `
receivers:
  mockforge: {protocols: {http: , syslog: {udp: }}}
processors:
  siem_filter:
connectors:
  siem_journal:
    destinations: {logs/a: {delivery: audit}}
exporters:
  webhook:
service:
  pipelines:
    logs:
      receivers: [mockforge]
      processors: [memory_limiter, compliance_tag, siem_filter]
      exporters: [siem_journal]
    logs/a:
      receivers: [siem_journal]
      processors: [transform, redaction, filter]
      exporters: [webhook]
    # Nobody asked for an audit of this one.
    logs/b:
      receivers: [siem_journal]
      processors: [batch]
      exporters: [datadog]
`

const (
	before = "audit of logs/a: service::pipelines::logs: "
	behind = "audit of logs/a: service::pipelines::logs/a: "
)

var refusals = []struct {
	name, top string
	want      []string
}{
	{"nothing", "", nil},
	{"batch before the journal", "service: {pipelines: {logs: {processors: [batch/x]}}}", []string{before + "processors::batch/x: found in the pipeline, expected no such component: it takes events into its memory"}},
	{"batch behind the journal", "service: {pipelines: {logs/a: {processors: [batch]}}}", []string{behind + "processors::batch: found"}},
	{"sampler before the journal", "service: {pipelines: {logs: {processors: [probabilistic_sampler]}}}", []string{before + "processors::probabilistic_sampler: found"}},
	{"sampler behind the journal", "service: {pipelines: {logs/a: {processors: [probabilistic_sampler]}}}", []string{behind + "processors::probabilistic_sampler: found"}},
	{"unknown processor", "service: {pipelines: {logs: {processors: [tail_sampling]}}}", []string{before + "processors: found tail_sampling, which the audit does not know, expected one of compliance_tag, filter, memory_limiter, redaction, siem_filter, transform"}},

	{"sampling that keeps", "processors: {siem_filter: {sampling: [{match: 'auth.*', percentage: 1}], rate_limit: {events_per_second: 1}}}", nil},
	{"sampling of what is low", "processors: {siem_filter: {keep: [], sampling: [{match: 'severity:info', percentage: 1}, {match: 'auth.*', percentage: 100}]}}", nil},
	{"sampling of what may be high", "processors: {siem_filter: {keep: ['compliance.*'], sampling: [{match: 'severity:low', percentage: 1}, {match: 'auth.*', percentage: 1}]}}", []string{before + `processors::siem_filter: sampling[1]: found auth.* and a keep without them, expected "severity >= 'high'" in keep`}},
	{"sampling that keeps one of two", "processors: {siem_filter: {keep: ['severity:critical'], sampling: [{match: 'severity:high', percentage: 1}]}}", []string{before + "processors::siem_filter: sampling[0]: found severity:high"}},
	{"a limit without keep", "processors: {siem_filter: {keep: , rate_limit: {events_per_second: 1}}}", []string{before + "processors::siem_filter: rate_limit: found a limit"}},
	{"keep by two severities", "processors: {siem_filter: {keep: ['severity:error', 'severity:critical'], rate_limit: {events_per_second: 1}}}", nil},
	{"keep by a comparison", `processors: {siem_filter: {keep: ["severity>='medium'"], rate_limit: {events_per_second: 1}}}`, nil},
	{"keep by more than a comparison", `processors: {siem_filter: {keep: ["severity >= 'high' AND user_id == 'a'"], rate_limit: {events_per_second: 1}}}`, []string{before + "processors::siem_filter: rate_limit"}},
	{"rules", "processors: {siem_filter: {keep: [], include: ['auth.*'], exclude: ['severity:low'], conditions: ['a == 1']}}", nil},

	{"a file without a storage", "receivers: {mockforge: {protocols: {file: {include: [a]}}}}", []string{before + "receivers::mockforge: protocols::file::storage: found nothing, expected a storage extension"}},
	{"text that is no event", "receivers: {mockforge: {on_parse_error: refuse}}", []string{before + "receivers::mockforge: on_parse_error: found refuse, expected keep"}},
	{"a file with a storage", "receivers: {mockforge: {protocols: {file: {storage: file_storage}}}}", nil},
	{"receivers of others", "service: {pipelines: {logs: {receivers: [otlp, splunk_hec, file_log/x, filelog, syslog]}}}", []string{
		before + "receivers::file_log/x: found in the pipeline, expected no such component: it goes on in the file although the journal refused its lines", before + "receivers::filelog: found", before + "receivers::syslog: found",
	}},
	{"Kafka by default", "service: {pipelines: {logs: {receivers: [kafka]}}}", []string{before + "receivers::kafka: message_marking::after: found nothing, which means false, expected true: it marks"}},
	{"Kafka that skips", "receivers: {kafka: {message_marking: {after: true, on_error: true, on_permanent_error: true}}}\nservice: {pipelines: {logs: {receivers: [kafka]}}}", []string{
		before + "receivers::kafka: message_marking::on_error: found true, expected false", before + "receivers::kafka: message_marking::on_permanent_error: found true",
	}},
	{"Kafka that waits", "receivers: {kafka: {message_marking: {after: true, on_error: false}}}\nservice: {pipelines: {logs: {receivers: [kafka]}}}", nil},

	{"another source", "service: {pipelines: {logs/a: {receivers: [siem_journal, otlp]}}}", []string{behind + "receivers: found otlp, expected siem_journal alone: what comes from elsewhere was not in the journal"}},
	{"no such pipeline", "connectors: {siem_journal: {destinations: {logs/x: {delivery: audit}}}}", []string{"audit of logs/x: connectors::siem_journal: destinations: found logs/x, expected the name of a pipeline that receives from siem_journal"}},
	{"all destinations", "connectors: {siem_journal: {delivery: audit}}", []string{
		"audit of logs/b: service::pipelines::logs/b: processors::batch", "audit of logs/b: service::pipelines::logs/b: exporters::datadog: found in the pipeline, expected no such component: it acknowledges what is in its memory; take the exporter webhook",
	}},
	{"all but one", "connectors: {siem_journal: {delivery: audit, destinations: {logs/b: {delivery: at_least_once}}}}", nil},
	{"spaces in ids", "connectors: {'siem_journal / j': {destinations: {'logs / c': {delivery: audit}}}}\nservice: {pipelines: {'logs/ c': {receivers: [siem_journal/j], exporters: [nop]}}}", []string{"audit of logs/c: service::pipelines::logs/c: exporters::nop: found"}},

	{"a queue on disk", "exporters: {webhook: {sending_queue: {storage: file_storage}}}", []string{behind + "exporters::webhook: sending_queue: found a queue, expected {enabled: false}"}},
	{"a queue by default", "service: {pipelines: {logs/a: {exporters: [splunk_hec, googlecloud]}}}", []string{
		behind + "exporters::splunk_hec: sending_queue: found nothing, which means a queue, expected {enabled: false}: the journal takes for delivered", behind + "exporters::googlecloud: sending_queue: found nothing",
	}},
	{"no queue", "exporters: {splunk_hec: {sending_queue: {enabled: false}}, azure_monitor: {sending_queue: {enabled: false}}}\nservice: {pipelines: {logs/a: {exporters: [splunk_hec, azure_monitor]}}}", nil},
	{"Splunk without logs", "exporters: {splunk_hec: {log_data_enabled: false, sending_queue: {enabled: false}}}\nservice: {pipelines: {logs/a: {exporters: [splunk_hec]}}}", []string{behind + "exporters::splunk_hec: log_data_enabled: found false, expected true"}},
	{"Kafka's leader alone", "exporters: {kafka: {sending_queue: {enabled: false}}}\nservice: {pipelines: {logs/a: {exporters: [kafka]}}}", []string{behind + "exporters::kafka: producer::required_acks: found nothing, which means 1, expected -1"}},
	{"all of Kafka's replicas", "exporters: {kafka: {producer: {required_acks: -1}, sending_queue: {enabled: false}}}\nservice: {pipelines: {logs/a: {exporters: [kafka]}}}", nil},
	{"random keys in S3", "service: {pipelines: {logs/a: {exporters: [awss3]}}}", []string{behind + "exporters::awss3: s3uploader::unique_key_func_name: found nothing, which means random numbers, expected uuidv7"}},
	{"a file that is synced later", "exporters: {jsonl_file: {fsync: interval}}\nservice: {pipelines: {logs/a: {exporters: [jsonl_file]}}}", []string{behind + "exporters::jsonl_file: fsync: found interval, expected always"}},
	{"exporters that lose", "service: {pipelines: {logs/a: {exporters: [awscloudwatchlogs, datadog, debug, elasticsearch, file, nop, otlp, otlp_grpc, otlp_http, otlphttp, syslog]}}}", []string{
		behind + "exporters::awscloudwatchlogs: found", behind + "exporters::datadog: found", behind + "exporters::debug: found", behind + "exporters::elasticsearch: found", behind + "exporters::file: found", behind + "exporters::nop: found",
		behind + "exporters::otlp: found", behind + "exporters::otlp_grpc: found", behind + "exporters::otlp_http: found", behind + "exporters::otlphttp: found", behind + "exporters::syslog: found in the pipeline, expected no such component: syslog has no acknowledgement",
	}},
	{"unknown exporter", "service: {pipelines: {logs/a: {exporters: [loki]}}}", []string{behind + "exporters: found loki, which the audit does not know, expected one of awss3, azure_monitor, googlecloud, jsonl_file, kafka, splunk_hec, webhook"}},

	{"a count", "connectors: {count: }\nservice: {pipelines: {logs/a: {exporters: [count]}}}", []string{behind + "connectors::count: found"}},
	{"alerts without a storage", "connectors: {siem_alert: , siem_journal/y: }\n" + alertsService, []string{behind + "connectors::siem_alert: storage: found nothing, expected a storage extension"}},
	{"alerts without a journal", "connectors: {siem_alert: {storage: s}}\nservice: {pipelines: {logs/a: {exporters: [siem_alert]}, logs/y: {receivers: [siem_alert], exporters: [webhook]}}}", []string{"audit of logs/a: service::pipelines::logs/y: exporters: found webhook, expected a siem_journal: siem_alert gives up"}},
	{"a destination of alerts", "connectors: {siem_alert: {storage: s}, siem_journal/y: {delivery: audit}}\n" + alertsService + "    logs/z: {receivers: [siem_journal/y], processors: [batch/z], exporters: [webhook]}\n    logs: {processors: [batch]}\n", []string{
		before + "processors::batch", "audit of logs/z: service::pipelines::logs/z: processors::batch/z", "audit of logs/z: service::pipelines::logs: processors::batch",
	}},
}

// alertsService has alerts behind the audited destination, in a journal of theirs.
const alertsService = `service:
  pipelines:
    logs/a: {exporters: [siem_alert]}
    logs/y: {receivers: [siem_alert], exporters: [siem_journal/y]}
`

// merge puts maps on top of one another, as the Collector does.
func merge(to, top map[string]any) {
	for key, value := range top {
		inner, isMap := value.(map[string]any)
		if old, ok := to[key].(map[string]any); ok && isMap {
			merge(old, inner)
			continue
		}
		to[key] = value
	}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	m := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &m))
	return m
}

func TestCheck(t *testing.T) {
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			conf := parse(t, base)
			merge(conf, parse(t, tt.top))
			found := Check(conf)
			require.Len(t, found, len(tt.want), "%v", found)
			for i, want := range tt.want {
				assert.Contains(t, found[i].Error(), want)
			}
		})
	}
}

// TestCheckOfAnything: what is no configuration is for others to refuse.
func TestCheckOfAnything(t *testing.T) {
	for _, text := range []string{
		"", "service: 1", "service: {pipelines: [a]}", "connectors: {siem_journal: [1]}", "connectors: {siem_journal: {destinations: 1, delivery: [audit]}}",
		"connectors: {siem_journal: {destinations: {logs: audit}}}", "service: {pipelines: {logs: {receivers: siem_journal, exporters: [1, {}]}}}",
	} {
		assert.Empty(t, Check(parse(t, text)), text)
	}
	round := parse(t, "connectors: {siem_journal: {delivery: audit}, siem_alert: {storage: s}}\nservice: {pipelines: {logs: {receivers: [siem_journal], exporters: [siem_alert]}, logs/r: {receivers: [siem_alert], exporters: [siem_journal]}}}")
	assert.Empty(t, Check(round), "the Collector refuses circles")
}
