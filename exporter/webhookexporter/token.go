// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// gcpScope lets a token write logs and nothing else.
const gcpScope = "https://www.googleapis.com/auth/logging.write"

// tokens gets access tokens with the key of a service account.
type tokens struct {
	path   string
	client *http.Client // for the token endpoint

	mu     sync.Mutex
	source oauth2.TokenSource // nil when the file has to be read again
}

// newTokens reads the file once, so that a wrong one is found at the start.
func newTokens(path string, client *http.Client) (*tokens, error) {
	// Whoever answers with a redirect is not the token endpoint.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t := &tokens{path: path, client: client}
	_, err := t.current()
	return t, err
}

// current returns a source that gets a new token shortly before the old one
// ends.
func (t *tokens) current() (oauth2.TokenSource, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.source != nil {
		return t.source, nil
	}
	key, err := os.ReadFile(t.path)
	if err != nil {
		return nil, fmt.Errorf("credentials_path: %w", err)
	}
	cfg, err := google.JWTConfigFromJSON(key, gcpScope)
	if err != nil {
		// The parser's words may have a piece of the key in them.
		return nil, fmt.Errorf("credentials_path: found %s, expected the JSON key of a service account", t.path)
	}
	t.source = cfg.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, t.client))
	return t.source, nil
}

// forget drops a token that was refused: the next one comes from the file as it
// is then.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.source = nil
}

// authorize sets the Authorization header.
func (t *tokens) authorize(_ context.Context, header http.Header) (string, *httpsend.Error) {
	source, err := t.current() //nolint:contextcheck // a token outlives a request
	if err != nil {
		return "", &httpsend.Error{Status: http.StatusUnauthorized, Reason: httpsend.Clean(err.Error())}
	}
	token, err := source.Token()
	if err != nil {
		t.forget()
		return "", refusedToken(err)
	}
	token.SetAuthHeader(&http.Request{Header: header})
	return token.AccessToken, nil
}

// refusedToken says what an answer of the token endpoint means. Whatever it
// refuses for good are the credentials, and not an event.
func refusedToken(err error) *httpsend.Error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return &httpsend.Error{Reason: httpsend.Clean("getting a token: " + err.Error())}
	}
	answer := &httpsend.Error{
		Status: refused.Response.StatusCode,
		Reason: httpsend.Clean(fmt.Sprintf("getting a token: HTTP %d: %s", refused.Response.StatusCode, refused.Body)),
	}
	if answer.Outcome() == httpsend.Refused {
		answer.Status = http.StatusUnauthorized
	}
	return answer
}
