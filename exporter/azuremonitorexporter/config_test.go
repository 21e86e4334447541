// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

func load(t *testing.T, name string) *Config {
	t.Helper()
	return siemtest.LoadConfig[*Config](t, NewFactory(), name)
}

func TestDefaults(t *testing.T) {
	cfg := load(t, "")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.False(t, cfg.DataCollector.HasValue())
	assert.False(t, cfg.QueueConfig.HasValue(), "the journal in front is the queue")
	assert.False(t, cfg.RetryConfig.Enabled)
	ingestion := cfg.LogsIngestion.Get()
	assert.Equal(t, 30*time.Second, ingestion.ClientConfig.Timeout)
	assert.Equal(t, configcompression.TypeGzip, ingestion.ClientConfig.Compression)
	assert.Equal(t, CloudPublic, ingestion.Cloud)
	assert.False(t, ingestion.Identity.ServicePrincipal.HasValue())
	assert.False(t, ingestion.Identity.ManagedIdentity.HasValue())
	assert.False(t, ingestion.Identity.WorkloadIdentity.HasValue())
}

func TestAllSettings(t *testing.T) {
	cfg := load(t, "secret")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, 2, cfg.QueueConfig.Get().NumConsumers)
	assert.True(t, cfg.RetryConfig.Enabled)
	ingestion := cfg.LogsIngestion.Get()
	assert.Equal(t, "https://mockforge-5kyl.usgovvirginia-1.ingest.monitor.azure.us", ingestion.ClientConfig.Endpoint)
	assert.Equal(t, "dcr-000a00a000a00000a000000aa000a0aa", ingestion.RuleID)
	assert.Equal(t, "Custom-MockForgeSecurity", ingestion.Stream)
	assert.Equal(t, CloudGovernment, ingestion.Cloud)
	assert.Equal(t, "https://login.example.com", ingestion.AuthorityHost)
	assert.Equal(t, ServicePrincipalConfig{TenantID: "tenant", ClientID: "client", ClientSecret: "secret"}, *ingestion.Identity.ServicePrincipal.Get())
	assert.Equal(t, 5*time.Second, ingestion.ClientConfig.Timeout)
	assert.Equal(t, typeNone, ingestion.ClientConfig.Compression)
	assert.Equal(t, "http://proxy.example.com:3128", ingestion.ClientConfig.ProxyURL)
	assert.Equal(t, "ca.pem", ingestion.ClientConfig.TLS.CAFile)
}

func TestOtherSettings(t *testing.T) {
	cfg := load(t, "certificate")
	require.NoError(t, xconfmap.Validate(cfg))
	principal := cfg.LogsIngestion.Get().Identity.ServicePrincipal.Get()
	assert.Equal(t, "client.pem", principal.CertificateFile)
	assert.Equal(t, configopaque.String("password"), principal.CertificatePassword)

	cfg = load(t, "managed")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.True(t, cfg.LogsIngestion.Get().Identity.ManagedIdentity.HasValue())

	cfg = load(t, "workload")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, "client", cfg.LogsIngestion.Get().Identity.WorkloadIdentity.Get().ClientID)

	cfg = load(t, "collector")
	require.NoError(t, xconfmap.Validate(cfg))
	collector := cfg.DataCollector.Get()
	assert.False(t, cfg.LogsIngestion.HasValue())
	assert.Equal(t, "https://00000000-0000-0000-0000-000000000001.ods.opinsights.azure.com", collector.baseURL())
	assert.Equal(t, configopaque.String("bW9ja2Zvcmdl"), collector.SharedKey)
	assert.Equal(t, "MockForgeSecurity", collector.LogType)
	assert.Equal(t, 30*time.Second, collector.ClientConfig.Timeout)
	assert.Empty(t, collector.ClientConfig.Compression)

	cfg = load(t, "collector_endpoint")
	require.NoError(t, xconfmap.Validate(cfg))
	assert.Equal(t, "https://00000000-0000-0000-0000-000000000001.ods.opinsights.azure.us", cfg.DataCollector.Get().baseURL())
	assert.Equal(t, time.Minute, cfg.DataCollector.Get().ClientConfig.Timeout)
}

func TestBadSettings(t *testing.T) {
	for name, want := range map[string][]string{
		"bad_neither": {"found neither logs_ingestion nor data_collector, expected one of them"},
		"bad_both":    {"found logs_ingestion and data_collector, expected one of them"},
		"bad_ingestion": {
			`logs_ingestion: endpoint: found "http://mockforge-5kyl.eastus-1.ingest.monitor.azure.com", expected a URL that begins with https://`,
			"auth: found an authenticator, expected none",
			`compression: found "zstd", expected gzip or none`,
			"tls: insecure: found true, expected false",
			`rule_id: found "/subscriptions/x/dataCollectionRules/y", expected the rule's immutable id`,
			`stream: found "MockForgeSecurity_CL", expected a stream that the rule declares`,
			`cloud: found "private", expected public, government or china`,
			`authority_host: found "login.example.com", expected a URL that begins with https://`,
		},
		"bad_identity": {
			"logs_ingestion: identity: found 2 identities, expected at most one",
			"service_principal: tenant_id: found nothing, expected the id of an Entra tenant",
			"client_id: found nothing",
			"client_secret and certificate_file: found both or neither, expected one of them",
		},
		"bad_collector": {
			`data_collector: workspace_id: found "", expected the id of a Log Analytics workspace`,
			"shared_key: found 16 characters, expected a workspace key in base64",
			`log_type: found "MockForge-Security", expected 1 to 100 letters, digits and underscores`,
			`compression: found "gzip", expected none`,
		},
	} {
		err := xconfmap.Validate(load(t, name))
		require.Error(t, err, name)
		for _, w := range want {
			assert.ErrorContains(t, err, w, name)
		}
		assert.NotContains(t, err.Error(), "no base64 at all")
	}
}
