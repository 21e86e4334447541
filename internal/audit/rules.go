// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var sections = []string{"receivers", "processors", "exporters", "connectors"}

// rule says how a component can lose events by its settings, which are as they
// are written: without defaults.
type rule func(settings map[string]any) (losses []string)

// rules has every component of this distribution that carries logs. One that is
// not in it is refused: nobody has looked.
//
// A filter is legal: what its rules drop was not asked for, and is counted. So is
// retry_on_failure, whatever its end: the error comes back to the journal, which
// tries for ever.
var rules = map[string]map[string]rule{
	"receivers": {
		"mockforge":  checkMockForge,
		"otlp":       pass,
		"splunk_hec": pass,
		"kafka":      checkKafkaReceiver,
		"file_log":   refuse("it goes on in the file although the journal refused its lines; take protocols::file of the receiver mockforge"),
		"filelog":    refuse("it goes on in the file although the journal refused its lines; take protocols::file of the receiver mockforge"),
		"syslog":     refuse("it goes on although the journal refused its messages; take protocols::syslog of the receiver mockforge"),
	},
	"processors": {
		"batch":                 refuse("it takes events into its memory and acknowledges them; the journal makes batches"),
		"compliance_tag":        pass,
		"filter":                pass,
		"memory_limiter":        pass,
		"probabilistic_sampler": refuse("it drops events of every severity; siem_filter's sampling keeps high and critical"),
		"redaction":             pass,
		"siem_filter":           checkFilter,
		"transform":             pass,
	},
	"exporters": {
		"awscloudwatchlogs": refuse("what CloudWatch rejects, such as events older than the log group's retention, is only logged"),
		"awss3":             both(noQueue(false), uniqueKeys),
		"azure_monitor":     noQueue(false),
		"datadog":           refuse("it acknowledges what is in its memory; take the exporter webhook with profile datadog_logs"),
		"debug":             refuse("it writes to the collector's own log"),
		"elasticsearch":     refuse("a document that Elasticsearch refuses is only logged"),
		"file":              refuse("it acknowledges what is not synced to the disk; take the exporter jsonl_file"),
		"googlecloud":       noQueue(true),
		"jsonl_file":        both(noQueue(false), synced),
		"kafka":             both(noQueue(true), allReplicas),
		"loadbalancing":     refuse("it sends OTLP: what the gateway rejects of a batch (partial success) is only logged"),
		"nop":               refuse("it drops every event"),
		"otlp":              refuse("what the server rejects of a batch (partial success) is only logged"),
		"otlp_grpc":         refuse("what the server rejects of a batch (partial success) is only logged"),
		"otlp_http":         refuse("what the server rejects of a batch (partial success) is only logged"),
		"otlphttp":          refuse("what the server rejects of a batch (partial success) is only logged"),
		"prometheus":        refuse("it takes metrics"),
		"splunk_hec":        both(noQueue(true), logsEnabled),
		"syslog":            refuse("syslog has no acknowledgement: over udp what the network drops is lost, over tcp what the server has not read when it ends"),
		"webhook":           noQueue(false),
	},
	"connectors": {
		journal: pass,
		alerts:  checkAlert,
		"count": refuse("it passes on numbers, and no events"),
	},
}

func pass(map[string]any) []string { return nil }

const refused = "found in the pipeline, expected no such component: "

// refuse is for what loses events whatever its settings are.
func refuse(why string) rule {
	return func(map[string]any) []string { return []string{refused + why} }
}

func both(first, second rule) rule {
	return func(settings map[string]any) []string {
		return append(first(settings), second(settings)...)
	}
}

// noQueue wants the exporter's answer to be the destination's. A queue on disk is
// none the less a queue: what it loses, the journal has forgotten.
func noQueue(onByDefault bool) rule {
	return func(settings map[string]any) []string {
		queue, written := settings["sending_queue"]
		if !written && !onByDefault {
			return nil
		}
		if m, ok := queue.(map[string]any); ok && m["enabled"] == false {
			return nil
		}
		found := "a queue"
		if !written {
			found = "nothing, which means a queue"
		}
		return []string{"sending_queue: found " + found + ", expected {enabled: false}: the journal takes for delivered what is only queued"}
	}
}

// want checks one setting.
func want(settings map[string]any, path string, missing, expected, why string, good ...any) []string {
	keys := strings.Split(path, "::")
	for _, key := range keys[:len(keys)-1] {
		settings, _ = settings[key].(map[string]any)
	}
	value, written := settings[keys[len(keys)-1]]
	if !written && missing == "" || written && slices.Contains(good, value) {
		return nil
	}
	found := "nothing, which means " + missing
	if written {
		found = fmt.Sprint(value)
	}
	return []string{path + ": found " + found + ", expected " + expected + ": " + why}
}

func uniqueKeys(settings map[string]any) []string {
	return want(settings, "s3uploader::unique_key_func_name", "random numbers", "uuidv7", "one object could replace another", "uuidv7")
}

func synced(settings map[string]any) []string {
	return want(settings, "fsync", "", "always", "a power cut costs what was acknowledged since", "always")
}

func allReplicas(settings map[string]any) []string {
	return want(settings, "producer::required_acks", "1", "-1", "a broker that is lost takes events with it that no other has", -1, "all")
}

func logsEnabled(settings map[string]any) []string {
	return want(settings, "log_data_enabled", "", "true", "without it events are dropped", true)
}

func checkAlert(settings map[string]any) []string {
	if settings["storage"] != nil {
		return nil
	}
	return []string{"storage: found nothing, expected a storage extension: a restart forgets windows, and alerts on their way"}
}

func checkMockForge(settings map[string]any) []string {
	losses := want(settings, "on_parse_error", "", "keep", "a line that cannot be read is dropped", "keep")
	protocols, _ := settings["protocols"].(map[string]any)
	file, on := protocols["file"]
	if m, _ := file.(map[string]any); on && m["storage"] == nil {
		losses = append(losses, "protocols::file::storage: found nothing, expected a storage extension: a restart forgets how far the files were read")
	}
	return losses
}

func checkKafkaReceiver(settings map[string]any) []string {
	losses := want(settings, "message_marking::after", "false", "true", "it marks messages as read before the journal has them", true)
	for _, key := range []string{"on_error", "on_permanent_error"} {
		losses = append(losses, want(settings, "message_marking::"+key, "", "false", "it marks messages as read that the journal refused", false)...)
	}
	return losses
}

// knownToPass are the types that can pass an audit.
func knownToPass(section string) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(rules[section])) {
		if !slices.ContainsFunc(rules[section][name](nil), func(loss string) bool { return strings.HasPrefix(loss, refused) }) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
