// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// AzureApp is who may get a token, by one of the three last.
type AzureApp struct {
	TenantID, ClientID string
	Secret             string
	// Certificate verifies assertions that its key signed.
	Certificate *x509.Certificate
	// FederatedToken is the token of a workload's own issuer.
	FederatedToken string
	// IdentityHeader is the secret of a managed identity's endpoint, at
	// /msi/token under the server's URL.
	IdentityHeader string
}

const ingestionAudience = "https://monitor.azure.com"

// entra is Entra ID, as much of it as a client needs: the discovery document and
// the token endpoint of one tenant, and the endpoint of a managed identity.
type entra struct {
	app    AzureApp
	mux    *http.ServeMux
	mu     sync.Mutex
	tokens map[string]bool
}

func newEntra(app AzureApp) *entra {
	e := &entra{app: app, mux: http.NewServeMux(), tokens: map[string]bool{}}
	e.mux.HandleFunc("GET /"+app.TenantID+"/v2.0/.well-known/openid-configuration", e.discover)
	e.mux.HandleFunc("POST /"+app.TenantID+"/oauth2/v2.0/token", e.token)
	e.mux.HandleFunc("GET /msi/token", e.managedIdentity)
	return e
}

func (e *entra) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.mux.ServeHTTP(w, r) }

func (e *entra) issued(token string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tokens[token]
}

func (e *entra) issue() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	token := "entra." + rand.Text()
	e.tokens[token] = true
	return token
}

func (e *entra) discover(w http.ResponseWriter, r *http.Request) {
	base := "https://" + r.Host + "/" + e.app.TenantID
	writeOAuth(w, http.StatusOK, map[string]any{
		"issuer":                 base + "/v2.0",
		"authorization_endpoint": base + "/oauth2/v2.0/authorize",
		"token_endpoint":         base + "/oauth2/v2.0/token",
	})
}

// token is the client credentials grant (RFC 6749 section 4.4).
func (e *entra) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	form := r.PostForm
	switch {
	case form.Get("grant_type") != "client_credentials":
		writeOAuth(w, http.StatusBadRequest, oauthError("unsupported_grant_type", "AADSTS70003: the grant type is not supported"))
		return
	case form.Get("client_id") != e.app.ClientID:
		writeOAuth(w, http.StatusBadRequest, oauthError("unauthorized_client", "AADSTS700016: the application was not found in the directory"))
		return
	case !hasScope(form.Get("scope")):
		writeOAuth(w, http.StatusBadRequest, oauthError("invalid_scope", "AADSTS70011: the scope is not valid"))
		return
	}
	if err := e.authenticate(form, "https://"+r.Host+r.URL.Path); err != nil {
		writeOAuth(w, http.StatusUnauthorized, oauthError("invalid_client", err.Error()))
		return
	}
	writeOAuth(w, http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": e.issue()})
}

func hasScope(scope string) bool {
	for _, s := range []string{"", " openid offline_access profile"} {
		if scope == ingestionAudience+"/.default"+s {
			return true
		}
	}
	return false
}

func (e *entra) authenticate(form url.Values, endpoint string) error {
	if assertion := form.Get("client_assertion"); assertion != "" {
		if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			return errors.New("AADSTS50027: the type of the assertion is not known")
		}
		if e.app.FederatedToken != "" && sameSecret(assertion, e.app.FederatedToken) {
			return nil
		}
		return e.verifyAssertion(assertion, endpoint)
	}
	if e.app.Secret == "" || !sameSecret(form.Get("client_secret"), e.app.Secret) {
		return errors.New("AADSTS7000215: Invalid client secret provided")
	}
	return nil
}

// verifyAssertion checks a client assertion (RFC 7523 section 3) by the
// certificate of the app.
func (e *entra) verifyAssertion(assertion, endpoint string) error {
	if e.app.Certificate == nil {
		return errors.New("AADSTS700027: no certificate is registered")
	}
	_, err := jwt.Parse(assertion, func(t *jwt.Token) (any, error) {
		thumbprint := sha256.Sum256(e.app.Certificate.Raw)
		// RFC 7515 section 4.1.8 wants the URL's alphabet; Microsoft's own library
		// uses the other, and Entra ID takes it.
		if got := t.Header["x5t#S256"]; got != base64.RawURLEncoding.EncodeToString(thumbprint[:]) &&
			got != base64.StdEncoding.EncodeToString(thumbprint[:]) {
			return nil, errors.New("the thumbprint is of another certificate")
		}
		key, ok := e.app.Certificate.PublicKey.(*rsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("a key of type %T", e.app.Certificate.PublicKey)
		}
		return key, nil
	}, jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(endpoint), jwt.WithIssuer(e.app.ClientID),
		jwt.WithSubject(e.app.ClientID), jwt.WithExpirationRequired())
	if err != nil {
		return fmt.Errorf("AADSTS700027: the assertion is not valid: %w", err)
	}
	return nil
}

// managedIdentity is the endpoint of App Service and the like.
func (e *entra) managedIdentity(w http.ResponseWriter, r *http.Request) {
	if e.app.IdentityHeader == "" || !sameSecret(r.Header.Get("X-IDENTITY-HEADER"), e.app.IdentityHeader) {
		http.Error(w, "X-IDENTITY-HEADER", http.StatusUnauthorized)
		return
	}
	if q := r.URL.Query(); q.Get("resource") != ingestionAudience || q.Get("client_id") != e.app.ClientID {
		writeOAuth(w, http.StatusBadRequest, oauthError("invalid_request", "resource or client_id"))
		return
	}
	writeOAuth(w, http.StatusOK, map[string]any{
		"access_token": e.issue(), "token_type": "Bearer", "resource": ingestionAudience,
		"expires_on": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
	})
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func oauthError(code, description string) map[string]any {
	return map[string]any{"error": code, "error_description": description, "error_codes": []int{}}
}

func writeOAuth(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client's loss
}
