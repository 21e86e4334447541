// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// certificate makes a certificate and a file with it and its key.
func certificate(t *testing.T) (*x509.Certificate, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mockforge"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	file := filepath.Join(t.TempDir(), "client.pem")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return cert, file
}

// TestIdentities gets a token in each way, from a server that verifies it.
func TestIdentities(t *testing.T) {
	cert, certFile := certificate(t)
	_, otherFile := certificate(t)
	tokenFile := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(tokenFile, []byte("projected.token.of-the-pod"), 0o600))

	use := func(change func(id *IdentityConfig, app siemtest.AzureApp)) func(*testing.T, *IdentityConfig, *siemtest.Azure, siemtest.AzureApp) {
		return func(_ *testing.T, id *IdentityConfig, _ *siemtest.Azure, app siemtest.AzureApp) { change(id, app) }
	}
	none := configoptional.None[ServicePrincipalConfig]()
	for name, tt := range map[string]struct {
		set  func(*testing.T, *IdentityConfig, *siemtest.Azure, siemtest.AzureApp)
		want string
	}{
		"secret": {use(func(*IdentityConfig, siemtest.AzureApp) {}), ""},
		"wrong secret": {
			use(func(id *IdentityConfig, _ siemtest.AzureApp) { id.ServicePrincipal.Get().ClientSecret = "wr0ng-secret" }),
			"HTTP 401: getting a token: HTTP 401: invalid_client: AADSTS7000215: Invalid client secret provided",
		},
		"wrong client": {
			use(func(id *IdentityConfig, _ siemtest.AzureApp) { id.ServicePrincipal.Get().ClientID = "other" }),
			"HTTP 401: getting a token: HTTP 400: unauthorized_client: AADSTS700016: the application was not found in the directory",
		},
		"certificate": {use(func(id *IdentityConfig, _ siemtest.AzureApp) {
			p := id.ServicePrincipal.Get()
			p.ClientSecret, p.CertificateFile = "", certFile
		}), ""},
		"other certificate": {use(func(id *IdentityConfig, _ siemtest.AzureApp) {
			p := id.ServicePrincipal.Get()
			p.ClientSecret, p.CertificateFile = "", otherFile
		}), "HTTP 401: getting a token: HTTP 401: invalid_client: AADSTS700027"},
		"workload identity": {use(func(id *IdentityConfig, app siemtest.AzureApp) {
			id.ServicePrincipal = none
			w := id.WorkloadIdentity.GetOrInsertDefault()
			w.TenantID, w.ClientID, w.TokenFile = app.TenantID, app.ClientID, tokenFile
		}), ""},
		"managed identity": {func(t *testing.T, id *IdentityConfig, server *siemtest.Azure, app siemtest.AzureApp) {
			t.Helper()
			id.ServicePrincipal = none
			t.Setenv("IDENTITY_ENDPOINT", server.URL+"/msi/token")
			t.Setenv("IDENTITY_HEADER", app.IdentityHeader)
			id.ManagedIdentity.GetOrInsertDefault().ClientID = app.ClientID
		}, ""},
		"default chain": {func(t *testing.T, id *IdentityConfig, _ *siemtest.Azure, app siemtest.AzureApp) {
			t.Helper()
			id.ServicePrincipal = none
			t.Setenv("AZURE_TENANT_ID", app.TenantID)
			t.Setenv("AZURE_CLIENT_ID", app.ClientID)
			t.Setenv("AZURE_CLIENT_SECRET", app.Secret)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := app()
			a.Certificate, a.FederatedToken, a.IdentityHeader = cert, "projected.token.of-the-pod", "header-of-the-machine"
			_, rule := siemtest.DocumentedAzure(t)
			server := siemtest.NewAzureLogsIngestion(t, a, rule)
			cfg := ingestionConfig(server, a, rule)
			tt.set(t, &cfg.LogsIngestion.Get().Identity, server, a)
			err := start(t, cfg, nil).ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(2, 10)))
			if tt.want == "" {
				require.NoError(t, err)
				assertNumbers(t, server, 2)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "wr0ng-secret")
			assert.False(t, consumererror.IsPermanent(err))
			var answer *httpsend.Error
			require.ErrorAs(t, err, &answer)
			assert.Equal(t, httpsend.Held, answer.Outcome())
			assert.LessOrEqual(t, len(answer.Reason), 200)
		})
	}
}

// TestTokenServerDown: no token for now is temporary.
func TestTokenServerDown(t *testing.T) {
	_, rule := siemtest.DocumentedAzure(t)
	server := siemtest.NewAzureLogsIngestion(t, app(), rule)
	cfg := ingestionConfig(server, app(), rule)
	cfg.LogsIngestion.Get().AuthorityHost = "https://127.0.0.1:1"
	err := start(t, cfg, nil).ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(1, 10)))
	require.ErrorContains(t, err, "getting a token: ")
	var answer *httpsend.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, httpsend.Retry, answer.Outcome())
}

// TestTokenError: what Entra ID answers, and what that means.
func TestTokenError(t *testing.T) {
	answer := func(status int, after, body string) error {
		return fmt.Errorf("getting: %w", &azidentity.AuthenticationFailedError{RawResponse: &http.Response{
			StatusCode: status, Header: http.Header{"Retry-After": {after}}, Body: io.NopCloser(strings.NewReader(body)),
		}})
	}
	for name, tt := range map[string]struct {
		err  error
		want httpsend.Error
	}{
		"busy":      {answer(503, "7", ""), httpsend.Error{Status: 503, RetryAfter: 7 * time.Second, Reason: "getting a token: HTTP 503:"}},
		"for years": {answer(429, "99999999", "no"), httpsend.Error{Status: 429, RetryAfter: time.Hour, Reason: "getting a token: HTTP 429: no"}},
		"a date":    {answer(429, "soon", "no"), httpsend.Error{Status: 429, Reason: "getting a token: HTTP 429: no"}},
		"refused":   {answer(400, "7", `{"error":"invalid_request","error_description":"AADSTS90002:\r\nno tenant"}`), httpsend.Error{Status: 401, Reason: "getting a token: HTTP 400: invalid_request: AADSTS90002: no tenant"}},
		"none":      {&url.Error{Op: "Post", URL: "https://login.example.com", Err: io.ErrUnexpectedEOF}, httpsend.Error{Reason: "getting a token: unexpected EOF"}},
		"no answer": {&azidentity.AuthenticationFailedError{}, httpsend.Error{Reason: "getting a token: :"}},
	} {
		assert.Equal(t, tt.want, *tokenError(tt.err), name)
	}
}
