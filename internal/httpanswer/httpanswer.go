// SPDX-License-Identifier: Apache-2.0

// Package httpanswer is how our HTTP servers answer: one JSON value on a line.
package httpanswer

import (
	"encoding/json"
	"net/http"
)

// Write sends a status and a value as JSON. The headers set before stay.
func Write(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}
