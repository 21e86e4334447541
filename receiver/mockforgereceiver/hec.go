// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
)

// hecPrefix is where Splunk takes events. MockForge puts the path of the events
// behind a URL that, in its guide, has one already.
const hecPrefix = "/services/collector"

var (
	hecEventPaths = []string{
		hecPrefix, hecPrefix + "/event", hecPrefix + "/event/1.0",
		hecPrefix + hecPrefix, hecPrefix + hecPrefix + "/event",
	}
	hecHealthPaths = []string{hecPrefix + "/health", hecPrefix + "/health/1.0"}
)

// startSplunkHEC listens for events in Splunk's envelope.
func (r *mockforgeReceiver) startSplunkHEC(ctx context.Context, host component.Host, cfg *SplunkHECConfig) error {
	in, err := r.newIntake("splunk_hec", "http", "splunk_hec", cfg.MaxEvents)
	if err != nil {
		return err
	}
	hec := newHECHandler(in, cfg)
	return r.serveHTTP(ctx, host, &cfg.ServerConfig, &cfg.Limits, "Splunk HEC", hec.mux(), hec)
}

// hecHandler takes events by Splunk's HTTP Event Collector protocol. It answers
// 200 only once the pipeline has taken all events of a request.
type hecHandler struct {
	*intake
	bodies    *bodies
	tokens    tokens
	maxEvents int
	busy      atomic.Int64 // when the pipeline took no events for now, in ns since 1970; 0 when it took the last
}

func newHECHandler(in *intake, cfg *SplunkHECConfig) *hecHandler {
	return &hecHandler{intake: in, bodies: newBodies(), tokens: newTokens(cfg.Tokens...), maxEvents: cfg.MaxEvents}
}

func (h *hecHandler) mux() http.Handler {
	mux := http.NewServeMux()
	for _, path := range hecEventPaths {
		mux.HandleFunc(path, onlyMethods(h.takeEvents, http.MethodPost))
	}
	for _, path := range hecHealthPaths {
		mux.HandleFunc(path, onlyMethods(h.health, http.MethodGet, http.MethodHead, http.MethodPost))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeHEC(w, &hecReply{hecCode: hecNotFound}) })
	return mux
}

func onlyMethods(next http.HandlerFunc, methods ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(methods, r.Method) {
			next(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(methods, ", "))
		writeHEC(w, &hecReply{hecCode: hecMethodNotTaken})
	}
}

func (h *hecHandler) takeEvents(w http.ResponseWriter, r *http.Request) {
	if refused := checkOrigin(w, r); refused != nil {
		h.refuse(w, r, &hecReply{hecCode: hecInvalidAuth.as(refused.status), reason: refused.reason, detail: refused.answer.Error})
		return
	}
	if refused := checkHECToken(h.tokens, r); refused != nil {
		h.refuse(w, r, refused)
		return
	}
	batch := h.decoder.NewBatch(time.Now())
	var refused *hecReply
	if err := h.bodies.read(r, func(body []byte) { refused = addEnvelopes(batch, body, h.maxEvents) }); err != nil {
		refused = hecOf(unreadable(err))
	}
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	if err := h.consume(r.Context(), batch); err != nil {
		h.failed(w, err)
		return
	}
	h.busy.Store(0)
	writeHEC(w, &hecReply{hecCode: hecSuccess})
}

// failed answers so that the sender tries again, unless that is of no use.
func (h *hecHandler) failed(w http.ResponseWriter, err error) {
	h.logger.Warn("the pipeline did not take a request", zap.Error(err))
	if consumererror.IsPermanent(err) {
		writeHEC(w, &hecReply{hecCode: hecInternalError})
		return
	}
	h.busy.Store(time.Now().UnixNano())
	writeHEC(w, &hecReply{hecCode: hecBusy})
}

// busyFor is how long a refusal of the pipeline counts, when nothing is sent
// that could show that it takes events again.
const busyFor = 5 * time.Second

// health tells load balancers whether to send events here.
func (h *hecHandler) health(w http.ResponseWriter, _ *http.Request) {
	if time.Since(time.Unix(0, h.busy.Load())) < busyFor {
		writeHEC(w, &hecReply{hecCode: hecUnhealthy})
		return
	}
	writeHEC(w, &hecReply{hecCode: hecHealthy})
}

func (h *hecHandler) refuse(w http.ResponseWriter, r *http.Request, f *hecReply) {
	h.refused(r.Context(), f.reason)
	writeHEC(w, f)
}

// serverError answers for confighttp, which refuses credentials and content
// codings before a request gets to the handler.
func (h *hecHandler) serverError(w http.ResponseWriter, r *http.Request, message string, status int) {
	h.refuse(w, r, hecOf(serverRefusal(message, status)))
}

// tooMany answers requests over the rate limit. HEC clients give up on what is
// answered with 429, as Splunk knew no such answer for long; on 503 and code 9
// they try again.
func (h *hecHandler) tooMany(w http.ResponseWriter, r *http.Request) {
	h.refuse(w, r, &hecReply{hecCode: hecBusy, reason: "rate_limit", detail: "found more requests than rate_limit allows, expected fewer"})
}

// hecOf says in HEC's codes what the HTTP server says by its status.
func hecOf(f *refusal) *hecReply {
	code := hecInvalidFormat.as(f.status)
	switch f.status {
	case http.StatusUnauthorized:
		code = hecInvalidAuth
	case http.StatusRequestTimeout:
		code = hecBusy // which clients try again; some give up at 408
	}
	return &hecReply{hecCode: code, reason: f.reason, detail: f.answer.Error}
}
