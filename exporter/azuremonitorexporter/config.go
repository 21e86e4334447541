// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configcompression"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Config has the settings of the exporter.
type Config struct {
	// LogsIngestion sends by the Logs Ingestion API.
	LogsIngestion configoptional.Optional[LogsIngestionConfig] `mapstructure:"logs_ingestion"`
	// DataCollector sends by the HTTP Data Collector API, which Microsoft no
	// longer supports.
	DataCollector configoptional.Optional[DataCollectorConfig] `mapstructure:"data_collector"`
	// QueueConfig and RetryConfig are off by default: the journal in front does
	// what they do.
	QueueConfig configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// LogsIngestionConfig has the settings of the Logs Ingestion API.
type LogsIngestionConfig struct {
	// ClientConfig has in its endpoint the logs ingestion URL of the data
	// collection rule, or of the data collection endpoint.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`
	// RuleID is the immutable id of the data collection rule: dcr-….
	RuleID string `mapstructure:"rule_id"`
	// Stream is the stream that the rule declares: Custom-….
	Stream string `mapstructure:"stream"`
	// Cloud is where the workspace is: public (default), government or china.
	Cloud Cloud `mapstructure:"cloud"`
	// AuthorityHost is the URL of Entra ID where it is not the cloud's.
	AuthorityHost string `mapstructure:"authority_host"`
	// Identity says who sends.
	Identity IdentityConfig `mapstructure:"identity"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// IdentityConfig says who sends. With none of the three it is found as azidentity's
// DefaultAzureCredential does: environment variables, workload identity, managed
// identity, then the developer tools' logins.
type IdentityConfig struct {
	// ServicePrincipal is an app registration with a secret or a certificate.
	ServicePrincipal configoptional.Optional[ServicePrincipalConfig] `mapstructure:"service_principal"`
	// ManagedIdentity is that of the machine or service in Azure.
	ManagedIdentity configoptional.Optional[ManagedIdentityConfig] `mapstructure:"managed_identity"`
	// WorkloadIdentity is that of a pod, by a projected token.
	WorkloadIdentity configoptional.Optional[WorkloadIdentityConfig] `mapstructure:"workload_identity"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ServicePrincipalConfig is an app registration. One of ClientSecret and
// CertificateFile is needed.
type ServicePrincipalConfig struct {
	TenantID     string              `mapstructure:"tenant_id"`
	ClientID     string              `mapstructure:"client_id"`
	ClientSecret configopaque.String `mapstructure:"client_secret"`
	// CertificateFile holds certificate and private key, PEM or PKCS #12. It is
	// read at the start.
	CertificateFile     string              `mapstructure:"certificate_file"`
	CertificatePassword configopaque.String `mapstructure:"certificate_password"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// ManagedIdentityConfig is the identity of a machine or service.
type ManagedIdentityConfig struct {
	// ClientID names a user-assigned identity; the system-assigned one without.
	ClientID string `mapstructure:"client_id"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// WorkloadIdentityConfig is the identity of a pod. What is empty comes from
// AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE.
type WorkloadIdentityConfig struct {
	TenantID  string `mapstructure:"tenant_id"`
	ClientID  string `mapstructure:"client_id"`
	TokenFile string `mapstructure:"token_file"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// DataCollectorConfig has the settings of the HTTP Data Collector API.
type DataCollectorConfig struct {
	// ClientConfig has in its endpoint the URL before /api/logs;
	// https://WORKSPACE.ods.opinsights.azure.com by default.
	ClientConfig confighttp.ClientConfig `mapstructure:",squash"`
	// WorkspaceID is the id of the Log Analytics workspace.
	WorkspaceID string `mapstructure:"workspace_id"`
	// SharedKey is the workspace's primary or secondary key, base64.
	SharedKey configopaque.String `mapstructure:"shared_key"`
	// LogType names the table, without the suffix _CL.
	LogType string `mapstructure:"log_type"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings.
func (cfg *Config) Validate() error {
	switch {
	case cfg.LogsIngestion.HasValue() && cfg.DataCollector.HasValue():
		return errors.New("found logs_ingestion and data_collector, expected one of them")
	case !cfg.LogsIngestion.HasValue() && !cfg.DataCollector.HasValue():
		return errors.New("found neither logs_ingestion nor data_collector, expected one of them")
	}
	return nil
}

var (
	ruleID      = regexp.MustCompile(`^dcr-[0-9A-Za-z-]+$`)
	streamName  = regexp.MustCompile(`^Custom-[0-9A-Za-z_-]+$`)
	workspaceID = regexp.MustCompile(`^[0-9A-Za-z-]+$`)
	logType     = regexp.MustCompile(`^[0-9A-Za-z_]{1,100}$`)
)

// problems collects what is wrong.
type problems []error

func (p *problems) check(ok bool, format string, args ...any) {
	if !ok {
		*p = append(*p, fmt.Errorf(format, args...))
	}
}

// checkClient checks what both ways have in common.
func (p *problems) checkClient(client *confighttp.ClientConfig, endpoint string, compressions ...configcompression.Type) {
	p.check(isHTTPS(endpoint), "endpoint: found %q, expected a URL that begins with https://, without a query", endpoint)
	p.check(!client.Auth.HasValue(), "auth: found an authenticator, expected none: this exporter signs its requests itself")
	p.check(slices.Contains(compressions, client.Compression), "compression: found %q, expected %s", client.Compression, join(compressions))
	p.check(!client.TLS.Insecure, "tls: insecure: found true, expected false")
}

func join(compressions []configcompression.Type) string {
	names := make([]string, 0, len(compressions))
	for _, c := range compressions {
		if c != "" {
			names = append(names, string(c))
		}
	}
	return strings.Join(names, " or ")
}

func isHTTPS(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// Validate checks the settings.
func (cfg *LogsIngestionConfig) Validate() error {
	var p problems
	p.checkClient(&cfg.ClientConfig, cfg.ClientConfig.Endpoint, configcompression.TypeGzip, typeNone, "")
	p.check(ruleID.MatchString(cfg.RuleID), "rule_id: found %q, expected the rule's immutable id, as in dcr-000a00a000a00000a000000aa000a0aa", cfg.RuleID)
	p.check(streamName.MatchString(cfg.Stream), "stream: found %q, expected a stream that the rule declares, as in Custom-MockForgeSecurity", cfg.Stream)
	p.check(cfg.Cloud.known(), "cloud: found %q, expected public, government or china", cfg.Cloud)
	p.check(cfg.AuthorityHost == "" || isHTTPS(cfg.AuthorityHost), "authority_host: found %q, expected a URL that begins with https://", cfg.AuthorityHost)
	return errors.Join(p...)
}

// Validate checks the settings.
func (cfg *IdentityConfig) Validate() error {
	found := 0
	for _, has := range []bool{cfg.ServicePrincipal.HasValue(), cfg.ManagedIdentity.HasValue(), cfg.WorkloadIdentity.HasValue()} {
		if has {
			found++
		}
	}
	if found > 1 {
		return fmt.Errorf("found %d identities, expected at most one of service_principal, managed_identity and workload_identity", found)
	}
	return nil
}

// Validate checks the settings.
func (cfg *ServicePrincipalConfig) Validate() error {
	var p problems
	p.check(cfg.TenantID != "", "tenant_id: found nothing, expected the id of an Entra tenant")
	p.check(cfg.ClientID != "", "client_id: found nothing, expected the id of an app registration")
	p.check((cfg.ClientSecret == "") != (cfg.CertificateFile == ""), "client_secret and certificate_file: found both or neither, expected one of them")
	p.check(cfg.CertificatePassword == "" || cfg.CertificateFile != "", "certificate_password: found one without certificate_file")
	return errors.Join(p...)
}

// Validate checks the settings.
func (cfg *DataCollectorConfig) Validate() error {
	var p problems
	p.check(workspaceID.MatchString(cfg.WorkspaceID), "workspace_id: found %q, expected the id of a Log Analytics workspace", cfg.WorkspaceID)
	// The service signs and counts the bytes as they are sent.
	p.checkClient(&cfg.ClientConfig, cfg.baseURL(), typeNone, "")
	key, err := base64.StdEncoding.DecodeString(string(cfg.SharedKey))
	p.check(err == nil && len(key) > 0, "shared_key: found %d characters, expected a workspace key in base64", len(cfg.SharedKey))
	p.check(logType.MatchString(cfg.LogType), "log_type: found %q, expected 1 to 100 letters, digits and underscores", cfg.LogType)
	return errors.Join(p...)
}

func (cfg *DataCollectorConfig) baseURL() string {
	if cfg.ClientConfig.Endpoint != "" {
		return cfg.ClientConfig.Endpoint
	}
	return "https://" + cfg.WorkspaceID + ".ods.opinsights.azure.com"
}

// typeNone is how a user says that nothing is to be compressed.
const typeNone configcompression.Type = "none"
