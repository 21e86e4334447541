// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	googleScope   = "https://www.googleapis.com/auth/logging.write"
	googleAccount = "mockforge@test-project.iam.gserviceaccount.com"
	googleKeyID   = "test-key"

	// The limits of Cloud Logging (cloud.google.com/logging/quotas).
	googleMaxBody   = 10_000_000
	googleMaxEntry  = 256 << 10
	googleRetention = 30 * 24 * time.Hour
	googleFuture    = 24 * time.Hour
)

var googleSeverities = []string{"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}

// Google is Google Cloud Logging's entries.write with the token endpoint in
// front of it.
type Google struct {
	Server
	// CredentialsPath is the file of a service account that may write.
	CredentialsPath string

	project string
	logName string
	key     *rsa.PrivateKey

	tokenMu    sync.Mutex
	tokens     map[string]bool
	tokenFails int // requests for a token that are answered with tokenFail
	tokenFail  int
	issued     int
}

// NewGoogle starts Google for the log of a project; URL is that of
// entries.write.
func NewGoogle(t testing.TB, project, log string) *Google {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	g := &Google{
		project: project, logName: "projects/" + project + "/logs/" + url.QueryEscape(log), key: key,
		tokens: make(map[string]bool),
	}
	g.known = knownEntries()
	g.listen(t, "/v2/entries:write", http.StatusOK, map[string]http.HandlerFunc{"/token": g.token}, g.verify)
	g.writeCredentials(t)
	g.URL += "/v2/entries:write"
	return g
}

// writeCredentials writes the file that the console gives for a key.
func (g *Google) writeCredentials(t testing.TB) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(g.key)
	require.NoError(t, err)
	data, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": g.project, "private_key_id": googleKeyID,
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": googleAccount, "client_id": "1", "token_uri": g.tokenURL(),
	})
	require.NoError(t, err)
	g.CredentialsPath = filepath.Join(t.TempDir(), "service-account.json")
	require.NoError(t, os.WriteFile(g.CredentialsPath, data, 0o600))
}

func (g *Google) tokenURL() string { return strings.TrimSuffix(g.URL, "/v2/entries:write") + "/token" }

// Revoke makes the tokens that were issued worthless.
func (g *Google) Revoke() {
	g.tokenMu.Lock()
	defer g.tokenMu.Unlock()
	clear(g.tokens)
}

// FailTokens answers the next n requests for a token with a status.
func (g *Google) FailTokens(n, status int) {
	g.tokenMu.Lock()
	defer g.tokenMu.Unlock()
	g.tokenFails, g.tokenFail = n, status
}

// Issued returns how many tokens were issued.
func (g *Google) Issued() int {
	g.tokenMu.Lock()
	defer g.tokenMu.Unlock()
	return g.issued
}

// token is the token endpoint: RFC 7523 section 2.1, as Google's "Using OAuth
// 2.0 for Server to Server Applications" has it.
func (g *Google) token(w http.ResponseWriter, r *http.Request) {
	g.tokenMu.Lock()
	defer g.tokenMu.Unlock()
	if g.tokenFails > 0 {
		g.tokenFails--
		http.Error(w, `{"error":"invalid_grant"}`, g.tokenFail)
		return
	}
	if err := g.verifyGrant(r); err != nil {
		g.mu.Lock()
		g.refusals = append(g.refusals, err.Error())
		g.mu.Unlock()
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	g.issued++
	token := fmt.Sprintf("ya29.test-token-%d", g.issued)
	g.tokens[token] = true
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 3599})
}

