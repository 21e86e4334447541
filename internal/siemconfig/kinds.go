// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	headerName  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	credentials = regexp.MustCompile(`(?i)(auth|key|token|secret|password)`)
	// The forms of names: those that the exporters take.
	datadogSite = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	gcpProject  = regexp.MustCompile(`^[a-z0-9][a-z0-9.:-]*$`)
	gcpLog      = regexp.MustCompile(`^[A-Za-z0-9/_.-]{1,511}$`)
	workspaceID = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	azureTable  = regexp.MustCompile(`^[0-9A-Za-z_]{1,100}$`)
)

func buildWebhook(b block) Destination {
	settings := map[string]any{}
	to, place := b.endpoint("url")
	settings["endpoint"] = to.Reference
	settings["method"] = b.choice("method", "POST", "POST", "PUT", "PATCH")
	settings["timeout"] = fmt.Sprintf("%ds", b.integer("timeout", 5, 1, 3600))
	if b.has("headers") {
		headers := b.open(b.keys["headers"], b.name("headers"))
		values := map[string]any{}
		for name := range headers.keys {
			if !headerName.MatchString(name) {
				headers.fail(name, "found a header with another character in its name, expected letters, digits and -_.")
			}
			value := headers.required(name, "a header's value")
			scheme := strings.ToLower(strings.TrimSpace(value.Value))
			if len(value.Unset) == 0 && (scheme == "bearer" || scheme == "basic") {
				headers.fail(name, "found a scheme alone, expected credentials behind it")
			}
			if strings.ContainsAny(value.Value, "\r\n\x00") {
				headers.fail(name, "found a line's end, expected one line")
			}
			if credentials.MatchString(name) {
				headers.warnLiteral(name, value)
			}
			values[name] = value.Reference
		}
		settings["headers"] = values
	}
	if b.has("retry") {
		retry := b.open(b.keys["retry"], b.name("retry"), "max_attempts", "backoff", "initial_delay_secs")
		settings["retry"] = map[string]any{
			"max_attempts":     retry.integer("max_attempts", 3, 1, 100),
			"backoff":          retry.choice("backoff", "exponential", "exponential", "linear"),
			"initial_interval": fmt.Sprintf("%ds", retry.integer("initial_delay_secs", 1, 1, 30)),
		}
		retry.warn("max_attempts", "MockForge loses an event after the last attempt; here they are those of one delivery, and the journal starts another until the event is delivered or refused")
	}
	return Destination{Exporter: "webhook", Settings: settings, place: place}
}

var fileSize = regexp.MustCompile(`(?i)^[0-9]{1,9} *(B|[KMG]i?B)?$`)

func buildFile(b block) Destination {
	path := b.required("path", "a file")
	b.choice("format", "jsonl", "jsonl")
	settings := map[string]any{"path": path.Reference}
	if b.has("rotation") {
		rotation := b.open(b.keys["rotation"], b.name("rotation"), "max_size", "max_files", "compress")
		values := map[string]any{
			"max_files": rotation.integer("max_files", 10, 0, 1_000_000),
			"compress":  rotation.boolean("compress", true),
		}
		if rotation.has("max_size") {
			t := rotation.text("max_size")
			if !fileSize.MatchString(t.Value) && len(t.Unset) == 0 {
				rotation.fail("max_size", "found %s, expected a size such as 100MB or 64KiB", t.plain())
			}
			values["max_size"] = t.Reference
		}
		settings["rotation"] = values
	}
	place := ""
	if path.Value != "" {
		place = "file " + filepath.Clean(path.Value)
	}
	return Destination{Exporter: "jsonl_file", Settings: settings, place: place}
}

func buildSplunk(b block) Destination {
	d := fromExample("splunk", nil)
	to, place := b.endpoint("url")
	d.Settings["endpoint"] = to.Reference
	d.Settings["token"] = b.secret("token", "a HEC token")
	delete(d.Settings, "index")
	b.copy(d.Settings, "index", "index")
	b.copy(d.Settings, "sourcetype", "source_type")
	d.place = place
	if place != "" { // one server takes many indexes
		d.place += " index " + b.text("index").Value
	}
	return d
}

func buildDatadog(b block) Destination {
	d := fromExample("datadog", nil)
	datadog := map[string]any{"api_key": b.secret("api_key", "a Datadog API key")}
	if b.has("site") {
		datadog["site"] = b.match("site", "a site such as datadoghq.com or datadoghq.eu", datadogSite)
	}
	tags, nodes := b.list("tags")
	values := make([]any, 0, len(tags))
	for i, tag := range tags {
		if tag.Value == "" && len(tag.Unset) == 0 || strings.ContainsAny(tag.Value, ",\r\n") {
			b.parser.fail(nodes[i], "%s[%d]: found nothing, a comma or a line's end, expected a tag such as env:production; write one tag an entry", b.name("tags"), i)
		}
		values = append(values, tag.Reference)
	}
	if len(values) > 0 {
		datadog["tags"] = values
	}
	if b.has("app_key") {
		datadog["app_key"] = b.secret("app_key", "a Datadog application key")
	}
	d.Settings["datadog"] = datadog
	b.warn("api_key", "MockForge posts to Datadog's Events API; here events are logs, by the logs intake, which needs no app_key")
	return d
}

