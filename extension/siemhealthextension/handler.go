// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"net/http"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
)

// handler answers:
//
//	GET /api/v1/siem/health  the JSON
//	GET /                    the page
func (e *healthExtension) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/siem/health", e.serveJSON)
	mux.HandleFunc("GET /{$}", e.servePage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		// What is said of destinations is for no other site.
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

func (e *healthExtension) serveJSON(w http.ResponseWriter, _ *http.Request) {
	answer := e.report(time.Now())
	code := http.StatusOK
	if answer.Status == statusDown {
		code = http.StatusServiceUnavailable
	}
	httpanswer.Write(w, code, answer)
}
