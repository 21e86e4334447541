// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Elasticsearch is a data stream that takes bulk requests: documents need
// @timestamp, and an id is taken once (Elasticsearch API: "Bulk index or delete
// documents").
type Elasticsearch struct {
	*httptest.Server
	APIKey, Stream string

	mu      sync.Mutex
	busy    int // requests
	full    int // documents
	docs    []json.RawMessage
	ids     map[string]bool
	refused []string
}

// NewElasticsearch starts a server.
func NewElasticsearch(t testing.TB, apiKey, stream string) *Elasticsearch {
	t.Helper()
	e := &Elasticsearch{APIKey: apiKey, Stream: stream, ids: make(map[string]bool)}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

// Busy answers the next requests with 503 and, after them, the next documents
// with 429.
func (e *Elasticsearch) Busy(requests, documents int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy, e.full = requests, documents
}

// Documents returns what was taken, and why what was not.
func (e *Elasticsearch) Documents() (taken []json.RawMessage, refused []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.docs), slices.Clone(e.refused)
}

// ServeHTTP implements http.Handler.
func (e *Elasticsearch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	refuse := func(status int, reason string) {
		e.refused = append(e.refused, reason)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"type": "error", "reason": reason}, "status": status}) // the client may be gone
	}
	body, err := plain(r)
	switch {
	case err != nil:
		refuse(http.StatusBadRequest, err.Error())
	case !e.authorized(r.Header.Get("Authorization")):
		refuse(http.StatusUnauthorized, "missing authentication credentials")
	case r.Method != http.MethodPost || r.URL.Path != "/_bulk":
		refuse(http.StatusNotFound, r.Method+" "+r.URL.Path)
	case !strings.Contains(r.Header.Get("Content-Type"), "json"):
		refuse(http.StatusNotAcceptable, r.Header.Get("Content-Type"))
	case !bytes.HasSuffix(body, []byte("\n")):
		refuse(http.StatusBadRequest, "the bulk request must be terminated by a newline")
	case e.busy > 0:
		e.busy--
		refuse(http.StatusServiceUnavailable, "busy")
	default:
		e.bulk(w, body)
	}
}

// authorized: a scheme's case does not matter (RFC 9110 section 11.1), a key's does.
func (e *Elasticsearch) authorized(header string) bool {
	scheme, key, _ := strings.Cut(header, " ")
	return strings.EqualFold(scheme, "ApiKey") && key == e.APIKey
}

func plain(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	zr, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading gzip: %w", err)
	}
	return io.ReadAll(zr)
}

// bulk takes documents one by one.
func (e *Elasticsearch) bulk(w io.Writer, body []byte) {
	type failure struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}
	type item struct {
		Index  string   `json:"_index"`
		ID     string   `json:"_id,omitempty"`
		Status int      `json:"status"`
		Error  *failure `json:"error,omitempty"`
	}
	answer := struct {
		Errors bool              `json:"errors"`
		Items  []map[string]item `json:"items"`
	}{}
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		if err := json.Unmarshal(lines[i], &action); err != nil {
			e.refused = append(e.refused, "malformed action: "+err.Error())
			continue
		}
		create, ok := action["create"]
		status, kind, reason := e.take(create.Index, create.ID, lines[i+1])
		if !ok {
			status, kind, reason = http.StatusBadRequest, "illegal_argument_exception", "only create goes to a data stream"
		}
		result := item{Index: create.Index, ID: create.ID, Status: status}
		if kind != "" {
			answer.Errors = true
			result.Error = &failure{kind, reason}
			e.refused = append(e.refused, kind+": "+reason)
		}
		answer.Items = append(answer.Items, map[string]item{"create": result})
	}
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

func (e *Elasticsearch) take(stream, id string, doc []byte) (status int, kind, reason string) {
	var members map[string]json.RawMessage
	switch err := json.Unmarshal(doc, &members); {
	case err != nil:
		return http.StatusBadRequest, "document_parsing_exception", err.Error()
	case stream != e.Stream:
		return http.StatusForbidden, "security_exception", stream
	case members["@timestamp"] == nil:
		return http.StatusBadRequest, "document_parsing_exception", "data stream timestamp field [@timestamp] is missing"
	case id == "":
		return http.StatusBadRequest, "illegal_argument_exception", "no id" // of this project alone
	case e.ids[id]:
		return http.StatusConflict, "version_conflict_engine_exception", id
	case e.full > 0:
		e.full--
		return http.StatusTooManyRequests, "es_rejected_execution_exception", "queue is full"
	}
	e.ids[id] = true
	e.docs = append(e.docs, slices.Clone(doc))
	return http.StatusCreated, "", ""
}
