// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	sinkPath  = "/api/v1/events"
	sinkToken = "siem-token-faults"
)

// trouble answers a right request in another way, and says what became of its
// events.
type trouble func(w http.ResponseWriter, r *http.Request, keys []key) fate

// fate is what a destination has done with a request's events.
type fate int

const (
	refused  fate = iota // they are not kept
	kept                 // and the collector is told so
	withheld             // they are kept, but the collector is not told
)

// sink is a SIEM that takes NDJSON by HTTP, verifies the token, and counts.
type sink struct {
	*arrivals
	t       *testing.T
	address string
	server  *http.Server

	mu       sync.Mutex
	trouble  trouble
	answers  int // in trouble
	refusals []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{arrivals: newArrivals(), t: t, address: fmt.Sprintf("127.0.0.1:%d", freePorts(t, 1)[0])}
	s.up()
	t.Cleanup(s.down)
	return s
}

func (s *sink) url() string { return "http://" + s.address + sinkPath }

// up listens.
func (s *sink) up() {
	s.t.Helper()
	var listener net.Listener
	require.Eventually(s.t, func() bool {
		var err error
		listener, err = net.Listen("tcp", s.address)
		return err == nil
	}, patience, 10*time.Millisecond)
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.t.Error(err)
		}
	}(s.server)
}

// down breaks all connections and takes no more.
func (s *sink) down() { _ = s.server.Close() } // its listener may be closed

// begin answers with trouble until it is ended with nil.
func (s *sink) begin(tr trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble, s.answers = tr, 0
}

// troubled returns how many requests were answered with trouble.
func (s *sink) troubled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answers
}

// wrong returns what was wrong with requests.
func (s *sink) wrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals)
}

// ServeHTTP takes one request.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	keys, err := readKeys(r)
	if err != nil {
		if r.Context().Err() == nil && !errors.Is(err, io.ErrUnexpectedEOF) { // else the collector died in the body
			s.mu.Lock()
			s.refusals = append(s.refusals, err.Error())
			s.mu.Unlock()
		}
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	tr := s.trouble
	if tr != nil {
		s.answers++
	}
	s.mu.Unlock()
	if tr == nil {
		s.add(keys, false)
		return
	}
	if f := tr(w, r, keys); f != refused {
		s.add(keys, f == withheld)
	}
}

func readKeys(r *http.Request) ([]key, error) {
	switch {
	case r.URL.Path != sinkPath || r.Method != http.MethodPost:
		return nil, fmt.Errorf("found %s %s", r.Method, r.URL.Path)
	case r.Header.Get("Authorization") != "Bearer "+sinkToken:
		return nil, errors.New("found no valid token")
	case r.Header.Get("Content-Type") != "application/x-ndjson":
		return nil, fmt.Errorf("found content type %q", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return keysOf(body)
}

// keysOf reads events on lines.
func keysOf(lines []byte) (keys []key, err error) {
	for line := range bytes.Lines(lines) {
		k, err := keyOf(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}