func buildCloudWatch(b block) Destination {
	d := fromExample("cloudwatch", nil)
	b.required("region", "a region such as us-east-1")
	b.required("log_group", "a log group")
	b.required("stream", "a log stream")
	b.copy(d.Settings, "region", "region")
	b.copy(d.Settings, "log_group_name", "log_group")
	b.copy(d.Settings, "log_stream_name", "stream")
	if b.has("credentials") {
		c := b.open(b.keys["credentials"], b.name("credentials"), "access_key_id", "secret_access_key")
		for _, key := range []string{"access_key_id", "secret_access_key"} {
			name := "AWS_" + strings.ToUpper(key)
			if c.required(key, "${"+name+"}").Reference != "${env:"+name+"}" && c.has(key) {
				c.fail(key, "found another value, expected exactly ${%s}; the exporter takes credentials where AWS's SDK looks for them: export %s, or remove credentials", name, name)
			}
		}
	}
	return d
}

func buildGCP(b block) Destination {
	d := fromExample("google-cloud-logging", nil)
	d.Settings["gcp"] = map[string]any{
		"project_id":       b.match("project_id", "the id of a project", gcpProject),
		"log_name":         b.match("log_name", "up to 511 letters, digits and any of ./_-", gcpLog),
		"credentials_path": b.required("credentials_path", "the file of a service account's key").Reference,
	}
	return d
}

func buildAzure(b block) Destination {
	b.warn("workspace_id", "Microsoft ended support of the Data Collector API on 2026-09-14; the exporter azure_monitor also speaks the Logs Ingestion API: put it into a file of your own")
	return Destination{Exporter: "azure_monitor", Settings: map[string]any{"data_collector": map[string]any{
		"workspace_id": b.match("workspace_id", "the id of a workspace", workspaceID),
		"shared_key":   b.secret("shared_key", "the workspace's key"),
		"log_type":     b.match("log_type", "the name of a table, up to 100 letters, digits and _", azureTable),
	}}}
}

var transports = []string{"udp", "tcp"}

// tag is an APP-NAME (RFC 5424, section 6.2.5) that may stand in a statement.
var tag = regexp.MustCompile(`^[!#%-\[\]-~]{1,48}$`)

// facilities are spelt as RFC 5424's documents do, and as MockForge's code.
var facilities = strings.Fields(`kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit
	alert clock local0 local1 local2 local3 local4 local5 local6 local7`)

var facilityAliases = map[string]string{
	"kernel": "kern", "security": "auth", "syslogd": "syslog", "lineprinter": "lpr", "networknews": "news",
	"security2": "authpriv", "logaudit": "audit", "logalert": "alert",
}

func buildSyslog(b block) Destination {
	transport := b.choice("transport", "udp", transports...)
	if own := b.text("protocol").Value; own == "udp" || own == "tcp" {
		if b.has("transport") && transport != own {
			b.fail("transport", "found %q beside protocol %q, expected the same; remove one", transport, own)
		}
		transport = own
	}
	b.choice("format", "rfc5424", "rfc5424")
	host := b.required("host", "the server's name")
	if strings.ContainsAny(host.Value, "/ ") {
		b.fail("host", "found a slash or a space, expected a name or an address alone; the port goes into port")
	}
	port := b.integer("port", 514, 1, 65535)
	facility := b.text("facility").Value
	if alias, ok := facilityAliases[facility]; ok {
		facility = alias
	} else {
		facility = b.choice("facility", "local0", facilities...)
	}
	appName := b.text("tag")
	if appName.Value == "" {
		appName.Value = "mockforge"
	}
	if !tag.MatchString(appName.Value) {
		b.fail("tag", "found %s, expected 1 to 48 printable ASCII characters, none of them a space, a quote, a dollar or a backslash", appName.plain())
	}
	example := "syslog"
	if transport == "udp" {
		example = "syslog-udp"
		b.warn("host", "what the network drops of UDP is lost; tcp is not")
	}
	d := fromExample(example, strings.NewReplacer(
		"${env:MOCKFORGE_SYSLOG_TAG:-mockforge}", appName.Value,
		"${env:MOCKFORGE_SYSLOG_FACILITY:-local0}", facility))
	d.Settings["endpoint"] = bracketed(host)
	d.Settings["port"] = port
	if transport == "tcp" {
		d.Settings["tls"] = map[string]any{"insecure": true}
		b.warn("host", "tcp is not encrypted; for TLS merge exporters with tls of your own on top")
	}
	if host.Value != "" {
		d.place = "syslog " + hostPort(host.Value, strconv.Itoa(port))
	}
	return d
}

// bracketed writes an IPv6 address as the exporter wants it.
func bracketed(host Text) string {
	if strings.Contains(host.Value, ":") && !strings.HasPrefix(host.Value, "[") {
		return "[" + host.Reference + "]"
	}
	return host.Reference
}
