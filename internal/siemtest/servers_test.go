// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The servers are what other tests rest on: here they must refuse what is
// wrong in one way only.

func send(t *testing.T, method, url, body string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(answer)
}

// with returns a header with one value changed.
func with(header map[string]string, k, v string) map[string]string {
	changed := maps.Clone(header)
	changed[k] = v
	return changed
}

func sign(key []byte, id string, at time.Time, body string) map[string]string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "." + body))
	return map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer t", "webhook-id": id, "webhook-timestamp": timestamp,
		"webhook-signature": "v0,x v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

func TestWebhookRefuses(t *testing.T) {
	key, now := []byte("key"), time.Now()
	w := NewWebhook(t, WebhookOptions{Token: "t", Key: key})
	right := sign(key, "id", now, "{}")
	for name, tt := range map[string]struct {
		method, body string
		header       map[string]string
		status       int
	}{
		"right":     {"POST", "{}", right, 200},
		"array":     {"POST", `[{"a":1}]`, sign(key, "id", now, `[{"a":1}]`), 200},
		"method":    {"PUT", "{}", right, 405},
		"token":     {"POST", "{}", with(right, "Authorization", "Bearer x"), 401},
		"type":      {"POST", "{}", with(right, "Content-Type", "text/plain"), 415},
		"coding":    {"POST", "{}", with(right, "Content-Encoding", "br"), 415},
		"body":      {"POST", "{ }", right, 401},
		"id":        {"POST", "{}", with(right, "webhook-id", "other"), 401},
		"dot":       {"POST", "{}", sign(key, "a.b", now, "{}"), 401},
		"key":       {"POST", "{}", sign([]byte("k"), "id", now, "{}"), 401},
		"old":       {"POST", "{}", sign(key, "id", now.Add(-6*time.Minute), "{}"), 401},
		"future":    {"POST", "{}", sign(key, "id", now.Add(6*time.Minute), "{}"), 401},
		"unsigned":  {"POST", "{}", with(right, "webhook-signature", ""), 401},
		"no object": {"POST", "[1]", sign(key, "id", now, "[1]"), 400},
		"twice":     {"POST", `{"a":1,"a":2}`, sign(key, "id", now, `{"a":1,"a":2}`), 400},
	} {
		status, answer := send(t, tt.method, w.URL, tt.body, tt.header)
		assert.Equal(t, tt.status, status, "%s: %s", name, answer)
	}
	assert.Len(t, w.Events(), 2)
	assert.Len(t, w.Refusals(), 13)
	lines := NewWebhook(t, WebhookOptions{ContentType: "application/x-ndjson"})
	status, _ := send(t, "POST", lines.URL, "{}\n{}", map[string]string{"Content-Type": "application/x-ndjson"})
	assert.Equal(t, 400, status, "no newline at the end")
}

func TestScript(t *testing.T) {
	w := NewWebhook(t, WebhookOptions{})
	w.Script(func(n int, _ []json.RawMessage) *Answer {
		if n == 1 {
			return &Answer{Status: 503}
		}
		return nil
	})
	for _, want := range []int{503, 200} {
		status, _ := send(t, "POST", w.URL, "{}", map[string]string{"Content-Type": "application/json"})
		assert.Equal(t, want, status)
	}
	assert.Len(t, w.Events(), 1)
	assert.Empty(t, w.Refusals())
}

