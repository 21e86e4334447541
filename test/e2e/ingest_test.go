// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

// TestBasicAuth runs the example.
func TestBasicAuth(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("ingest-secret"), bcrypt.MinCost)
	require.NoError(t, err)
	htpasswd := filepath.Join(t.TempDir(), "htpasswd")
	require.NoError(t, os.WriteFile(htpasswd, fmt.Appendf(nil, "mockforge:%s\n", hash), 0o600))
	c := start(t, options{configs: []string{"../../examples/basic-auth.yaml"}, env: []string{"MOCKFORGE_HTPASSWD=" + htpasswd}})
	body := events(1)[0]
	for credentials, want := range map[string]int{
		"": http.StatusUnauthorized, "mockforge:wrong": http.StatusUnauthorized, "other:ingest-secret": http.StatusUnauthorized,
		"mockforge:": http.StatusUnauthorized, "mockforge:ingest-secret": http.StatusOK,
	} {
		header := []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))}
		if credentials == "" {
			header = nil
		}
		status, _ := c.post(body, header...)
		assert.Equal(t, want, status, credentials)
	}
	assert.Len(t, c.lines(t), 1)
	assert.NotContains(t, c.log.String(), "ingest-secret")
}

// issuer is an OpenID Connect issuer: discovery and keys (OpenID Connect
// Discovery 1.0 section 4, RFC 7517).
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i := &issuer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/auth", "token_endpoint": i.URL + "/token",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig",
			"n": raw64(key.N.Bytes()), "e": raw64(big.NewInt(int64(key.E)).Bytes()),
		}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func raw64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// token signs claims (RFC 7515, RS256).
