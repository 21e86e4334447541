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
	"strings"
	"sync"
	"testing"
)

// SplunkEvent is what HEC takes (Splunk: "Format events for HTTP Event
// Collector").
type SplunkEvent struct {
	Time       json.Number     `json:"time"`
	Host       string          `json:"host"`
	Source     string          `json:"source"`
	SourceType string          `json:"sourcetype"`
	Index      string          `json:"index"`
	Event      json.RawMessage `json:"event"`
	Fields     map[string]any  `json:"fields"`
}

// Splunk is an HTTP Event Collector that refuses what Splunk refuses, with its
// codes (Splunk: "Troubleshoot HTTP Event Collector"), and besides what is no
// object in "event".
type Splunk struct {
	*httptest.Server
	// Token is what clients must have, Indexes what it may write to.
	Token   string
	Indexes []string
	// Acknowledge asks for a channel, as a token with indexer acknowledgement
	// does.
	Acknowledge bool

	mu       sync.Mutex
	busy     int
	events   []SplunkEvent
	answers  []int
	unzipped int
}

// NewSplunk starts a server.
func NewSplunk(t testing.TB, token string, indexes ...string) *Splunk {
	t.Helper()
	s := &Splunk{Token: token, Indexes: indexes}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// Busy answers the next n requests with 503 and Retry-After: 1.
func (s *Splunk) Busy(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = n
}

// Events returns what was taken.
func (s *Splunk) Events() []SplunkEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Answers returns the codes answered so far, and how many requests were not
// compressed.
func (s *Splunk) Answers() (codes []int, uncompressed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.answers), s.unzipped
}

// splunkAnswer is HEC's answer; Number is that of the event at fault.
type splunkAnswer struct {
	status int
	Text   string `json:"text"`
	Code   int    `json:"code"`
	Number *int   `json:"invalid-event-number,omitempty"`
}

// ServeHTTP implements http.Handler.
func (s *Splunk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answer(r)
	s.answers = append(s.answers, a.Code)
	if a.Code == 9 {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a) // the client may be gone
}

func (s *Splunk) answer(r *http.Request) splunkAnswer {
	if r.URL.Path != "/services/collector" && r.URL.Path != "/services/collector/event" {
		return splunkAnswer{status: http.StatusNotFound, Text: "The requested URL was not found on this server.", Code: 404}
	}
	if r.Method != http.MethodPost {
		return splunkAnswer{status: http.StatusMethodNotAllowed, Text: "The requested method is not allowed.", Code: 405}
	}
	header := r.Header.Get("Authorization")
	token, isSplunk := strings.CutPrefix(header, "Splunk ")
	switch {
	case header == "":
		return splunkAnswer{status: http.StatusUnauthorized, Text: "Token is required", Code: 2}
	case !isSplunk:
		return splunkAnswer{status: http.StatusUnauthorized, Text: "Invalid authorization", Code: 3}
	case token != s.Token:
		return splunkAnswer{status: http.StatusForbidden, Text: "Invalid token", Code: 4}
	case s.Acknowledge && r.Header.Get("X-Splunk-Request-Channel") == "":
		return splunkAnswer{status: http.StatusBadRequest, Text: "Data channel is missing", Code: 10}
	}
	body, err := s.body(r)
	if err != nil {
		return splunkAnswer{status: http.StatusBadRequest, Text: "Invalid data format", Code: 6}
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return splunkAnswer{status: http.StatusBadRequest, Text: "No data", Code: 5}
	}
	if s.busy > 0 {
		s.busy--
		return splunkAnswer{status: http.StatusServiceUnavailable, Text: "Server is busy", Code: 9}
	}
	return s.take(body)
}

func (s *Splunk) body(r *http.Request) ([]byte, error) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
		s.unzipped++
		return io.ReadAll(r.Body)
	case "gzip":
		zr, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, fmt.Errorf("reading gzip: %w", err)
		}
		return io.ReadAll(zr)
	default:
		return nil, fmt.Errorf("found Content-Encoding %q, expected gzip", encoding)
	}
}

// take keeps a request's events: all of them or, after a bad one, none.
func (s *Splunk) take(body []byte) splunkAnswer {
	var events []SplunkEvent
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	d.DisallowUnknownFields()
	for n := 0; ; n++ {
		refuse := func(text string, code int) splunkAnswer {
			return splunkAnswer{status: http.StatusBadRequest, Text: text, Code: code, Number: &n}
		}
		var e SplunkEvent
		err := d.Decode(&e)
		switch {
		case errors.Is(err, io.EOF):
			s.events = append(s.events, events...)
			return splunkAnswer{status: http.StatusOK, Text: "Success"}
		case err != nil:
			return refuse("Invalid data format", 6)
		case e.Event == nil:
			return refuse("Event field is required", 12)
		case string(e.Event) == `""`:
			return refuse("Event field cannot be blank", 13)
		case e.Event[0] != '{': // of this project alone
			return refuse("Invalid data format", 6)
		case !slices.Contains(s.Indexes, e.Index):
			return refuse("Incorrect index", 7)
		case !flat(e.Fields):
			return refuse("Error in handling indexed fields", 15)
		}
		events = append(events, e)
	}
}

// flat: indexed fields hold text, numbers, booleans or lists of them.
func flat(fields map[string]any) bool {
	for _, v := range fields {
		if v == nil {
			return false
		}
		if _, ok := v.(map[string]any); ok {
			return false
		}
		for _, element := range asList(v) {
			switch element.(type) {
			case map[string]any, []any, nil:
				return false
			}
		}
	}
	return true
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}
