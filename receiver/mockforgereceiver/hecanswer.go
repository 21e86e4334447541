// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"encoding/json"
	"net/http"
)

// hecCode is an answer that Splunk documents: "Troubleshoot HTTP Event
// Collector", section "Possible error codes".
type hecCode struct {
	status int
	code   int
	text   string
}

var (
	hecSuccess        = hecCode{http.StatusOK, 0, "Success"}
	hecTokenRequired  = hecCode{http.StatusUnauthorized, 2, "Token is required"}
	hecInvalidAuth    = hecCode{http.StatusUnauthorized, 3, "Invalid authorization"}
	hecInvalidToken   = hecCode{http.StatusForbidden, 4, "Invalid token"}
	hecNoData         = hecCode{http.StatusBadRequest, 5, "No data"}
	hecInvalidFormat  = hecCode{http.StatusBadRequest, 6, "Invalid data format"}
	hecInternalError  = hecCode{http.StatusInternalServerError, 8, "Internal server error"}
	hecBusy           = hecCode{http.StatusServiceUnavailable, 9, "Server is busy"}
	hecEventRequired  = hecCode{http.StatusBadRequest, 12, "Event field is required"}
	hecEventBlank     = hecCode{http.StatusBadRequest, 13, "Event field cannot be blank"}
	hecInvalidFields  = hecCode{http.StatusBadRequest, 15, "Error in handling indexed fields"}
	hecNoQueryTokens  = hecCode{http.StatusBadRequest, 16, "Query string authorization is not enabled"}
	hecHealthy        = hecCode{http.StatusOK, 17, "HEC is healthy"}
	hecUnhealthy      = hecCode{http.StatusServiceUnavailable, 18, "HEC is unhealthy, queues are full"}
	hecNotFound       = hecCode{http.StatusNotFound, http.StatusNotFound, "The requested URL was not found on this server."}
	hecMethodNotTaken = hecCode{http.StatusMethodNotAllowed, http.StatusMethodNotAllowed, "Method Not Allowed"}
)

// as is the same answer with another HTTP status.
func (c hecCode) as(status int) hecCode {
	c.status = status
	return c
}

// hecReply is an answer, with what there is to say of a request that is at fault.
type hecReply struct {
	hecCode
	reason string // for the metric
	detail string // what was found and what was expected
	event  *int   // the place of the event at fault in the request, from 0
}

// hecAnswer is the body of every response.
type hecAnswer struct {
	Text string `json:"text"`
	Code int    `json:"code"`
	// Event is the place of the event at fault in the request, from 0.
	Event *int `json:"invalid-event-number,omitempty"`
	// Error is ours: what was found and what was expected.
	Error string `json:"error,omitempty"`
}

func writeHEC(w http.ResponseWriter, f *hecReply) {
	body, err := json.Marshal(hecAnswer{Text: f.text, Code: f.code, Event: f.event, Error: f.detail})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if f.code == hecBusy.code && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(body) // the client may be gone
}
