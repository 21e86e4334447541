// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver"
)

type sent struct {
	EventType string `json:"event_type"`
	EventID   string `json:"event_id"`
	Test      bool
}

func sentEvents(t *testing.T, sink *consumertest.LogsSink) (all []sent) {
	t.Helper()
	for _, text := range bodies(sink) {
		var s sent
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		all = append(all, s)
	}
	return all
}

func TestSend(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	stdout, stderr, err := run(t, "send", "--url", url, "-n", "500", "--batch", "64")
	require.NoError(t, err)
	assert.Empty(t, stderr, "no bar where there is no terminal")
	assert.Regexp(t, `^sent 500 events in 8 requests: 500 accepted, 0 refused; \d+ events/s\n$`, stdout)
	ids, types := map[string]bool{}, map[string]bool{}
	for _, s := range sentEvents(t, sink) {
		assert.True(t, s.Test)
		ids[s.EventID], types[s.EventType] = true, true
	}
	assert.Len(t, ids, 500)
	assert.Len(t, types, 37)
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				_, warned := record.Attributes().Get(eventlog.AttrWarnings)
				assert.False(t, warned)
			}
		}
	}
}

func TestSendTypesAndSeed(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	var ids [2][]string
	for i := range ids {
		sink.Reset()
		_, _, err := run(t, "send", "--url", url, "--type", "auth.mfa_*", "--type", "data.exported", "--seed", "7", "--test=false")
		require.NoError(t, err)
		var types []string
		for _, s := range sentEvents(t, sink) {
			assert.False(t, s.Test)
			types, ids[i] = append(types, s.EventType), append(ids[i], s.EventID)
		}
		assert.ElementsMatch(t, []string{"auth.mfa_enabled", "auth.mfa_disabled", "data.exported"}, types, "one of each")
	}
	assert.ElementsMatch(t, ids[0], ids[1])
}

// TestSendWaits: the receiver's own 429 and 503 are waited for.
func TestSendWaits(t *testing.T) {
	for name, limit := range map[string]float64{"429": 2, "503": 0} {
		t.Run(name, func(t *testing.T) {
			next := &full{LogsSink: new(consumertest.LogsSink)}
			if limit == 0 {
				next.refuses.Store(1)
			}
			url := receive(t, next, func(cfg *mockforgereceiver.HTTPConfig) {
				cfg.Limits.RateLimit = mockforgereceiver.RateLimitConfig{RequestsPerSecond: limit, Burst: 1}
			})
			stdout, stderr, err := run(t, "send", "--url", url, "-n", "4", "--batch", "2")
			require.NoError(t, err)
			assert.Contains(t, stderr, "HTTP "+name)
			assert.Contains(t, stderr, "; waiting 1s\n")
			assert.Contains(t, stdout, "in 3 requests: 4 accepted, 0 refused")
			assert.Len(t, bodies(next.LogsSink), 4)
		})
	}
}

func TestSendInterrupted(t *testing.T) {
	next := &full{LogsSink: new(consumertest.LogsSink)}
	url := receive(t, next, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	interrupted, interrupt := context.WithCancel(ctx)
	cmd := newCommand(func(string) (string, bool) { return "", false })
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(new(bytes.Buffer))
	cmd.SetArgs([]string{"send", "--url", url, "-n", "100000", "--rate", "100"})
	time.AfterFunc(300*time.Millisecond, interrupt)
	require.ErrorContains(t, cmd.ExecuteContext(interrupted), "interrupted")
	n := len(bodies(next.LogsSink))
	assert.Positive(t, n)
	assert.Less(t, n, 100, "--rate is kept")
	assert.Contains(t, out.String(), " accepted, 0 refused")
}

func TestSendRefused(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, func(cfg *mockforgereceiver.HTTPConfig) { cfg.MaxEvents = 5 })
	stdout, _, err := run(t, "send", "--url", url, "-n", "13", "--batch", "6")
	require.ErrorContains(t, err, "12 events were refused, the first with: HTTP 413: ")
	assert.Contains(t, stdout, "sent 13 events in 3 requests: 1 accepted, 12 refused")

	_, _, err = run(t, "send", "--url", strings.Replace(url, "events", "event", 1))
	require.ErrorContains(t, err, "HTTP 404", "said of all events, so it ends")
}

// TestSendToken: over TLS, and the token is in no message.
func TestSendToken(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer open-sesame" {
			http.Error(w, "no: "+r.Header.Get("Authorization"), http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good, bad, none := write("good", "open-sesame\n"), write("bad", "closed-sesame"), write("none", "\n")
	ca := write("ca.pem", pemOf(server))

	_, _, err := run(t, "send", "--url", server.URL, "--token-file", good)
	require.ErrorContains(t, err, "certificate")
	_, _, err = run(t, "send", "--url", server.URL, "--token-file", good, "--ca-file", ca)
	require.NoError(t, err)
	_, _, err = run(t, "send", "--url", server.URL, "--token-file", good, "--insecure")
	require.NoError(t, err)
	_, _, err = run(t, "send", "--url", server.URL, "--token-file", bad, "--ca-file", ca)
	require.ErrorContains(t, err, "HTTP 401")
	assert.NotContains(t, err.Error(), "closed-sesame")
	_, _, err = run(t, "send", "--url", server.URL, "--token-file", none)
	require.ErrorContains(t, err, "--token-file: found nothing in ")
	t.Setenv(tokenVariable, "open-sesame")
	cmd := newCommand(os.LookupEnv)
	cmd.SetOut(new(bytes.Buffer))
	cmd.SetArgs([]string{"send", "--url", server.URL, "--ca-file", ca})
	require.NoError(t, cmd.ExecuteContext(t.Context()))
}

func TestSendErrors(t *testing.T) {
	for want, args := range map[string][]string{
		`--type: found "auth.x*", which matches none of the types`: {"--type", "auth.x*"},
		`--type: column 5: found ' '`:                              {"--type", "auth ="},
		`--url: found "localhost:1"`:                               {"--url", "localhost:1"},
		`--rate and --batch: found 0 and 0`:                        {"--batch", "0"},
		`--count: found -1`:                                        {"-n", "-1"},
		`connection refused`:                                       {"--url", "http://127.0.0.1:1/"},
	} {
		_, _, err := run(t, append([]string{"send"}, args...)...)
		assert.ErrorContains(t, err, want)
	}
}
