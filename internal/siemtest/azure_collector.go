// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Limits of the HTTP Data Collector API.
const (
	collectorMaxBody  = 30_000_000
	collectorMaxField = 32 << 10
	collectorSkew     = 15 * time.Minute
)

var (
	logTypeName  = regexp.MustCompile(`^[0-9A-Za-z_]{1,100}$`)
	propertyName = regexp.MustCompile(`^[0-9A-Za-z_]{1,45}$`)
)

// AzureWorkspace is who may post by the HTTP Data Collector API.
type AzureWorkspace struct {
	ID      string
	Key     string // base64
	LogType string
}

// NewAzureDataCollector starts a server of the HTTP Data Collector API. It
// computes the signature anew over the bytes that it gets.
func NewAzureDataCollector(t testing.TB, workspace AzureWorkspace) *Azure {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(workspace.Key)
	require.NoError(t, err)
	return newAzure(t, "/api/logs", nil, func(r *http.Request, body []byte) ([]json.RawMessage, AzureAnswer) {
		return takeCollected(r, body, workspace, key)
	})
}

func takeCollected(r *http.Request, body []byte, workspace AzureWorkspace, key []byte) ([]json.RawMessage, AzureAnswer) {
	switch {
	case r.Method != http.MethodPost:
		return refuseAzure(http.StatusMethodNotAllowed, "%s", r.Method)
	case r.URL.RawQuery != "api-version=2016-04-01":
		return refuseAzure(http.StatusBadRequest, `{"Error":"InvalidApiVersion"}`)
	case r.Header.Get("Content-Type") != "application/json":
		return refuseAzure(http.StatusBadRequest, `{"Error":"UnsupportedContentType"}`)
	case !logTypeName.MatchString(r.Header.Get("Log-Type")), r.Header.Get("Log-Type") != workspace.LogType:
		return refuseAzure(http.StatusBadRequest, `{"Error":"InvalidLogType"}`)
	case len(body) > collectorMaxBody:
		return refuseAzure(http.StatusNotFound, "the request is too large")
	case r.ContentLength != int64(len(body)):
		return refuseAzure(http.StatusBadRequest, "Content-Length %d of %d bytes", r.ContentLength, len(body))
	}
	if err := checkSharedKey(r, body, workspace.ID, key); err != nil {
		return refuseAzure(http.StatusForbidden, `{"Error":"InvalidAuthorization","Message":%q}`, err)
	}
	rows, err := azureRows(body)
	if err != nil {
		return refuseAzure(http.StatusBadRequest, `{"Error":"InvalidDataFormat","Message":%q}`, err)
	}
	for _, row := range rows {
		if err := checkCollectedRow(row, r.Header.Get("time-generated-field")); err != nil {
			return refuseAzure(http.StatusBadRequest, `{"Error":"InvalidDataFormat","Message":%q}`, err)
		}
	}
	return rows, AzureAnswer{Status: http.StatusOK}
}

func checkSharedKey(r *http.Request, body []byte, workspace string, key []byte) error {
	date := r.Header.Get("x-ms-date")
	at, err := time.Parse(time.RFC1123, date)
	if err != nil || !strings.HasSuffix(date, " GMT") {
		return fmt.Errorf("x-ms-date %q is not in the form of RFC 1123", date)
	}
	if time.Since(at).Abs() > collectorSkew {
		return fmt.Errorf("x-ms-date %q is not of now", date)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s\n%d\n%s\nx-ms-date:%s\n%s", r.Method, len(body), r.Header.Get("Content-Type"), date, r.URL.Path)
	want := "SharedKey " + workspace + ":" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(want), []byte(r.Header.Get("Authorization"))) {
		return errors.New("the signature is wrong")
	}
	return nil
}

// checkCollectedRow holds more than the service does: it would cut a field that
// is too long, and take the time of arrival without a time.
func checkCollectedRow(row json.RawMessage, timeField string) error {
	all, err := azureMembers(row)
	if err != nil {
		return err
	}
	for name, v := range all {
		switch {
		case !propertyName.MatchString(name):
			return fmt.Errorf("%q is no name of a property", name)
		case name == "tenant" || name == "TimeGenerated" || name == "RawData":
			return fmt.Errorf("%s is reserved", name)
		case azureFieldSize(v) > collectorMaxField:
			return fmt.Errorf("%s would be cut", name)
		}
	}
	var at time.Time
	if err := json.Unmarshal(all[timeField], &at); err != nil {
		return fmt.Errorf("%s: %w", timeField, err)
	}
	return nil
}