func token(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed := raw64([]byte(`{"alg":"RS256","kid":"k1","typ":"JWT"}`)) + "." + raw64(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	require.NoError(t, err)
	return signed + "." + raw64(signature)
}

// TestOIDC runs the example.
func TestOIDC(t *testing.T) {
	i := newIssuer(t)
	c := start(t, options{configs: []string{"../../examples/oidc.yaml"}, env: []string{"MOCKFORGE_OIDC_ISSUER=" + i.URL}})
	otherKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	claims := func(change string, value any) map[string]any {
		all := map[string]any{"iss": i.URL, "aud": "otelcol-mockforge", "sub": "mockforge", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
		if change != "" {
			all[change] = value
		}
		return all
	}
	unsigned := raw64([]byte(`{"alg":"none"}`)) + "." + raw64(fmt.Appendf(nil, `{"iss":%q,"aud":"otelcol-mockforge","sub":"x","exp":9999999999}`, i.URL)) + "."
	body := events(1)[0]
	for name, tt := range map[string]struct {
		authorization string
		status        int
	}{
		"signed for us":    {"Bearer " + token(t, i.key, claims("", nil)), http.StatusOK},
		"none":             {"", http.StatusUnauthorized},
		"expired":          {"Bearer " + token(t, i.key, claims("exp", time.Now().Add(-time.Hour).Unix())), http.StatusUnauthorized},
		"for another":      {"Bearer " + token(t, i.key, claims("aud", "other")), http.StatusUnauthorized},
		"another's issuer": {"Bearer " + token(t, i.key, claims("iss", "https://other.example")), http.StatusUnauthorized},
		"another key":      {"Bearer " + token(t, otherKey, claims("", nil)), http.StatusUnauthorized},
		"unsigned":         {"Bearer " + unsigned, http.StatusUnauthorized},
		"no token":         {"Bearer x", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			if tt.authorization != "" {
				header = []string{"Authorization", tt.authorization}
			}
			status, answer := c.post(body, header...)
			assert.Equal(t, tt.status, status, answer)
		})
	}
	assert.Len(t, c.lines(t), 1)
}

// TestMutualTLS runs the example with curl as its client.
func TestMutualTLS(t *testing.T) {
	curl, err := exec.LookPath("curl")
	require.NoError(t, err)
	dir := t.TempDir()
	ours, others := newAuthority(t), newAuthority(t)
	require.NoError(t, os.Symlink(ours.file, filepath.Join(dir, "clients.crt")))
	keep := func(name string, a *authority, usage x509.ExtKeyUsage) {
		cert, key := a.issue(t, name, usage)
		require.NoError(t, os.Symlink(cert, filepath.Join(dir, name+".crt")))
		require.NoError(t, os.Symlink(key, filepath.Join(dir, name+".key")))
	}
	keep("server", ours, x509.ExtKeyUsageServerAuth)
	keep("client", ours, x509.ExtKeyUsageClientAuth)
	keep("stranger", others, x509.ExtKeyUsageClientAuth)
	c := start(t, options{configs: []string{"../../examples/mtls.yaml"}, env: []string{"MOCKFORGE_TLS_DIRECTORY=" + dir}})

	post := func(args ...string) (string, error) {
		args = append(args, "--silent", "--show-error", "--max-time", "10", "--cacert", filepath.Join(dir, "clients.crt"),
			"--write-out", " %{http_code}", "--data", events(1)[0], "https://"+c.endpoint+"/api/v1/events")
		out, err := exec.CommandContext(t.Context(), curl, args...).CombinedOutput()
		return string(out), err
	}
	as := func(name string) []string {
		return []string{"--cert", filepath.Join(dir, name+".crt"), "--key", filepath.Join(dir, name+".key")}
	}
	out, err := post()
	assert.Error(t, err, "no certificate: %s", out)
	out, err = post(as("stranger")...)
	assert.Error(t, err, "another authority's certificate: %s", out)
	out, err = post(as("server")...)
	assert.Error(t, err, "a certificate that is for servers: %s", out)
	out, err = post(append(as("client"), "--tls-max", "1.1")...)
	assert.Error(t, err, "TLS 1.1: %s", out)
	assert.Empty(t, c.lines(t))

	out, err = post(as("client")...)
	assert.NoError(t, err, out)
	assert.Equal(t, "{\"accepted\":1}\n 200", out)
	assert.Len(t, c.lines(t), 1)
}

// TestMemoryLimit: while memory is short a sender is told to come again, and one
// that tries again as MockForge does, after 1, 2 and 4 seconds, loses nothing.
func TestMemoryLimit(t *testing.T) {
	const total = 8
	short := filepath.Join(t.TempDir(), "short.yaml")
	require.NoError(t, os.WriteFile(short, []byte("processors: {memory_limiter: {check_interval: 50ms, limit_mib: 2, spike_limit_mib: 1}}"), 0o600))
	dir, ports := t.TempDir(), freePorts(t, portCount)
	c := start(t, options{dir: dir, ports: ports, configs: []string{short}})
	before := 0
	require.Eventually(t, func() bool {
		status, answer := c.post(events(1)[0])
		if status == http.StatusOK {
			before++ // taken before the limiter first looked
			return false
		}
		return assert.Equal(t, http.StatusServiceUnavailable, status) &&
			assert.Equal(t, `{"error":"the pipeline cannot take events at the moment"}`, answer)
	}, startTimeout, 20*time.Millisecond)

	var refused, lost atomic.Int64
	var senders sync.WaitGroup
	for n := 1; n <= total; n++ {
		senders.Go(func() {
			if !sendAsMockForge(t, c.endpoint, fmt.Sprintf(small, n), &refused) {
				lost.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return refused.Load() >= total }, startTimeout, time.Millisecond)
	c.stop(t)
	c = start(t, options{dir: dir, ports: ports})
	senders.Wait()
	assert.Zero(t, lost.Load())
	assert.Len(t, c.lines(t), before+total)
}

// sendAsMockForge reports whether an event was taken in one of four attempts.
// Refusals that ask it to come again are counted.
func sendAsMockForge(t *testing.T, endpoint, body string, refused *atomic.Int64) bool {
	t.Helper()
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, wait := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second} {
		time.Sleep(wait)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+endpoint+"/api/v1/events", strings.NewReader(body))
		if err != nil {
			return false
		}
		resp, err := c.Do(req)
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode/100 == 2 {
			return true
		}
		if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "1" {
			refused.Add(1)
		}
	}
	return false
}
