// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Answer is what a server says instead of taking a request that is right.
type Answer struct {
	// Status is that of HTTP.
	Status int
	// RetryAfter is the header's value, "" for none.
	RetryAfter string
	// Body are the words.
	Body string
}

// Server is a verifying SIEM: it refuses what its vendor would, and keeps the
// events that it takes.
type Server struct {
	// URL is where it listens.
	URL string

	mu       sync.Mutex
	events   []json.RawMessage
	refusals []string
	requests int
	script   func(n int, events []json.RawMessage) *Answer
	known    func(event json.RawMessage) bool // under mu; nil where a vendor does not drop what it has
}

// refusal is why a request is not taken.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return fmt.Sprintf("HTTP %d: %s", r.status, r.reason) }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, reason: fmt.Sprintf(format, args...)}
}

// listen starts a server whose requests to path are verified, which yields
// their events; other paths are for others.
func (s *Server) listen(t testing.TB, path string, success int, others map[string]http.HandlerFunc, verify func(*http.Request) ([]json.RawMessage, error)) {
	t.Helper()
	mux := http.NewServeMux()
	for p, h := range others {
		mux.HandleFunc(p, h)
	}
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		events, err := verify(r)
		s.answer(w, events, err, success)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.URL = server.URL
}

func (s *Server) answer(w http.ResponseWriter, events []json.RawMessage, err error, success int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	var refused *refusal
	if errors.As(err, &refused) {
		s.refusals = append(s.refusals, refused.Error())
		http.Error(w, refused.reason, refused.status)
		return
	}
	if s.script != nil {
		if a := s.script(s.requests, events); a != nil {
			if a.RetryAfter != "" {
				w.Header().Set("Retry-After", a.RetryAfter)
			}
			http.Error(w, a.Body, a.Status)
			return
		}
	}
	for _, event := range events {
		if s.known == nil || !s.known(event) {
			s.events = append(s.events, event)
		}
	}
	w.WriteHeader(success)
	_, _ = io.WriteString(w, "{}") // the client may have gone
}

// Script answers requests that are right: nil takes them. n counts requests
// from 1 on.
func (s *Server) Script(script func(n int, events []json.RawMessage) *Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Events returns what was taken, in order.
func (s *Server) Events() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Refusals returns what was wrong with requests: a right sender causes none.
func (s *Server) Refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals)
}

// Requests returns how many there were.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// readBody reads a body of at most limit bytes, after decompression.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	body := io.Reader(r.Body)
	switch coding := r.Header.Get("Content-Encoding"); coding {
	case "":
	case "gzip":
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "found no gzip")
		}
		body = unzipped
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "found content coding %q", coding)
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "reading the body: %s", err)
	}
	if int64(len(data)) > limit {
		return nil, refuse(http.StatusRequestEntityTooLarge, "found a body of more than %d bytes", limit)
	}
	return data, nil
}

// isObject refuses what is no JSON object, and one with two members of one
// name: what a vendor makes of those is nowhere written.
func isObject(data []byte) error {
	if err := unique(json.NewDecoder(bytes.NewReader(data))); err != nil {
		return refuse(http.StatusBadRequest, "found no proper JSON: %s", err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return refuse(http.StatusBadRequest, "found no JSON object")
	}
	return nil
}

// unique reads one value.
func unique(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := make(map[any]bool)
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if seen[name] {
				return fmt.Errorf("two members %q", name)
			}
			seen[name] = true
		}
		if err := unique(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}
