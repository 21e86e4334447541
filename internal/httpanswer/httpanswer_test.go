// SPDX-License-Identifier: Apache-2.0

package httpanswer

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Retry-After", "1")
	Write(w, http.StatusServiceUnavailable, map[string]string{"error": "busy"})
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	assert.Equal(t, "1", w.Header().Get("Retry-After"))
	assert.Equal(t, "{\"error\":\"busy\"}\n", w.Body.String())

	w = httptest.NewRecorder()
	Write(w, http.StatusOK, func() {})
	assert.Equal(t, http.StatusInternalServerError, w.Code, "no JSON has a function")
}
