// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestOutcomeOf(t *testing.T) {
	for outcome, statuses := range map[Outcome][]int{
		Delivered: {200, 201, 202, 204},
		Held:      {301, 302, 303, 307, 308, 401, 403, 404, 405, 407},
		Retry:     {0, 408, 429, 500, 501, 502, 503, 504},
		Refused:   {400, 406, 409, 410, 411, 413, 414, 415, 422, 431, 451},
	} {
		for _, status := range statuses {
			assert.Equal(t, outcome, OutcomeOf(status), "%d", status)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 1, 27, 10, 30, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "1.5": 0,
		"Mon, 27 Jan 2025 10:30:20 GMT": 20 * time.Second,
		"Mon, 27 Jan 2025 10:29:00 GMT": 0,
		"Wed, 27 Jan 2055 10:30:00 GMT": time.Hour,
		"2147483647":                    time.Hour,
		"99999999999999999999":          0,
	} {
		assert.Equal(t, want, retryAfter(header, now), header)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		" bad\r\n\tevent\x00\x1b[31m ":  "bad event[31m",
		"key s3cr3t-key is wrong":       "key [REDACTED] is wrong",
		"ab":                            "ab",
		"got Bearer abcdef0123456789x":  "got Bearer [REDACTED]",
		"Basic authentication needed":   "Basic authentication needed",
		"half \xff a rune":              "half a rune",
		"refused by token=hunter22":     "refused by token=[REDACTED]",
		`{"api_key": "hunter22","a":1}`: `{"api_key": "[REDACTED]","a":1}`,
		`Post "https://u:hunter22@siem/in?sig=hunter22&x=1": dial tcp: refused`: `Post "https://[REDACTED]@siem/in?[REDACTED]": dial tcp: refused`,
		"getting a token: HTTP 302":                                "getting a token: HTTP 302",
		"Authorization: found no valid bearer token, expected one": "Authorization: found no valid bearer token, expected one",
		"Authorization: ApiKey VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dQ==":   "Authorization: ApiKey [REDACTED]",
		"Authorization: Token hunter22hunter22":                    "Authorization: Token [REDACTED]",
		"X-Api-Key: hunter22hunter22 is unknown":                   "X-Api-Key: [REDACTED] is unknown",
		`{"password":"my hunter 22","a":1}`:                        `{"password":"[REDACTED]","a":1}`,
		"AccountKey=hunter22==;sig=hunter22":                       "AccountKey=[REDACTED];sig=[REDACTED]",
		"amqp://u:hunt@er22@siem/in":                               "amqp://[REDACTED]@siem/in",
	} {
		assert.Equal(t, want, Clean(in, "s3cr3t-key", "ab", ""))
	}
	assert.Equal(t, "[REDACTED]", Clean("s3cr3t-key-2", "s3cr3t-key", "s3cr3t-key-2"), "one begins with the other")
	long := Clean(strings.Repeat("ü", 500))
	assert.LessOrEqual(t, len(long), 200)
	assert.True(t, utf8.ValidString(long))
	assert.True(t, strings.HasSuffix(long, "ü…"), long)
}

// TestDo asks a real server for each kind of answer.
func TestDo(t *testing.T) {
	var followed bool
	mux := http.NewServeMux()
	mux.HandleFunc("/followed", func(http.ResponseWriter, *http.Request) { followed = true })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/followed", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	})
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	mux.HandleFunc("/bad", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no:\n"+r.Header.Get("X-Key")+strings.Repeat(" x", 1<<20), http.StatusBadRequest)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	s := NewSender(server.Client(), "my-api-key")
	do := func(path string) *Error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader("{}"))
		require.NoError(t, err)
		req.Header.Set("X-Key", "my-api-key")
		return s.Do(req)
	}
	assert.Nil(t, do("/ok"))
	assert.Equal(t, &Error{Status: 429, RetryAfter: 3 * time.Second, Reason: "slow down"}, do("/busy"))
	assert.Equal(t, &Error{Status: 404, Reason: "404 page not found"}, do("/nowhere"))
	redirected := do("/redirect")
	assert.Equal(t, 307, redirected.Status)
	assert.Equal(t, Held, redirected.Outcome())
	assert.False(t, followed)
	bad := do("/bad")
	assert.Equal(t, Refused, bad.Outcome())
	assert.True(t, strings.HasPrefix(bad.Reason, "no: [REDACTED] x x"), bad.Reason)
	assert.LessOrEqual(t, len(bad.Reason), 200)

	server.Close()
	down := do("/?token=query-secret")
	assert.Zero(t, down.Status)
	assert.Equal(t, Retry, down.Outcome())
	assert.Contains(t, down.Reason, "connection refused")
	assert.NotContains(t, down.Reason, "query-secret")
}

