// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Sender sends requests and understands the answers. Several may be under way
// at once.
type Sender struct {
	client  *http.Client
	secrets []string
}

// NewSender returns a Sender over a client that does not follow redirects. The
// secrets are cut out of errors, should a destination repeat them.
func NewSender(client *http.Client, secrets ...string) *Sender {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Sender{client: &own, secrets: secrets}
}

// CloseIdleConnections closes connections that are not in use.
func (s *Sender) CloseIdleConnections() { s.client.CloseIdleConnections() }

// Do sends a request; nil when the answer is a success. More secrets than the
// Sender's may be in the request.
func (s *Sender) Do(req *http.Request, secrets ...string) *Error {
	secrets = append(secrets, s.secrets...)
	resp, err := s.client.Do(req)
	if err != nil {
		return &Error{Reason: Clean(withoutURL(err).Error(), secrets...)}
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	// A connection is used again only when its answer was read.
	words, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	if OutcomeOf(resp.StatusCode) == Delivered {
		return nil
	}
	if err != nil {
		words = nil
	}
	answer := &Error{Status: resp.StatusCode, Reason: Clean(string(words), secrets...)}
	if answer.Outcome() == Retry {
		answer.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return answer
}

// withoutURL leaves out the URL that net/http puts before an error: some
// destinations have their token in it.
func withoutURL(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		return in.Err
	}
	return err
}
