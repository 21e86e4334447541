// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Webhook is a server that takes JSON, as the guide's section "HTTP/HTTPS
// Webhook" has it.
type Webhook struct {
	Server

	options WebhookOptions
	ids     []string
}

// WebhookOptions say what a Webhook expects.
type WebhookOptions struct {
	// Method is POST by default.
	Method string
	// ContentType is application/json by default.
	ContentType string
	// Token is that of the Authorization header, if any.
	Token string
	// Key is the key of signatures, if any.
	Key []byte
}

// maxWebhookBody is the largest body taken.
const maxWebhookBody = 10 << 20

// NewWebhook starts a Webhook. It takes events at /api/v1/events.
func NewWebhook(t testing.TB, options WebhookOptions) *Webhook {
	t.Helper()
	if options.Method == "" {
		options.Method = http.MethodPost
	}
	if options.ContentType == "" {
		options.ContentType = "application/json"
	}
	w := &Webhook{options: options}
	w.listen(t, "/api/v1/events", http.StatusOK, nil, w.verify)
	w.URL += "/api/v1/events"
	return w
}

// IDs returns the ids of signed requests, in order.
func (w *Webhook) IDs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.ids...)
}

func (w *Webhook) verify(r *http.Request) ([]json.RawMessage, error) {
	if w.options.Token != "" && r.Header.Get("Authorization") != "Bearer "+w.options.Token {
		return nil, refuse(http.StatusUnauthorized, "found no valid token")
	}
	if r.Method != w.options.Method {
		return nil, refuse(http.StatusMethodNotAllowed, "found method %s", r.Method)
	}
	if contentType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || contentType != w.options.ContentType {
		return nil, refuse(http.StatusUnsupportedMediaType, "found content type %q", contentType)
	}
	body, err := readBody(r, maxWebhookBody)
	if err != nil {
		return nil, err
	}
	if w.options.Key != nil {
		if err := verifySignature(r.Header, body, w.options.Key); err != nil {
			return nil, err
		}
		w.mu.Lock()
		w.ids = append(w.ids, r.Header.Get("webhook-id"))
		w.mu.Unlock()
	}
	return webhookEvents(body, w.options.ContentType)
}

// signatureTolerance is the one of Standard Webhooks' own libraries.
const signatureTolerance = 5 * time.Minute

// verifySignature does what the Standard Webhooks specification tells consumers
// to do.
func verifySignature(header http.Header, body, key []byte) error {
	id, timestamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || strings.Contains(id, ".") || err != nil {
		return refuse(http.StatusUnauthorized, "found webhook-id %q and webhook-timestamp %q", id, timestamp)
	}
	if age := time.Since(time.Unix(seconds, 0)).Abs(); age > signatureTolerance {
		return refuse(http.StatusUnauthorized, "found a webhook-timestamp %s away", age)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(bytes.Join([][]byte{[]byte(id), []byte(timestamp), body}, []byte(".")))
	for signature := range strings.FieldsSeq(header.Get("webhook-signature")) {
		version, encoded, _ := strings.Cut(signature, ",")
		found, err := base64.StdEncoding.DecodeString(encoded)
		if version == "v1" && err == nil && hmac.Equal(found, mac.Sum(nil)) {
			return nil
		}
	}
	return refuse(http.StatusUnauthorized, "found no valid webhook-signature")
}

func webhookEvents(body []byte, contentType string) ([]json.RawMessage, error) {
	var events []json.RawMessage
	switch {
	case contentType == "application/x-ndjson":
		if !bytes.HasSuffix(body, []byte("\n")) {
			return nil, refuse(http.StatusBadRequest, "found no newline at the end")
		}
		for line := range bytes.Lines(body) {
			events = append(events, bytes.TrimSuffix(line, []byte("\n")))
		}
	case bytes.HasPrefix(body, []byte("[")):
		if err := json.Unmarshal(body, &events); err != nil {
			return nil, refuse(http.StatusBadRequest, "found no JSON array")
		}
	default:
		events = append(events, body)
	}
	for _, event := range events {
		if err := isObject(event); err != nil {
			return nil, err
		}
	}
	return events, nil
}
