// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"fmt"
	"net/http"

	"github.com/mockforge/otelcol-mockforge/internal/httpanswer"
)

// answer is the body of every response.
type answer struct {
	// Accepted is the number of events taken.
	Accepted *int `json:"accepted,omitempty"`
	// Error says what was found and what was expected.
	Error string `json:"error,omitempty"`
	// Index is the place of the event at fault in the request, from 0.
	Index *int `json:"index,omitempty"`
}

func writeError(w http.ResponseWriter, status int, message string) {
	httpanswer.Write(w, status, answer{Error: message})
}

func notFound(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, fmt.Sprintf("found path %q, expected %q", r.URL.Path, path))
	}
}
