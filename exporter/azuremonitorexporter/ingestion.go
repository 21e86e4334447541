// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"go.opentelemetry.io/collector/component"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// Limits of the Logs Ingestion API (Azure Monitor service limits).
const (
	ingestionMaxBody  = 1 << 20 // before and after compression
	ingestionMaxField = 64 << 10
	ingestionVersion  = "2023-01-01"
)

// logsIngestion sends by the Logs Ingestion API. Of the SDK it uses what is hard,
// the identities: the SDK's own client for this one POST would keep the answer
// from httpsend.
type logsIngestion struct {
	url        string
	scopes     []string
	sender     *httpsend.Sender
	credential azcore.TokenCredential
	tokens     *http.Client
}

func newLogsIngestion(ctx context.Context, cfg *LogsIngestionConfig, host component.Host, telemetry component.TelemetrySettings) (api, error) {
	client, err := cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), telemetry)
	if err != nil {
		return nil, fmt.Errorf("making the HTTP client: %w", err)
	}
	tokens, err := newTokenClient(ctx, cfg, host, telemetry)
	if err != nil {
		return nil, fmt.Errorf("making the HTTP client for tokens: %w", err)
	}
	credential, err := newCredential(cfg, tokens)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	target, err := url.JoinPath(cfg.ClientConfig.Endpoint, "dataCollectionRules", cfg.RuleID, "streams", cfg.Stream)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	return &logsIngestion{
		url:        target + "?api-version=" + ingestionVersion,
		scopes:     []string{clouds[cfg.Cloud].audience + "/.default"},
		sender:     httpsend.NewSender(client),
		credential: credential,
		tokens:     tokens,
	}, nil
}

func (*logsIngestion) schema() schema {
	return schema{timeGenerated: true, maxField: ingestionMaxField}
}

func (*logsIngestion) maxBody() int { return ingestionMaxBody }

func (l *logsIngestion) send(ctx context.Context, body []byte) *httpsend.Error {
	// The credential keeps a token until shortly before it expires.
	token, err := l.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: l.scopes})
	if err != nil {
		return tokenError(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, bytes.NewReader(body))
	if err != nil {
		return httpsend.NewRefused(err.Error())
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	req.Header.Set("Content-Type", "application/json")
	return l.sender.Do(req, token.Token)
}

func (l *logsIngestion) close() {
	l.sender.CloseIdleConnections()
	l.tokens.CloseIdleConnections()
}
