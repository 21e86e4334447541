// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// DatadogConfig has the settings of the guide's Datadog block.
type DatadogConfig struct {
	// Site is Datadog's site: datadoghq.com by default.
	Site string `mapstructure:"site"`
	// APIKey is the key that may send logs.
	APIKey configopaque.String `mapstructure:"api_key"`
	// AppKey is accepted because the guide has it, and not used: the logs intake
	// needs none.
	AppKey configopaque.String `mapstructure:"app_key"`
	// Tags go with every event, as ddtags: "env:production".
	Tags []string `mapstructure:"tags"`
	// Service names the service. By default it is the event's source.system.
	Service string `mapstructure:"service"`
	// Hostname names the host. By default it is the record's host.name, and else
	// the name of the collector's host.
	Hostname string `mapstructure:"hostname"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const (
	defaultDatadogSite = "datadoghq.com"
	datadogSource      = "mockforge"

	// The limits of the logs intake: docs.datadoghq.com/api/latest/logs, "Send
	// logs". It takes what is larger or older too, and cuts or drops it.
	datadogMaxEvents = 1000
	datadogMaxBody   = 5_000_000
	datadogMaxEntry  = 1_000_000
	datadogPast      = 18 * time.Hour
	datadogFuture    = 2 * time.Hour
	// datadogMargin is for the way, and for clocks that differ.
	datadogMargin = 10 * time.Minute
)

var hostName = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)

// Validate checks the settings.
func (cfg *DatadogConfig) Validate() error {
	var errs []error
	if !hostName.MatchString(cfg.Site) {
		errs = append(errs, fmt.Errorf("site: found %q, expected a site such as datadoghq.com or datadoghq.eu", cfg.Site))
	}
	if cfg.APIKey == "" {
		errs = append(errs, errors.New("api_key: found nothing, expected the key"))
	}
	for i, tag := range cfg.Tags {
		if tag == "" || strings.ContainsAny(tag, ",\r\n") {
			errs = append(errs, fmt.Errorf("tags[%d]: found %q, expected a tag such as env:production, without a comma", i, tag))
		}
	}
	return errors.Join(errs...)
}

// datadog makes the entries of the logs intake.
type datadog struct {
	cfg      *DatadogConfig
	tags     string
	hostname string // where neither the settings nor a record name one
}

func newDatadogLayout(cfg *Config, logger *zap.Logger) *layout {
	d := &datadog{cfg: cfg.Datadog.Get(), tags: strings.Join(cfg.Datadog.Get().Tags, ",")}
	if d.cfg.AppKey != "" {
		logger.Info("datadog: app_key is not used: the logs intake needs api_key alone")
	}
	if d.cfg.Hostname == "" {
		// Without a name Datadog shows none, which is no reason not to start.
		d.hostname, _ = os.Hostname()
	}
	url := cfg.ClientConfig.Endpoint
	if url == "" {
		url = "https://http-intake.logs." + d.cfg.Site + "/api/v2/logs"
	}
	return &layout{
		method: http.MethodPost, url: url, contentType: "application/json",
		before: "[", between: ",", behind: "]",
		maxEvents: min(cfg.MaxEvents, datadogMaxEvents),
		maxBody:   min(cfg.MaxBodySize, datadogMaxBody),
		maxEntry:  datadogMaxEntry,
		entry:     d.entry,
		authorize: func(_ context.Context, header http.Header) (string, *httpsend.Error) {
			header.Set("DD-API-KEY", string(d.cfg.APIKey))
			return "", nil
		},
	}
}

// datadogCompression is what Datadog recommends.
const datadogCompression = configcompression.TypeGzip

// datadogStatus is the status of a severity: the intake's status remapper takes
// words that it does not know, as MockForge's are, for info.
var datadogStatus = map[event.Severity]string{
	event.SeverityUnknown: "info", event.SeverityLow: "info", event.SeverityMedium: "warn",
	event.SeverityHigh: "error", event.SeverityCritical: "critical",
}

// datadogOwn are the members that the intake reads as something else than an
// attribute. Only we set them; an event's own go under mockforge.
var datadogOwn = map[string]bool{
	"ddsource": true, "ddtags": true, "hostname": true, "host": true, "service": true,
	"status": true, "level": true, "message": true, "msg": true, "log": true,
	"date": true, "_timestamp": true, "Timestamp": true, "eventTime": true, "published_date": true,
	"dd": true, "syslog": true, datadogAside: true,
}

// datadogAside holds members of an event that must not stand at the top.
const datadogAside = "mockforge"

// entry appends an entry: what Datadog asks for, then the event's members, which
// become attributes and can be facets.
func (d *datadog) entry(dst []byte, r record) []byte {
	at, own := r.timeWithin(time.Now(), datadogPast-datadogMargin, datadogFuture-datadogMargin)
	dst = append(dst, `{"ddsource":"`+datadogSource+`"`...)
	dst = member(dst, "ddtags", d.tags)
	dst = member(dst, "hostname", cmp.Or(d.cfg.Hostname, text(r.resource.Attributes(), "host.name"), d.hostname))
	dst = member(dst, "service", cmp.Or(d.cfg.Service, text(r.resource.Attributes(), eventlog.AttrServiceName), eventlog.DefaultServiceName))
	dst = member(dst, "status", datadogStatus[r.severity()])
	dst = member(dst, "message", line(r))
	dst = append(dst, `,"date":`...)
	dst = strconv.AppendInt(dst, at.UnixMilli(), 10)

	if r.Body().Type() != pcommon.ValueTypeMap {
		return append(dst, '}') // the text is the message
	}
	dst, aside := appendMembers(dst, r.Body().Map(), own, false)
	if aside > 0 {
		dst = append(appendKey(dst, datadogAside), '{')
		start := len(dst)
		dst, _ = appendMembers(dst, r.Body().Map(), own, true)
		dst = append(dst[:start], dst[start+1:]...) // the first comma
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// appendMembers appends those members that stand at the top, or aside, each
// with a comma before it, and returns how many do not. The intake reads
// timestamp before date: one that it would drop an event for stands aside.
func appendMembers(dst []byte, m pcommon.Map, ownTime, aside bool) ([]byte, int) {
	others := 0
	for name, v := range m.All() {
		if aside != (datadogOwn[name] || !ownTime && name == "timestamp") {
			others++
			continue
		}
		dst = eventlog.AppendJSON(appendKey(dst, name), v)
	}
	return dst, others
}

// line is what people read in a list of logs: "auth.failure: Invalid
// credentials". Of what is no event of MockForge's it is its message.
func line(r record) string {
	name := eventlog.EventType(r.LogRecord)
	if name == "" {
		return foreignLine(r)
	}
	if reason := text(r.Attributes(), eventlog.AttrOutcomeReason); reason != "" {
		return name + ": " + reason
	}
	if known, ok := event.Lookup(name); ok {
		return name + ": " + known.Description
	}
	return name
}

func foreignLine(r record) string {
	if r.Body().Type() != pcommon.ValueTypeMap {
		return r.Body().AsString()
	}
	return cmp.Or(text(r.Body().Map(), "message"), text(r.Body().Map(), "msg"), r.EventName(), "a record without a message")
}
