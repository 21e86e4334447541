// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Limits of the Logs Ingestion API.
const (
	ingestionMaxBody  = 1 << 20
	ingestionMaxField = 64 << 10
)

// AzureRule is a data collection rule.
type AzureRule struct {
	// ID is its immutable id.
	ID string
	// Stream is the name of the stream, Columns what the rule declares of it: the
	// type of Kusto by name.
	Stream  string
	Columns map[string]string
}

// NewAzureLogsIngestion starts a server of the Logs Ingestion API, and of Entra
// ID for the app that may send.
func NewAzureLogsIngestion(t testing.TB, app AzureApp, rule AzureRule) *Azure {
	t.Helper()
	entra := newEntra(app)
	path := "/dataCollectionRules/" + rule.ID + "/streams/" + rule.Stream
	return newAzure(t, path, entra, func(r *http.Request, body []byte) ([]json.RawMessage, AzureAnswer) {
		return takeIngested(r, body, entra, rule)
	})
}

func takeIngested(r *http.Request, body []byte, entra *entra, rule AzureRule) ([]json.RawMessage, AzureAnswer) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.Method != http.MethodPost:
		return refuseAzure(http.StatusMethodNotAllowed, "%s", r.Method)
	case r.URL.RawQuery != "api-version=2023-01-01":
		return refuseAzure(http.StatusBadRequest, "api-version: %q", r.URL.RawQuery)
	case !isBearer || !entra.issued(token):
		return refuseAzure(http.StatusUnauthorized, `{"error":{"code":"InvalidToken","message":"the token is not valid"}}`)
	case r.Header.Get("Content-Type") != "application/json":
		return refuseAzure(http.StatusUnsupportedMediaType, "Content-Type")
	}
	text, err := unzipAzure(r, body)
	if err != nil {
		return refuseAzure(http.StatusBadRequest, "%s", err)
	}
	if len(text) > ingestionMaxBody || len(body) > ingestionMaxBody {
		return refuseAzure(http.StatusRequestEntityTooLarge, `{"error":{"code":"ContentLengthLimitExceeded","message":"Maximum allowed content length: 1048576 bytes"}}`)
	}
	rows, err := azureRows(text)
	if err != nil {
		return refuseAzure(http.StatusBadRequest, "%s", err)
	}
	for _, row := range rows {
		if err := checkIngestedRow(row, rule.Columns); err != nil {
			return refuseAzure(http.StatusBadRequest, "%s", err)
		}
	}
	return rows, AzureAnswer{Status: http.StatusNoContent}
}

// checkIngestedRow holds more than the service does: it would drop what the
// stream does not declare, and cut a field that is too long, without a word.
func checkIngestedRow(row json.RawMessage, columns map[string]string) error {
	all, err := azureMembers(row)
	if err != nil {
		return err
	}
	if _, ok := all["TimeGenerated"]; !ok {
		return errors.New("TimeGenerated is missing")
	}
	for name, v := range all {
		if azureFieldSize(v) > ingestionMaxField {
			return fmt.Errorf("%s would be cut", name)
		}
		switch kind := columns[name]; kind {
		case "dynamic":
		case "string":
			var text *string
			err = json.Unmarshal(v, &text)
		case "datetime":
			var at time.Time
			err = json.Unmarshal(v, &at)
		default:
			err = fmt.Errorf("type %q", kind)
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", name, err)
		}
	}
	return nil
}
