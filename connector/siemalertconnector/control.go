// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
)

// startControl listens for test alerts:
//
//	POST /api/v1/security/test-alert  {"alert_name":"Multiple Auth Failures","test":true}
func (c *alertConnector) startControl(ctx context.Context, host component.Host) error {
	if !c.cfg.Control.HasValue() {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/security/test-alert", c.testAlert)
	cfg := c.cfg.Control.Get()
	server, err := cfg.ToServer(ctx, host.GetExtensions(), c.set.TelemetrySettings, mux)
	if err != nil {
		return err
	}
	listener, err := cfg.ToListener(ctx)
	if err != nil {
		return err
	}
	c.server = server
	c.set.Logger.Info("control server started", zap.String("endpoint", listener.Addr().String()))
	c.wg.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// testAnswer says what became of a test alert.
type testAnswer struct {
	Alert     string   `json:"alert_name"`
	EventID   string   `json:"event_id"`
	Pipelines []string `json:"pipelines"`
}

// testAlert sends an alert of a rule the way that a real one goes. It touches no
// window.
func (c *alertConnector) testAlert(w http.ResponseWriter, r *http.Request) {
	// A page in a browser may send simple requests to localhost.
	if r.Header.Get("Origin") != "" {
		refuse(w, http.StatusForbidden, errors.New("found the header Origin, expected none"))
		return
	}
	name, err := alertName(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	at := slices.IndexFunc(c.rules, func(rule *rule) bool { return rule.name == name })
	if at < 0 {
		refuse(w, http.StatusNotFound, fmt.Errorf("alert_name: found %q, expected the name of a rule that is enabled", name))
		return
	}
	rule := c.rules[at]
	logs, err := rule.testLogs(time.Now())
	if err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	id := uidOf(logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0))
	c.outbox.add(&pending{logs: logs, to: slices.Clone(rule.to)})
	if err := c.outbox.flush(r.Context()); err != nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Errorf("%w; it is tried again", err))
		return
	}
	httpanswer.Write(w, http.StatusOK, testAnswer{Alert: name, EventID: id, Pipelines: names(rule.to)})
}

func alertName(r *http.Request) (string, error) {
	var request struct {
		Alert string `json:"alert_name"`
		Test  *bool  `json:"test"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return "", fmt.Errorf("reading the request: %w", err)
	}
	if request.Test != nil && !*request.Test {
		return "", errors.New("test: found false, expected true or nothing: this sends tests alone")
	}
	return request.Alert, nil
}

// testLogs is an alert without events.
func (r *rule) testLogs(now time.Time) (plog.Logs, error) {
	record := plog.NewLogRecord()
	record.Body().SetEmptyMap().PutBool("test", true)
	f := firing{rule: r, record: record, resource: plog.NewResourceLogs().Resource(), test: true}
	f.resource.Attributes().PutStr(eventlog.AttrServiceName, eventlog.DefaultServiceName)
	f.first, f.last = now.UnixNano(), now.UnixNano()
	return f.logs(now)
}

func refuse(w http.ResponseWriter, code int, err error) {
	httpanswer.Write(w, code, map[string]string{"error": err.Error()})
}
