// SPDX-License-Identifier: Apache-2.0

package siemconfig

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mockforge/otelcol-mockforge/internal/audit"
)

// Destination is one place events go to.
type Destination struct {
	// Kind is MockForge's protocol.
	Kind string
	// Exporter is the type of the exporter, Settings its configuration.
	Exporter string
	Settings map[string]any
	// Statements are those of the transform processor before it, if any.
	Statements []any
	// Audit asks for settings that lose nothing on the way.
	Audit bool

	// place is what may not be our own listener nor another destination's.
	place string
	at    *yaml.Node
}

// kind is a protocol: its keys, and what becomes of them.
type kind struct {
	keys  []string
	build func(block) Destination
}

// kinds are MockForge's protocols.
var kinds = map[string]kind{
	"syslog":     {[]string{"host", "port", "transport", "facility", "tag", "format"}, buildSyslog},
	"http":       {webhookKeys, buildWebhook},
	"https":      {webhookKeys, buildWebhook},
	"file":       {[]string{"path", "format", "rotation"}, buildFile},
	"splunk":     {[]string{"url", "token", "index", "source_type"}, buildSplunk},
	"datadog":    {[]string{"api_key", "app_key", "site", "tags"}, buildDatadog},
	"cloudwatch": {[]string{"region", "log_group", "stream", "credentials"}, buildCloudWatch},
	"gcp":        {[]string{"project_id", "log_name", "credentials_path"}, buildGCP},
	"azure":      {[]string{"workspace_id", "shared_key", "log_type"}, buildAzure},
}

var webhookKeys = []string{"url", "method", "headers", "timeout", "retry"}

func kindNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// destination reads one entry. Its own protocol counts when it names a kind, as
// in MockForge's code; udp and tcp are a transport, as in the guide.
func (p *parser) destination(n *yaml.Node, path, blockKind string) (Destination, bool) {
	all := p.open(n, path)
	if isNull(all.at) {
		p.fail(n, "%s: found nothing, expected a block of keys", path)
		return Destination{}, false
	}
	if all.at.Kind != yaml.MappingNode {
		return Destination{}, false
	}
	name := blockKind
	own := all.text("protocol").Value
	transport := slices.Contains(transports, own)
	if _, known := kinds[own]; known {
		name = own
	} else if all.has("protocol") && !transport {
		all.fail("protocol", "found %s, expected one of %s, or udp or tcp%s", all.text("protocol").plain(), strings.Join(kindNames(), ", "), suggest(own, kindNames()))
		return Destination{}, false
	}
	if name == misspelt {
		return Destination{}, false
	}
	k, known := kinds[name]
	if !known {
		all.fail("protocol", "found no kind of destination, expected one of %s here or above destinations", strings.Join(kindNames(), ", "))
		return Destination{}, false
	}
	if transport && name != "syslog" {
		all.fail("protocol", "found %q in a destination of kind %s, expected it with syslog alone", own, name)
	}
	b := p.open(n, path, append([]string{"protocol", "delivery"}, k.keys...)...)
	d := k.build(b)
	d.Kind, d.at = name, all.at
	d.Audit = b.choice("delivery", "at_least_once", "at_least_once", audit.Audited) == audit.Audited
	if name == "https" && strings.HasPrefix(b.text("url").Value, "http://") {
		b.fail("url", "found http:// with protocol https, expected https://; for plain HTTP write protocol: http")
	}
	return d, true
}

// endpoint reads a URL. It is not repeated: it may have a token in it.
func (b block) endpoint(key string) (Text, string) {
	t := b.required(key, "a URL")
	if t.Value == "" || len(t.Unset) > 0 {
		return t, ""
	}
	u, err := url.Parse(t.Value)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		b.fail(key, "found no URL, expected http:// or https:// with a host")
		return t, ""
	case u.User != nil:
		b.fail(key, "found a user in the URL, expected none; put credentials into headers")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return t, "http " + hostPort(u.Hostname(), port)
}

// hostPort writes every name of this machine alike.
func hostPort(host, port string) string {
	switch host = strings.Trim(strings.ToLower(host), "[]"); host {
	case "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::":
		host = "localhost"
	}
	return fmt.Sprintf("%s port %s", host, port)
}
