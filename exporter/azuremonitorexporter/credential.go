// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"go.opentelemetry.io/collector/component"
)

// Cloud is one of Microsoft's clouds.
type Cloud string

// The clouds in which there is Azure Monitor.
const (
	CloudPublic     Cloud = "public"
	CloudGovernment Cloud = "government"
	CloudChina      Cloud = "china"
)

// clouds has the address of Entra ID and the audience of tokens for the Logs
// Ingestion API ("Request headers" of its overview page).
var clouds = map[Cloud]struct {
	authority cloud.Configuration
	audience  string
}{
	CloudPublic:     {cloud.AzurePublic, "https://monitor.azure.com"},
	CloudGovernment: {cloud.AzureGovernment, "https://monitor.azure.us"},
	CloudChina:      {cloud.AzureChina, "https://monitor.azure.cn"},
}

func (c Cloud) known() bool {
	_, ok := clouds[c]
	return ok
}

// newTokenClient makes the client for Entra ID and the machine's identity
// endpoint: that for events without what is meant for these alone.
func newTokenClient(ctx context.Context, cfg *LogsIngestionConfig, host component.Host, telemetry component.TelemetrySettings) (*http.Client, error) {
	settings := cfg.ClientConfig
	settings.Compression, settings.Headers = "", nil
	if cfg.Identity.ManagedIdentity.HasValue() {
		settings.ProxyURL = "" // the endpoint is on the machine
	}
	client, err := settings.ToClient(ctx, host.GetExtensions(), telemetry)
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// maxTokenAnswer bounds an answer of Entra ID; a token has a few KB.
const maxTokenAnswer = 1 << 20

// boundedTransport reads no more of an answer than it may have.
type boundedTransport struct{ client *http.Client }

// Do is the SDK's transport.
func (t boundedTransport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.client.Do(req) //nolint:gosec // to the address in the settings
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxTokenAnswer), resp.Body}
	return resp, nil
}

// newCredential returns the credential that the settings ask for.
func newCredential(cfg *LogsIngestionConfig, client *http.Client) (azcore.TokenCredential, error) {
	authority := clouds[cfg.Cloud].authority
	authority.ActiveDirectoryAuthorityHost = cmp.Or(cfg.AuthorityHost, authority.ActiveDirectoryAuthorityHost)
	options := azcore.ClientOptions{
		Cloud:     authority,
		Transport: boundedTransport{client},
		// Whoever calls the exporter tries again, and knows how long to wait.
		Retry: policy.RetryOptions{MaxRetries: -1},
	}
	// Only the authorities of Microsoft's public clouds are in its directory.
	private := cfg.AuthorityHost != ""
	switch {
	case cfg.Identity.ServicePrincipal.HasValue():
		return newServicePrincipal(cfg.Identity.ServicePrincipal.Get(), options, private)
	case cfg.Identity.ManagedIdentity.HasValue():
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if id := cfg.Identity.ManagedIdentity.Get().ClientID; id != "" {
			o.ID = azidentity.ClientID(id)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case cfg.Identity.WorkloadIdentity.HasValue():
		id := cfg.Identity.WorkloadIdentity.Get()
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: private,
			TenantID: id.TenantID, ClientID: id.ClientID, TokenFilePath: id.TokenFile,
		})
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: options, DisableInstanceDiscovery: private,
	})
}

func newServicePrincipal(id *ServicePrincipalConfig, options azcore.ClientOptions, private bool) (azcore.TokenCredential, error) {
	if id.ClientSecret != "" {
		return azidentity.NewClientSecretCredential(id.TenantID, id.ClientID, string(id.ClientSecret),
			&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
	}
	data, err := os.ReadFile(id.CertificateFile)
	if err != nil {
		return nil, fmt.Errorf("certificate_file: %w", err)
	}
	certs, key, err := azidentity.ParseCertificates(data, []byte(id.CertificatePassword))
	if err != nil {
		return nil, fmt.Errorf("certificate_file: reading certificate and key: %w", err)
	}
	return azidentity.NewClientCertificateCredential(id.TenantID, id.ClientID, certs, key,
		&azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: private})
}
