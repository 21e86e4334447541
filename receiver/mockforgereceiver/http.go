// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// startHTTP listens for events.
func (r *mockforgeReceiver) startHTTP(ctx context.Context, host component.Host, cfg *HTTPConfig) error {
	in, err := r.newIntake("http", "json", cfg.MaxEvents)
	if err != nil {
		return err
	}
	events := newEventsHandler(in)
	mux := http.NewServeMux()
	mux.Handle(cfg.Path, events)
	if cfg.Path != "/" {
		mux.HandleFunc("/", notFound(cfg.Path))
	}
	return r.serveHTTP(ctx, host, &cfg.ServerConfig, "HTTP", mux, events.serverError)
}

// eventsHandler takes events by HTTP. It answers 200 only once the pipeline has
// taken all events of a request.
type eventsHandler struct {
	*intake
	buffers sync.Pool
}

func newEventsHandler(in *intake) *eventsHandler {
	return &eventsHandler{intake: in, buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

// ServeHTTP takes one request.
func (h *eventsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		w.Header().Set("Allow", "POST, PUT, PATCH")
		writeError(w, http.StatusMethodNotAllowed, fmt.Sprintf("found method %s, expected POST, PUT or PATCH", r.Method))
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
	count := batch.Len()
	writeAnswer(w, http.StatusOK, answer{Accepted: &count})
}

// serverError answers for confighttp, which refuses credentials and content
// codings before a request gets to ServeHTTP.
func (h *eventsHandler) serverError(w http.ResponseWriter, r *http.Request, message string, status int) {
	refused := &refusal{status: status, reason: "unreadable", answer: answer{Error: message}}
	switch {
	case status == http.StatusUnauthorized:
		refused.reason = "unauthorized"
	case strings.HasPrefix(message, "unsupported Content-Encoding"):
		refused.status, refused.reason = http.StatusUnsupportedMediaType, "content_encoding"
	}
	h.refuse(w, r, refused)
}

// refusal is an answer to a request that is at fault.
type refusal struct {
	status int
	reason string
	answer answer
}

func (h *eventsHandler) refuse(w http.ResponseWriter, r *http.Request, f *refusal) {
	h.telemetry.ReceiverMockforgeRefusedRequests.Add(r.Context(), 1,
		metric.WithAttributeSet(attribute.NewSet(attribute.String("reason", f.reason))))
	writeAnswer(w, f.status, f.answer)
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

// maxKeptBuffer is the size up to which a request's buffer is used again.
const maxKeptBuffer = 1 << 20

// decode reads the body. Nothing of it is kept when any event is refused.
func (h *eventsHandler) decode(r *http.Request) (*eventlog.Batch, *refusal) {
	buf, _ := h.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxKeptBuffer {
			buf.Reset()
			h.buffers.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(r.Body); err != nil {
		return nil, unreadable(err)
	}
	batch := h.decoder.NewBatch(time.Now())
	if err := batch.AddAll(buf.Bytes()); err != nil {
		return nil, undecodable(err)
	}
	return batch, nil
}

func unreadable(err error) *refusal {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: string(eventlog.ReasonTooLarge), answer: answer{
			Error: fmt.Sprintf("found a body of more than %d bytes after decompression, expected no more", tooLarge.Limit),
		}}
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
