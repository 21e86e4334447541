// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
	"github.com/mockforge/otelcol-mockforge/internal/receipt"
)

// testEventPath is the guide's: section "Test Event Generation".
const testEventPath = "/api/v1/security/test-event"

// maxWait is the longest that a request may wait for the destinations.
const maxWait = time.Minute

// testEventHandler makes a whole event of what a request says of it, marks it as
// a test, and sends it the way that all events go.
type testEventHandler struct {
	*eventsHandler
	tokens tokens
}

// testEvents returns the handler, or one that says why there is none: whoever
// reaches the server could else fill SIEMs with events.
func (h *eventsHandler) testEvents(cfg *HTTPConfig) http.Handler {
	t := &testEventHandler{eventsHandler: h}
	switch {
	case cfg.TestEvent.Token != "":
		t.tokens = newTokens(cfg.TestEvent.Token)
	case !cfg.ServerConfig.Auth.HasValue() && !isLocal(&cfg.ServerConfig.NetAddr):
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeError(w, http.StatusNotFound, "test_event::token: found none, expected one, as the endpoint is not on a loopback address")
		})
	}
	return t
}

// testAnswer is the answer to a test event that was taken.
type testAnswer struct {
	Accepted  int    `json:"accepted"`
	EventID   string `json:"event_id"`
	EventType string `json:"event_type"`
	// Pipelines are those behind the journal, where the request waits for them.
	Pipelines []receipt.Entry `json:"pipelines,omitempty"`
	// Note says why there are none.
	Note string `json:"note,omitempty"`
}

// ServeHTTP takes one test event.
func (h *testEventHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !allows(w, r, http.MethodPost) {
		return
	}
	wait, refused := h.check(w, r)
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	batch := h.decoder.NewBatch(time.Now())
	batch.KeepAll() // it is to show that the way is open
	answer := testAnswer{Accepted: 1}
	if err := h.bodies.read(r, func(body []byte) { refused = answer.add(batch, body) }); err != nil {
		refused = unreadable(err)
	}
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	ctx, asked := receipt.New(r.Context())
	if err := h.consume(ctx, batch); err != nil {
		h.failed(w, err)
		return
	}
	answer.wait(ctx, asked, wait)
	httpanswer.Write(w, http.StatusOK, answer)
}

// check looks at all but the body.
func (h *testEventHandler) check(w http.ResponseWriter, r *http.Request) (wait time.Duration, refused *refusal) {
	if refused = checkOrigin(w, r); refused != nil {
		return 0, refused
	}
	if refused = checkContentType(r); refused != nil {
		return 0, refused
	}
	if h.tokens != nil {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || !h.tokens.has(strings.TrimSpace(token)) {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 section 3
			return 0, &refusal{status: http.StatusUnauthorized, reason: "unauthorized", answer: answer{
				Error: "Authorization: found no valid bearer token, expected that of test_event::token",
			}}
		}
	}
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > maxWait {
		return 0, &refusal{status: http.StatusBadRequest, reason: "syntax", answer: answer{
			Error: fmt.Sprintf("wait: found %q, expected a duration from 0s to %s, such as 5s", text, maxWait),
		}}
	}
	return wait, nil
}

// add completes the event and adds it to the batch.
func (a *testAnswer) add(batch *eventlog.Batch, body []byte) *refusal {
	whole, err := completeTestEvent(body, time.Now())
	if err != nil {
		return &refusal{status: http.StatusBadRequest, reason: "syntax", answer: answer{Error: err.Error()}}
	}
	record, err := batch.Add(whole, time.Time{})
	if err != nil {
		refused := undecodable(err)
		refused.answer.Index = nil // it came by itself
		return refused
	}
	id, _ := record.Attributes().Get(eventlog.AttrRecordUID)
	a.EventID, a.EventType = id.Str(), record.EventName()
	return nil
}

// wait fills in what the destinations made of the event.
func (a *testAnswer) wait(ctx context.Context, asked *receipt.Receipt, wait time.Duration) {
	if wait == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if a.Pipelines = asked.Wait(ctx); len(a.Pipelines) == 0 {
		a.Note = "no journal has the event: a filter dropped it, or no siem_journal is behind the receiver"
	}
}