func TestDatadogRefuses(t *testing.T) {
	s := NewDatadog(t, "key")
	right := map[string]string{"Content-Type": "application/json", "DD-API-KEY": "key"}
	entry := func(old, changed string) string {
		e := fmt.Sprintf(`{"ddsource":"m","hostname":"h","service":"s","status":"warn","message":"m","date":%d}`, time.Now().UnixMilli())
		return "[" + strings.Replace(e, old, changed, 1) + "]"
	}
	at := func(d time.Duration) string {
		return entry(`"ddsource"`, `"timestamp":"`+time.Now().Add(d).UTC().Format(time.RFC3339)+`","ddsource"`)
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, err := zip.Write([]byte(entry("", "")))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	for name, tt := range map[string]struct {
		body   string
		header map[string]string
		status int
	}{
		"right":      {entry("", ""), right, 202},
		"gzip":       {zipped.String(), with(right, "Content-Encoding", "gzip"), 202},
		"no gzip":    {entry("", ""), with(right, "Content-Encoding", "gzip"), 400},
		"in time":    {at(-17 * time.Hour), right, 202},
		"key":        {entry("", ""), with(right, "DD-API-KEY", "x"), 403},
		"type":       {entry("", ""), with(right, "Content-Type", "text/plain"), 400},
		"none":       {"[]", right, 413},
		"too many":   {"[" + strings.Repeat("{},", 1000) + "{}]", right, 413},
		"too large":  {"[" + strings.Repeat(" ", 5_000_000) + "]", right, 413},
		"large one":  {entry(`"m"`, `"`+strings.Repeat("x", 1_000_000)+`"`), right, 413},
		"status":     {entry("warn", "medium"), right, 400},
		"no message": {entry(`"message":"m"`, `"message":""`), right, 400},
		"twice":      {entry(`"message":"m"`, `"message":"{}"`), right, 400},
		"members":    {entry(`"message":"m"`, `"message":"m","message":"m"`), right, 400},
		"old":        {at(-19 * time.Hour), right, 400},
		"future":     {at(3 * time.Hour), right, 400},
		"no date":    {entry(`"date"`, `"x"`), right, 400},
		"date":       {entry(`"date":`, `"date":"x","y":`), right, 400},
	} {
		status, answer := send(t, "POST", s.URL, tt.body, tt.header)
		assert.Equal(t, tt.status, status, "%s: %s", name, answer)
	}
	assert.Len(t, s.Events(), 3)
}

// grant asks for a token with claims and a key.
func (g *Google) grant(t *testing.T, change func(claims, header map[string]any), key *rsa.PrivateKey) (int, string) {
	t.Helper()
	now := time.Now().Unix()
	claims := map[string]any{"iss": googleAccount, "scope": googleScope, "aud": g.tokenURL(), "iat": now, "exp": now + 3600}
	header := map[string]any{"alg": "RS256", "typ": "JWT", "kid": googleKeyID}
	change(claims, header)
	encoded := make([]string, 0, 2)
	for _, part := range []map[string]any{header, claims} {
		data, err := json.Marshal(part)
		require.NoError(t, err)
		encoded = append(encoded, base64.RawURLEncoding.EncodeToString(data))
	}
	assertion := strings.Join(encoded, ".")
	digest := sha256.Sum256([]byte(assertion))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	require.NoError(t, err)
	assertion += "." + base64.RawURLEncoding.EncodeToString(signature)
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	return send(t, "POST", g.tokenURL(), form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

func shift(claims map[string]any, name string, seconds int64) {
	claims[name] = claims[name].(int64) + seconds
}

func TestGoogleTokens(t *testing.T) {
	g := NewGoogle(t, "p", "a/b")
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		change func(claims, header map[string]any)
		key    *rsa.PrivateKey
		status int
	}{
		"right":    {func(_, _ map[string]any) {}, g.key, 200},
		"key":      {func(_, _ map[string]any) {}, other, 400},
		"key id":   {func(_, h map[string]any) { h["kid"] = "x" }, g.key, 400},
		"alg":      {func(_, h map[string]any) { h["alg"] = "none" }, g.key, 400},
		"issuer":   {func(c, _ map[string]any) { c["iss"] = "x" }, g.key, 400},
		"audience": {func(c, _ map[string]any) { c["aud"] = "https://x" }, g.key, 400},
		"scope":    {func(c, _ map[string]any) { c["scope"] = "x" }, g.key, 400},
		"expired":  {func(c, _ map[string]any) { shift(c, "iat", -4000); shift(c, "exp", -4000) }, g.key, 400},
		"too long": {func(c, _ map[string]any) { shift(c, "exp", 60) }, g.key, 400},
	} {
		status, answer := g.grant(t, tt.change, tt.key)
		assert.Equal(t, tt.status, status, "%s: %s", name, answer)
	}
	assert.Equal(t, 1, g.Issued())
}

func TestGoogleRefuses(t *testing.T) {
	g := NewGoogle(t, "p", "a/b")
	_, answer := g.grant(t, func(_, _ map[string]any) {}, g.key)
	var token struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &token))
	right := map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + token.AccessToken}
	now := time.Now().UTC()
	body := func(old, changed string) string {
		b := `{"logName":"projects/p/logs/a%2Fb","partialSuccess":false,"resource":{"type":"global","labels":{"project_id":"p"}},"entries":[{"severity":"ERROR","insertId":"1","timestamp":"` +
			now.Format(time.RFC3339) + `","labels":{"a":"b"},"jsonPayload":{"n":1}}]}`
		return strings.Replace(b, old, changed, 1)
	}
	at := func(d time.Duration) string { return body(now.Format(time.RFC3339), now.Add(d).Format(time.RFC3339)) }
	for _, tt := range []struct {
		name, body string
		header     map[string]string
		status     int
	}{
		{"right", body("", ""), right, 200},
		{"again", body("", ""), right, 200}, // and known
		{"another", body(`"insertId":"1"`, `"insertId":"2"`), right, 200},
		{"old", at(-31 * 24 * time.Hour), right, 200}, // and not kept
		{"future", at(25 * time.Hour), right, 400},
		{"token", body("", ""), with(right, "Authorization", "Bearer x"), 401},
		{"no token", body("", ""), with(right, "Authorization", ""), 401},
		{"log", body("%2F", "/"), right, 400},
		{"project", body(`"project_id":"p"`, `"project_id":"q"`), right, 400},
		{"partial", body("false", "true"), right, 400},
		{"severity", body("ERROR", "HIGH"), right, 400},
		{"member", body(`"insertId"`, `"insertID2"`), right, 400},
		{"label", body(`"a":"b"`, `"a":1`), right, 400},
		{"payload", body(`{"n":1}`, `"text"`), right, 400},
		{"no payload", body(`"jsonPayload":{"n":1}`, `"jsonPayload":null`), right, 400},
		{"large one", body(`"n":1`, `"n":"`+strings.Repeat("x", 256<<10)+`"`), right, 400},
		{"too large", strings.Repeat(" ", 10_000_001), right, 413},
	} {
		status, answer := send(t, "POST", g.URL, tt.body, tt.header)
		assert.Equal(t, tt.status, status, "%s: %s", tt.name, answer)
	}
	assert.Len(t, g.Events(), 2)
	g.Revoke()
	status, _ := send(t, "POST", g.URL, body("", ""), right)
	assert.Equal(t, 401, status)
}
