// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"testing"
	"time"
)

// The limits of Datadog's logs intake (docs.datadoghq.com/api/latest/logs). It
// takes what is larger or older and cuts or drops it; here it is refused, so
// that tests see it.
const (
	datadogMaxBody    = 5_000_000
	datadogMaxEntry   = 1_000_000
	datadogMaxEntries = 1000
	datadogPast       = 18 * time.Hour
	datadogFuture     = 2 * time.Hour
)

// datadogStatuses are the words of Datadog's status remapper that stand for
// themselves.
var datadogStatuses = []string{"emerg", "alert", "critical", "error", "warn", "notice", "info", "debug", "ok"}

// NewDatadog starts Datadog's logs intake, API v2, at /api/v2/logs; URL is the
// whole one.
func NewDatadog(t testing.TB, apiKey string) *Server {
	t.Helper()
	s := &Server{}
	s.listen(t, "/api/v2/logs", http.StatusAccepted, nil, func(r *http.Request) ([]json.RawMessage, error) {
		return verifyDatadog(r, apiKey)
	})
	s.URL += "/api/v2/logs"
	return s
}

func verifyDatadog(r *http.Request, apiKey string) ([]json.RawMessage, error) {
	if r.Header.Get("DD-API-KEY") != apiKey {
		return nil, refuse(http.StatusForbidden, "found no valid DD-API-KEY")
	}
	contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || err != nil || contentType != "application/json" {
		return nil, refuse(http.StatusBadRequest, "found %s of %q", r.Method, contentType)
	}
	body, err := readBody(r, datadogMaxBody)
	if err != nil {
		return nil, err
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(body, &entries); err != nil {
		return nil, refuse(http.StatusBadRequest, "found no JSON array: %s", err)
	}
	if len(entries) == 0 || len(entries) > datadogMaxEntries {
		return nil, refuse(http.StatusRequestEntityTooLarge, "found %d entries", len(entries))
	}
	for _, entry := range entries {
		if err := verifyDatadogEntry(entry); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func verifyDatadogEntry(entry []byte) error {
	if len(entry) > datadogMaxEntry {
		return refuse(http.StatusRequestEntityTooLarge, "found an entry of %d bytes", len(entry))
	}
	if err := isObject(entry); err != nil {
		return err
	}
	var e struct {
		DDSource, DDTags, Hostname, Service, Status, Message string
		Date                                                 int64
		Timestamp                                            any
	}
	if err := json.Unmarshal(entry, &e); err != nil {
		return refuse(http.StatusBadRequest, "found an entry of another shape: %s", err)
	}
	if e.DDSource == "" || e.Hostname == "" || e.Service == "" || e.Message == "" {
		return refuse(http.StatusBadRequest, "found no ddsource, hostname, service or message")
	}
	if !slices.Contains(datadogStatuses, e.Status) {
		return refuse(http.StatusBadRequest, "found status %q, which would show as info", e.Status)
	}
	if json.Valid([]byte(e.Message)) {
		return refuse(http.StatusBadRequest, "found JSON in message: it would be encoded twice")
	}
	at := time.UnixMilli(e.Date)
	if text, ok := e.Timestamp.(string); ok { // read before date
		if own, err := time.Parse(time.RFC3339Nano, text); err == nil {
			at = own
		}
	}
	if now := time.Now(); at.Before(now.Add(-datadogPast)) || at.After(now.Add(datadogFuture)) {
		return refuse(http.StatusBadRequest, "found a time that would be dropped: %s", at)
	}
	return nil
}
