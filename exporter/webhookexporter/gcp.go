// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// GCPConfig has the settings of the guide's Google Cloud Logging block.
type GCPConfig struct {
	// ProjectID is the project that the log is in.
	ProjectID string `mapstructure:"project_id"`
	// LogName is the log's id: letters, digits and / - _ . as in
	// security-events.
	LogName string `mapstructure:"log_name"`
	// CredentialsPath is the file with the key of a service account that may
	// write logs (roles/logging.logWriter).
	CredentialsPath string `mapstructure:"credentials_path"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const (
	gcpEndpoint = "https://logging.googleapis.com/v2/entries:write"

	// The limits of Cloud Logging: cloud.google.com/logging/quotas. An entry that
	// is older than its bucket keeps entries (30 days unless it is configured)
	// is answered with success and not kept; one that is more than a day ahead
	// is refused.
	gcpMaxBody  = 10_000_000
	gcpMaxEntry = 256 << 10
	gcpPast     = 30 * 24 * time.Hour
	gcpFuture   = 24 * time.Hour
	gcpMargin   = time.Hour
)

var (
	gcpProject = regexp.MustCompile(`^[a-z0-9][a-z0-9.:-]*$`)
	gcpLog     = regexp.MustCompile(`^[A-Za-z0-9/_.-]{1,511}$`)
)

// Validate checks the settings.
func (cfg *GCPConfig) Validate() error {
	var errs []error
	if !gcpProject.MatchString(cfg.ProjectID) {
		errs = append(errs, fmt.Errorf("project_id: found %q, expected the id of a project", cfg.ProjectID))
	}
	if !gcpLog.MatchString(cfg.LogName) {
		errs = append(errs, fmt.Errorf("log_name: found %q, expected up to 511 letters, digits and any of ./_-", cfg.LogName))
	}
	if cfg.CredentialsPath == "" {
		errs = append(errs, errors.New("credentials_path: found nothing, expected the file of a service account's key"))
	}
	return errors.Join(errs...)
}

func newGCPLayout(cfg *Config, tokens *tokens) *layout {
	return &layout{
		method: http.MethodPost, url: cmp.Or(cfg.ClientConfig.Endpoint, gcpEndpoint), contentType: "application/json",
		before: string(gcpBefore(cfg.GCP.Get())), between: ",", behind: "]}",
		maxEvents: cfg.MaxEvents,
		maxBody:   min(cfg.MaxBodySize, gcpMaxBody),
		maxEntry:  gcpMaxEntry,
		entry:     gcpEntry,
		authorize: tokens.authorize,
		refused:   tokens.forget,
		close:     tokens.client.CloseIdleConnections,
	}
}

// gcpBefore is what all entries of a request share. partialSuccess is false:
// a request is taken whole or not at all, and the journal halves it.
func gcpBefore(cfg *GCPConfig) []byte {
	dst := []byte(`{"partialSuccess":false`)
	dst = member(dst, "logName", "projects/"+cfg.ProjectID+"/logs/"+url.PathEscape(cfg.LogName))
	dst = append(dst, `,"resource":{"type":"global","labels":{"project_id":`...)
	dst = eventlog.AppendString(dst, cfg.ProjectID)
	return append(dst, `}},"entries":[`...)
}

var gcpSeverity = map[event.Severity]string{
	event.SeverityUnknown: "DEFAULT", event.SeverityLow: "INFO", event.SeverityMedium: "WARNING",
	event.SeverityHigh: "ERROR", event.SeverityCritical: "CRITICAL",
}

// gcpEntry appends a LogEntry. insertId is the event's own id, the same however
// often it is sent; an event that has none gets none, since two equal events
// are two.
func gcpEntry(dst []byte, r record) []byte {
	at, _ := r.timeWithin(time.Now(), gcpPast-gcpMargin, gcpFuture-gcpMargin)
	dst = append(dst, `{"severity":"`+gcpSeverity[r.severity()]+`","timestamp":"`...)
	dst = at.AppendFormat(dst, time.RFC3339Nano)
	dst = append(dst, '"')
	dst = member(dst, "insertId", r.uid())
	dst = append(dst, `,"labels":{"source":"mockforge"`...)
	dst = member(dst, "event_type", eventlog.EventType(r.LogRecord))
	dst = member(dst, "category", text(r.Attributes(), eventlog.AttrEventCategory))
	dst = member(dst, "service", text(r.resource.Attributes(), eventlog.AttrServiceName))
	dst = member(dst, "environment", text(r.resource.Attributes(), eventlog.AttrDeploymentEnvironment))
	dst = append(dst, `},"jsonPayload":`...)
	return append(eventlog.AppendJSON(dst, exact(r.object())), '}')
}

// maxExact is up to where a double, which is what a jsonPayload's numbers are,
// holds every integer.
const maxExact = 1 << 53

// exact returns v with integers that a double cannot hold as text, in a copy if
// there are any.
func exact(v pcommon.Value) pcommon.Value {
	if isExact(v) {
		return v
	}
	c := pcommon.NewValueEmpty()
	v.CopyTo(c)
	spell(c)
	return c
}

func isExact(v pcommon.Value) bool {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		return v.Int() >= -maxExact && v.Int() <= maxExact
	case pcommon.ValueTypeMap:
		for _, m := range v.Map().All() {
			if !isExact(m) {
				return false
			}
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			if !isExact(e) {
				return false
			}
		}
	default:
	}
	return true
}

func spell(v pcommon.Value) {
	switch v.Type() {
	case pcommon.ValueTypeInt:
		if !isExact(v) {
			v.SetStr(v.AsString())
		}
	case pcommon.ValueTypeMap:
		for _, m := range v.Map().All() {
			spell(m)
		}
	case pcommon.ValueTypeSlice:
		for _, e := range v.Slice().All() {
			spell(e)
		}
	default:
	}
}
