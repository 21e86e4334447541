// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// S3Object is one object of a bucket.
type S3Object struct {
	Key             string
	ContentEncoding string
	Body            []byte
}

// S3 is a bucket that takes signed PutObject requests by path and never lets one
// object replace another.
type S3 struct {
	*httptest.Server
	Identity AWSIdentity
	Bucket   string

	mu      sync.Mutex
	busy    int
	objects []S3Object
	refused []string
}

// NewS3 starts a server with one bucket.
func NewS3(t testing.TB, id AWSIdentity, bucket string) *S3 {
	t.Helper()
	s := &S3{Identity: id, Bucket: bucket}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// Busy answers the next n requests with 503 SlowDown.
func (s *S3) Busy(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = n
}

// Objects returns what was put, in order.
func (s *S3) Objects() []S3Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.objects)
}

// Refused returns the reasons for which requests were refused.
func (s *S3) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// s3Error is the answer to a bad request (S3 API: "Error responses").
type s3Error struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

// ServeHTTP implements http.Handler.
func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(status int, code, message string) {
		s.refused = append(s.refused, code+": "+message)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_ = xml.NewEncoder(w).Encode(s3Error{Code: code, Message: message}) // the client may be gone
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuse(http.StatusBadRequest, "IncompleteBody", err.Error())
		return
	}
	if err := s.Identity.verify(r, body, "s3"); err != nil {
		refuse(http.StatusForbidden, "SignatureDoesNotMatch", err.Error())
		return
	}
	key, found := strings.CutPrefix(r.URL.Path, "/"+s.Bucket+"/")
	switch {
	case !found:
		refuse(http.StatusNotFound, "NoSuchBucket", r.URL.Path)
	case r.Method != http.MethodPut:
		refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method)
	case s.busy > 0:
		s.busy--
		refuse(http.StatusServiceUnavailable, "SlowDown", "reduce your request rate")
	case slices.ContainsFunc(s.objects, func(o S3Object) bool { return o.Key == key }):
		refuse(http.StatusConflict, "ObjectAlreadyExists", key)
	default:
		s.objects = append(s.objects, S3Object{Key: key, ContentEncoding: r.Header.Get("Content-Encoding"), Body: body})
		w.Header().Set("ETag", `"`+hexSum(string(body))[:32]+`"`)
	}
}
