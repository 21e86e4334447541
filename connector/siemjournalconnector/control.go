// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/journal"
)

// startControl listens for requests about cursors:
//
//	GET  /cursors
//	POST /cursors?destination=logs/splunk       {"position":17} or {"time":"2025-01-27T10:30:00Z"}
//	POST /dead-letters?destination=logs/splunk  appends them again
func (c *journalConnector) startControl(ctx context.Context, host component.Host) error {
	if !c.cfg.Control.HasValue() {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cursors", func(w http.ResponseWriter, _ *http.Request) { httpanswer.Write(w, http.StatusOK, c.status()) })
	mux.HandleFunc("POST /cursors", c.handle(c.setCursor))
	mux.HandleFunc("POST /dead-letters", c.handle(c.replayDeadLetters))
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

// cursorStatus is what GET /cursors shows of one destination.
type cursorStatus struct {
	Destination string `json:"destination"`
	cursor
	Pending       uint64           `json:"pending"`
	OldestPending *time.Time       `json:"oldest_pending,omitempty"`
	State         httpsend.Outcome `json:"state,omitempty"`
	Failures      int              `json:"failures"`
	LastError     string           `json:"last_error,omitempty"`
	LastErrorAt   *time.Time       `json:"last_error_at,omitempty"`
}

// journalStatus is the answer to GET /cursors.
type journalStatus struct {
	First    uint64         `json:"first"`
	End      uint64         `json:"end"`
	Bytes    int64          `json:"bytes"`
	Appended uint64         `json:"appended"`
	Syncs    uint64         `json:"syncs"`
	Cursors  []cursorStatus `json:"cursors"`
}

func (c *journalConnector) status() journalStatus {
	stats := c.journal.Stats()
	first, end := c.journal.Bounds()
	all := journalStatus{First: first, End: end, Bytes: stats.Bytes, Appended: stats.Appended, Syncs: stats.Syncs}
	for _, d := range c.destinations {
		s, cur, oldest := d.current()
		one := cursorStatus{
			Destination: d.name, cursor: cur, Pending: end - min(end, cur.Position),
			State: s.outcome, Failures: s.failures, LastError: s.lastError,
		}
		if !oldest.IsZero() {
			one.OldestPending = &oldest
		}
		if !s.lastErrorAt.IsZero() {
			one.LastErrorAt = &s.lastErrorAt
		}
		all.Cursors = append(all.Cursors, one)
	}
	return all
}

// handle finds the destination of a request, and refuses pages in a browser:
// they may send simple requests to localhost.
func (c *journalConnector) handle(act func(*destination, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			httpanswer.Write(w, http.StatusForbidden, map[string]string{"error": "Origin: found one, expected none"})
			return
		}
		name := r.URL.Query().Get("destination")
		for _, d := range c.destinations {
			if d.name != name {
				continue
			}
			answer, err := act(d, r)
			if err != nil {
				httpanswer.Write(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
				return
			}
			httpanswer.Write(w, http.StatusOK, answer)
			return
		}
		httpanswer.Write(w, http.StatusNotFound, map[string]string{"error": fmt.Sprintf("destination: found %q, expected a pipeline behind the journal", name)})
	}
}

func (c *journalConnector) setCursor(d *destination, r *http.Request) (any, error) {
	var to struct {
		Position *uint64    `json:"position"`
		Time     *time.Time `json:"time"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&to); err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	// Nothing is removed between looking at the bounds and saving the cursor.
	c.trimming.Lock()
	defer c.trimming.Unlock()
	first, end := c.journal.Bounds()
	var position uint64
	switch {
	case to.Position != nil && to.Time == nil:
		position = *to.Position
	case to.Time != nil && to.Position == nil:
		var err error
		if position, err = c.positionAt(*to.Time); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("found neither or both of position and time, expected one")
	}
	if position < first || position > end {
		return nil, fmt.Errorf("position: found %d, expected %d to %d", position, first, end)
	}
	c.set.Logger.Warn("a cursor was set", zap.String("destination", d.name), zap.Uint64("position", position))
	d.setPosition(position)
	if _, err := c.save(); err != nil {
		return nil, err
	}
	return map[string]uint64{"position": position}, nil
}

// positionAt finds the first event appended at a time or after it.
func (c *journalConnector) positionAt(t time.Time) (uint64, error) {
	first, _ := c.journal.Bounds()
	reader := c.journal.NewReader(first)
	defer func() { _ = reader.Close() }() // it was only read
	for {
		entry, err := reader.Next()
		var damage *journal.DamageError
		switch {
		case errors.Is(err, io.EOF):
			return reader.Seq(), nil
		case errors.As(err, &damage):
		case err != nil:
			return 0, err
		case !entry.Time.Before(t):
			return entry.Seq, nil
		}
	}
}

func (c *journalConnector) replayDeadLetters(d *destination, _ *http.Request) (any, error) {
	count, skipped, err := d.letters.replay(func(l deadLetter) error {
		_, err := c.journal.Append(address(d.name, l.Record))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("after %d events: %w", count, err)
	}
	c.set.Logger.Warn("dead letters were appended again", zap.String("destination", d.name), zap.Int("events", count), zap.Int("skipped_lines", skipped))
	return map[string]int{"appended": count, "skipped_lines": skipped}, nil
}