// TestWrap: exporterhelper reads the same from an error as the journal.
func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		err       *Error
		permanent bool
		text      string
	}{
		{&Error{Status: 400, Reason: "no"}, true, "Permanent error: HTTP 400: no"},
		{&Error{Status: 413}, true, "Permanent error: HTTP 413"},
		{NewRefused("300 KB, expected at most 256 KB"), true, "Permanent error: 300 KB, expected at most 256 KB"},
		{&Error{Status: 401, Reason: "who?"}, false, "HTTP 401: who?"},
		{&Error{Status: 302}, false, "HTTP 302"},
		{&Error{Status: 503, RetryAfter: time.Minute}, false, "Throttle (1m0s), error: HTTP 503"},
		{&Error{Status: 400, RetryAfter: time.Minute}, true, "Permanent error: HTTP 400"},
		{&Error{Reason: "connection refused"}, false, "connection refused"},
	} {
		err := fmt.Errorf("sending: %w", tt.err.Wrap())
		assert.Equal(t, tt.permanent, consumererror.IsPermanent(err))
		assert.EqualError(t, tt.err.Wrap(), tt.text)
		var found *Error
		require.ErrorAs(t, err, &found)
		assert.Same(t, tt.err, found)
	}
}

// three has records 0 to 2, of two producers.
func three() plog.Logs {
	logs := plog.NewLogs()
	for i := range 2 {
		records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		for n := range 2 - i {
			records.AppendEmpty().Body().SetInt(int64(2*i + n))
		}
	}
	return logs
}

func TestPartial(t *testing.T) {
	cause := &Error{Status: 400}
	assert.Equal(t, cause.Wrap(), NewPartial(cause.Wrap(), three(), 0))
	for sent := 1; sent < 3; sent++ {
		logs := three()
		err := fmt.Errorf("sending: %w", NewPartial(cause.Wrap(), logs, sent))
		assert.Equal(t, three(), logs, "untouched")
		var partial *Partial
		require.ErrorAs(t, err, &partial)
		assert.Equal(t, []int{sent, 3}, []int{partial.Sent, partial.Of})
		assert.True(t, consumererror.IsPermanent(err))
		require.ErrorIs(t, err, error(cause))
		var rest consumererror.Logs
		require.ErrorAs(t, err, &rest)
		assert.Equal(t, 3-sent, rest.Data().LogRecordCount())
		first := rest.Data().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		assert.Equal(t, int64(sent), first.Body().Int())
	}
}

// FuzzClean: whatever a destination says, it is one short printable line without
// our secrets.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "no", "a\nb", "Bearer abcdefghijklmnopq", "a-secret", "\xff\xfe", strings.Repeat("ü", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean(text, "a-secret")
		assert.LessOrEqual(t, len(got), maxReason)
		assert.True(t, utf8.ValidString(got))
		assert.NotContains(t, got, "a-secret")
		assert.NotRegexp(t, `[\x00-\x1f\x7f]`, got)
		retryAfter(text, time.Now())
	})
}

func BenchmarkClean(b *testing.B) {
	text := strings.Repeat("unexpected token in event ", 300)
	b.ReportAllocs()
	for b.Loop() {
		Clean(text, "a-secret-of-ours")
	}
}
