// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
)

// startHTTP listens for events.
func (r *mockforgeReceiver) startHTTP(ctx context.Context, host component.Host, cfg *HTTPConfig) error {
	in, err := r.newIntake("http", "http", "json", cfg.MaxEvents)
	if err != nil {
		return err
	}
	events := newEventsHandler(in)
	mux := http.NewServeMux()
	mux.Handle(cfg.Path, events)
	mux.Handle(testEventPath, events.testEvents(cfg))
	if cfg.Path != "/" {
		mux.HandleFunc("/", notFound(cfg.Path))
	}
	return r.serveHTTP(ctx, host, &cfg.ServerConfig, &cfg.Limits, "HTTP", mux, events)
}

// eventsHandler takes events by HTTP. It answers 200 only once the pipeline has
// taken all events of a request.
type eventsHandler struct {
	*intake
	bodies *bodies
}

func newEventsHandler(in *intake) *eventsHandler {
	return &eventsHandler{intake: in, bodies: newBodies()}
}

// ServeHTTP takes one request.
func (h *eventsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !allows(w, r, http.MethodPost, http.MethodPut, http.MethodPatch) {
		return
	}
	refused := checkOrigin(w, r)
	if refused == nil {
		refused = checkContentType(r)
	}
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	batch, refused := h.decode(r)
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	if err := h.consume(r.Context(), batch); err != nil {
		h.failed(w, err)
		return
	}
	count := batch.Taken()
	httpanswer.Write(w, http.StatusOK, answer{Accepted: &count})
}

// allows answers requests with another method than these.
func allows(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	all := strings.Join(methods, ", ")
	w.Header().Set("Allow", all)
	writeError(w, http.StatusMethodNotAllowed, fmt.Sprintf("found method %s, expected %s", r.Method, all))
	return false
}

// serverError answers for confighttp, which refuses credentials and content
// codings before a request gets to ServeHTTP.
func (h *eventsHandler) serverError(w http.ResponseWriter, r *http.Request, message string, status int) {
	h.refuse(w, r, serverRefusal(message, status))
}

func serverRefusal(message string, status int) *refusal {
	refused := &refusal{status: status, reason: "unreadable", answer: answer{Error: message}}
	switch {
	case status == http.StatusUnauthorized:
		refused.reason = "unauthorized"
	case strings.HasPrefix(message, "unsupported Content-Encoding"):
		refused.status, refused.reason = http.StatusUnsupportedMediaType, "content_encoding"
	}
	return refused
}

// tooMany answers requests over the rate limit; Retry-After is set.
func (h *eventsHandler) tooMany(w http.ResponseWriter, r *http.Request) {
	h.refuse(w, r, &refusal{status: http.StatusTooManyRequests, reason: "rate_limit", answer: answer{
		Error: "found more requests than rate_limit allows, expected fewer",
	}})
}

// refusal is an answer to a request that is at fault.
type refusal struct {
	status int
	reason string
	answer answer
}

func (h *eventsHandler) refuse(w http.ResponseWriter, r *http.Request, f *refusal) {
	h.refused(r.Context(), f.reason)
	httpanswer.Write(w, f.status, f.answer)
}

// checkOrigin refuses pages in a browser: they may send simple requests to
// localhost without asking (Fetch standard, "CORS-safelisted"). Where the CORS
// settings allow an origin, the answer says so already.
func checkOrigin(w http.ResponseWriter, r *http.Request) *refusal {
	origin := r.Header.Get("Origin")
	if origin == "" || w.Header().Get("Access-Control-Allow-Origin") != "" {
		return nil
	}
	return &refusal{status: http.StatusForbidden, reason: "origin", answer: answer{
		Error: fmt.Sprintf("Origin: found %q, expected none, or one that cors.allowed_origins lists", origin),
	}}
}

// contentTypes are the types of what an event comes in. curl -d names the form
// type where it is told none, and MockForge's guide tells it none.
var contentTypes = map[string]bool{
	"application/json": true, "text/json": true,
	"application/x-ndjson": true, "application/ndjson": true,
	"application/jsonl": true, "application/x-jsonlines": true, "application/jsonlines": true,
	"text/plain": true, "application/octet-stream": true, "application/x-www-form-urlencoded": true,
}

func checkContentType(r *http.Request) *refusal {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(header)
	charset := params["charset"]
	switch {
	case err != nil || !contentTypes[mediaType] && !strings.HasSuffix(mediaType, "+json"):
		return unsupported(fmt.Sprintf("Content-Type: found %q, expected application/json or application/x-ndjson", header))
	case charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii"):
		return unsupported(fmt.Sprintf("Content-Type: found charset %q, expected utf-8", charset))
	}
	return nil
}

func unsupported(message string) *refusal {
	return &refusal{status: http.StatusUnsupportedMediaType, reason: "content_type", answer: answer{Error: message}}
}

// decode reads the body. Nothing of it is kept when any event is refused.
func (h *eventsHandler) decode(r *http.Request) (*eventlog.Batch, *refusal) {
	batch := h.decoder.NewBatch(time.Now())
	var refused *refusal
	if err := h.bodies.read(r, func(body []byte) {
		if err := batch.AddAll(body); err != nil {
			refused = undecodable(err)
		}
	}); err != nil {
		refused = unreadable(err)
	}
	return batch, refused
}

func unreadable(err error) *refusal {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: string(eventlog.ReasonTooLarge), answer: answer{
			Error: fmt.Sprintf("found a body of more than %d bytes after decompression, expected no more", tooLarge.Limit),
		}}
	}
	var grown *ratioError
	if errors.As(err, &grown) {
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: "ratio", answer: answer{Error: grown.Error()}}
	}
	// A network error's text has addresses in it.
	var network net.Error
	if errors.As(err, &network) {
		if network.Timeout() {
			return &refusal{status: http.StatusRequestTimeout, reason: "timeout", answer: answer{Error: "the body did not arrive in time"}}
		}
		return &refusal{status: http.StatusBadRequest, reason: "unreadable", answer: answer{Error: "the connection broke in the body"}}
	}
	return &refusal{status: http.StatusBadRequest, reason: "unreadable", answer: answer{Error: "reading the body: " + err.Error()}}
}

func undecodable(err error) *refusal {
	f := &refusal{status: http.StatusBadRequest, answer: answer{Error: err.Error()}}
	var refused *eventlog.Error
	if errors.As(err, &refused) {
		f.reason = string(refused.Reason)
		f.answer.Index = &refused.Index
		if refused.Reason == eventlog.ReasonTooLarge {
			f.status = http.StatusRequestEntityTooLarge
		}
	}
	return f
}

// failed answers so that the sender tries again, unless that is of no use. What
// went wrong inside is for the log, not for the sender.
func (h *eventsHandler) failed(w http.ResponseWriter, err error) {
	h.logger.Warn("the pipeline did not take a request", zap.Error(err))
	if consumererror.IsPermanent(err) {
		writeError(w, http.StatusInternalServerError, "the pipeline cannot take these events")
		return
	}
	w.Header().Set("Retry-After", "1")
	writeError(w, http.StatusServiceUnavailable, "the pipeline cannot take events at the moment")
}

// identity is the content coding that changes nothing (RFC 9110 section 8.4.1).
func identity(body io.ReadCloser) (io.ReadCloser, error) { return body, nil }