func (g *Google) verifyGrant(r *http.Request) error {
	if grant := r.PostFormValue("grant_type"); grant != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		return refuse(http.StatusBadRequest, "found grant_type %q", grant)
	}
	parts := strings.Split(r.PostFormValue("assertion"), ".")
	if len(parts) != 3 {
		return refuse(http.StatusBadRequest, "found no JWT")
	}
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(part); err != nil {
			return refuse(http.StatusBadRequest, "found no JWT: %s", err)
		}
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&g.key.PublicKey, crypto.SHA256, digest[:], decoded[2]); err != nil {
		return refuse(http.StatusBadRequest, "verifying the signature: %s", err)
	}
	var header struct{ Alg, Typ, Kid string }
	if err := json.Unmarshal(decoded[0], &header); err != nil || header.Alg != "RS256" || header.Kid != googleKeyID {
		return refuse(http.StatusBadRequest, "found header %s", decoded[0])
	}
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	if err := json.Unmarshal(decoded[1], &claims); err != nil {
		return refuse(http.StatusBadRequest, "found claims %s", decoded[1])
	}
	now := time.Now().Unix()
	if claims.Iss != googleAccount || claims.Scope != googleScope || claims.Aud != g.tokenURL() ||
		claims.Exp <= now || claims.Iat > now || claims.Exp-claims.Iat > 3600 {
		return refuse(http.StatusBadRequest, "found claims %s", decoded[1])
	}
	return nil
}

// writeRequest is the body of entries.write; members that it does not have are
// refused, as Google does.
type writeRequest struct {
	LogName        string `json:"logName"`
	PartialSuccess bool   `json:"partialSuccess"`
	Resource       struct {
		Type   string            `json:"type"`
		Labels map[string]string `json:"labels"`
	} `json:"resource"`
	Entries []json.RawMessage `json:"entries"`
}

// LogEntry is an entry as Cloud Logging keeps it: numbers of the payload are
// doubles.
type LogEntry struct {
	InsertID    string            `json:"insertId,omitempty"`
	Timestamp   time.Time         `json:"timestamp"`
	Severity    string            `json:"severity"`
	Labels      map[string]string `json:"labels"`
	JSONPayload map[string]any    `json:"jsonPayload"`
}

var bearer = regexp.MustCompile(`^Bearer (\S+)$`)

func (g *Google) verify(r *http.Request) ([]json.RawMessage, error) {
	token := bearer.FindStringSubmatch(r.Header.Get("Authorization"))
	g.tokenMu.Lock()
	valid := token != nil && g.tokens[token[1]]
	g.tokenMu.Unlock()
	if !valid {
		return nil, refuse(http.StatusUnauthorized, "found no valid token")
	}
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		return nil, refuse(http.StatusBadRequest, "found %s of %q", r.Method, r.Header.Get("Content-Type"))
	}
	body, err := readBody(r, googleMaxBody)
	if err != nil {
		return nil, err
	}
	if err := isObject(body); err != nil {
		return nil, err
	}
	var req writeRequest
	if err := strictly(body, &req); err != nil {
		return nil, refuse(http.StatusBadRequest, "found another shape: %s", err)
	}
	if req.LogName != g.logName || req.Resource.Type != "global" || req.Resource.Labels["project_id"] != g.project || req.PartialSuccess {
		return nil, refuse(http.StatusBadRequest, "found logName %q, resource %v", req.LogName, req.Resource)
	}
	return entries(req.Entries)
}

func strictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// entries verifies all before one is kept.
func entries(all []json.RawMessage) ([]json.RawMessage, error) {
	var kept []json.RawMessage
	for _, data := range all {
		if len(data) > googleMaxEntry {
			return nil, refuse(http.StatusBadRequest, "found an entry of %d bytes", len(data))
		}
		var e LogEntry
		if err := strictly(data, &e); err != nil {
			return nil, refuse(http.StatusBadRequest, "found an entry of another shape: %s", err)
		}
		now := time.Now()
		if e.JSONPayload == nil || !slices.Contains(googleSeverities, e.Severity) || len(e.Labels) > 64 || e.Timestamp.After(now.Add(googleFuture)) {
			return nil, refuse(http.StatusBadRequest, "found severity %q, time %s, %d labels", e.Severity, e.Timestamp, len(e.Labels))
		}
		if e.Timestamp.Before(now.Add(-googleRetention)) {
			continue // a success, and not kept
		}
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		kept = append(kept, data)
	}
	return kept, nil
}

// knownEntries finds entries of one insertId and time: Cloud Logging shows them
// once.
func knownEntries() func(json.RawMessage) bool {
	known := make(map[string]bool)
	return func(data json.RawMessage) bool {
		var e LogEntry
		if err := json.Unmarshal(data, &e); err != nil || e.InsertID == "" {
			return false
		}
		id := e.Timestamp.String() + " " + e.InsertID
		defer func() { known[id] = true }()
		return known[id]
	}
}
