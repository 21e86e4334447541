// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// Limits of the HTTP Data Collector API ("Data limits" of its page).
const (
	collectorMaxBody  = 30_000_000
	collectorMaxField = 32 << 10
	collectorVersion  = "2016-04-01"
	collectorResource = "/api/logs"
	contentType       = "application/json"
)

// dataCollector sends by the HTTP Data Collector API.
type dataCollector struct {
	url       string
	workspace string
	key       []byte
	logType   string
	sender    *httpsend.Sender
}

func newDataCollector(ctx context.Context, cfg *DataCollectorConfig, host component.Host, telemetry component.TelemetrySettings) (api, error) {
	client, err := cfg.ClientConfig.ToClient(ctx, host.GetExtensions(), telemetry)
	if err != nil {
		return nil, fmt.Errorf("making the HTTP client: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(string(cfg.SharedKey))
	if err != nil {
		return nil, fmt.Errorf("shared_key: %w", err)
	}
	target, err := url.JoinPath(cfg.baseURL(), collectorResource)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	return &dataCollector{
		url:       target + "?api-version=" + collectorVersion,
		workspace: cfg.WorkspaceID,
		key:       key,
		logType:   cfg.LogType,
		sender:    httpsend.NewSender(client, string(cfg.SharedKey)),
	}, nil
}

// schema has no column TimeGenerated: the service reserves the name, and a
// header says which column it is taken from.
func (*dataCollector) schema() schema { return schema{maxField: collectorMaxField} }

func (*dataCollector) maxBody() int { return collectorMaxBody }

func (d *dataCollector) send(ctx context.Context, body []byte) *httpsend.Error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return httpsend.NewRefused(err.Error())
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	signature := sign(d.key, len(body), date)
	req.Header.Set("Authorization", "SharedKey "+d.workspace+":"+signature)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Log-Type", d.logType)
	req.Header.Set("time-generated-field", columnTimestamp)
	req.Header.Set("x-ms-date", date)
	return heldUnlessData(d.sender.Do(req, signature))
}

func (d *dataCollector) close() { d.sender.CloseIdleConnections() }

// sign returns the signature of a request ("Authorization" of the API's page).
func sign(key []byte, length int, date string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("POST\n" + strconv.Itoa(length) + "\n" + contentType + "\nx-ms-date:" + date + "\n" + collectorResource))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// settingsErrors are the codes with which the service answers 400 whatever the
// events are ("Return codes" of the API's page).
var settingsErrors = []string{
	"InactiveCustomer", "InvalidApiVersion", "InvalidCustomerId", "InvalidLogType",
	"MissingApiVersion", "MissingContentType", "MissingLogType", "UnsupportedContentType",
}

// heldUnlessData makes an answer that only the settings can mend one that holds
// the events, as 403 does: else each would become a dead letter.
func heldUnlessData(err *httpsend.Error) *httpsend.Error {
	if err == nil || err.Status != http.StatusBadRequest {
		return err
	}
	for _, code := range settingsErrors {
		if strings.Contains(err.Reason, code) {
			return &httpsend.Error{Status: http.StatusForbidden, Reason: httpsend.Clean("HTTP 400: " + err.Reason)}
		}
	}
	return err
}
