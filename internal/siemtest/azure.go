// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Azure is a server of Azure Monitor that verifies what it gets and keeps the
// rows that it takes.
type Azure struct {
	// URL is that of the server; Entra ID is under it too.
	URL string
	// CAFile holds the certificate that the server shows.
	CAFile string

	mu     sync.Mutex
	rows   []json.RawMessage
	first  []AzureAnswer
	given  []AzureAnswer
	bodies []int
}

// AzureAnswer is an answer of the server.
type AzureAnswer struct {
	Status     int
	RetryAfter time.Duration
	// Reason is why it refused.
	Reason string
}

// newAzure starts a server that answers posts to the path with what take makes of
// them, and other requests with other.
func newAzure(t testing.TB, path string, other http.Handler, take func(*http.Request, []byte) ([]json.RawMessage, AzureAnswer)) *Azure {
	t.Helper()
	a := &Azure{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path && other != nil {
			other.ServeHTTP(w, r)
			return
		}
		if r.URL.Path != path {
			a.answer(w, AzureAnswer{Status: http.StatusNotFound, Reason: "no such path: " + r.URL.Path}, nil, 0)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			a.answer(w, AzureAnswer{Status: http.StatusBadRequest, Reason: err.Error()}, nil, 0)
			return
		}
		rows, answer := take(r, body)
		a.answer(w, answer, rows, len(body))
	}))
	t.Cleanup(server.Close)
	a.URL = server.URL
	a.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(a.CAFile, ca, 0o600))
	return a
}

// answer gives an answer, or the next one that the test wants; rows are kept
// when it is a success.
func (a *Azure) answer(w http.ResponseWriter, answer AzureAnswer, rows []json.RawMessage, size int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.first) > 0 {
		answer, a.first = a.first[0], a.first[1:]
	}
	if answer.Status < 300 {
		a.rows = append(a.rows, rows...)
	}
	a.given = append(a.given, answer)
	a.bodies = append(a.bodies, size)
	if answer.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(answer.RetryAfter/time.Second)))
	}
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, answer.Reason) // the client's loss
}

// AnswerFirst makes the server give these answers to the next requests.
func (a *Azure) AnswerFirst(answers ...AzureAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first = append(a.first, answers...)
}

// Rows returns what the server has taken, in order.
func (a *Azure) Rows() []json.RawMessage {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.rows)
}

// Answers returns what the server has answered to posts, in order.
func (a *Azure) Answers() []AzureAnswer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.given)
}

// BodySizes returns how large the bodies of the posts were, in order.
func (a *Azure) BodySizes() []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.bodies)
}

func refuseAzure(status int, format string, args ...any) ([]json.RawMessage, AzureAnswer) {
	return nil, AzureAnswer{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// unzipAzure returns the body without its gzip, if the request says it has one.
func unzipAzure(r *http.Request, body []byte) ([]byte, error) {
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "":
		return body, nil
	case "gzip":
		zipped, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(io.LimitReader(zipped, 64<<20))
	default:
		return nil, fmt.Errorf("content encoding %q", encoding)
	}
}

// azureRows returns the objects of a JSON array.
func azureRows(body []byte) ([]json.RawMessage, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("no rows")
	}
	return rows, nil
}

// azureMembers returns the members of an object, none of them twice.
func azureMembers(row json.RawMessage) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(row))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil, errors.New("no object")
	}
	all := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		if _, twice := all[name.(string)]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		all[name.(string)] = v
	}
	return all, nil
}

// azureFieldSize is that of a field as the services count it.
func azureFieldSize(v json.RawMessage) int {
	var text string
	if json.Unmarshal(v, &text) == nil {
		return len(text)
	}
	return len(v)
}
