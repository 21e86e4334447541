// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter/internal/metadatatest"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// run is an exporter that was started.
type run struct {
	exporter.Logs
	logged *observer.ObservedLogs
	tel    *componenttest.Telemetry
}

func start(t testing.TB, cfg *Config) *run {
	t.Helper()
	require.NoError(t, xconfmap.Validate(cfg))
	core, logged := observer.New(zap.DebugLevel)
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
	})
	return &run{Logs: e, logged: logged, tel: tel}
}

func config(url string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.ClientConfig.Endpoint = url
	return cfg
}

// all returns events of every type at the time given, numbered from 0.
func all(t testing.TB, n int, at time.Time) (plog.Logs, []string) {
	t.Helper()
	types := event.Catalogue()
	var in []string
	for i := range n {
		typ := types[i%len(types)]
		in = append(in, fmt.Sprintf(
			`{"timestamp":%q,"event_type":%q,"severity":%q,"source":{"system":"s%d"},"outcome":{"success":false,"reason":"no \"%d\""},"metadata":{"n":%d,"big":9007199254740993,"text":"<é>"},"event_id":"id-%d","compliance":{"soc2_cc":["CC6"],"iso27001":[]}}`,
			at.UTC().Format(time.RFC3339Nano), typ.Name, typ.Severity, i/50, i, i, i))
	}
	return siemtest.Decode(t, "production", strings.Join(in, "\n")), in
}

func strs(events []json.RawMessage) []string {
	var all []string
	for _, e := range events {
		all = append(all, string(e))
	}
	return all
}

// TestFormats sends all types in each format, and compares bytes.
func TestFormats(t *testing.T) {
	const n = 111
	for _, tt := range []struct {
		format      Format
		method      string
		contentType string
		maxEvents   int
		requests    int
	}{
		{FormatEvent, "", "application/json", 1000, n},
		{FormatJSONArray, http.MethodPut, "application/json", 50, 3},
		{FormatNDJSON, http.MethodPatch, "application/x-ndjson", 1000, 1},
	} {
		t.Run(string(tt.format), func(t *testing.T) {
			server := siemtest.NewWebhook(t, siemtest.WebhookOptions{Method: tt.method, ContentType: tt.contentType, Token: "t0ken-of-siem"})
			cfg := config(server.URL)
			cfg.Format, cfg.Method, cfg.MaxEvents = tt.format, tt.method, tt.maxEvents
			cfg.ClientConfig.Headers.Set("Authorization", "Bearer t0ken-of-siem")
			e := start(t, cfg)
			logs, want := all(t, n, time.Now())
			require.NoError(t, e.ConsumeLogs(t.Context(), logs))
			assert.Equal(t, want, strs(server.Events()))
			assert.Empty(t, server.Refusals())
			assert.Equal(t, tt.requests, server.Requests())
			require.NoError(t, e.ConsumeLogs(t.Context(), plog.NewLogs()), "nothing to send")
			assert.Equal(t, tt.requests, server.Requests())
		})
	}
}

// TestText sends a line that could not be read as an event as an object.
func TestText(t *testing.T) {
	server := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("sshd: \"no\"\n")
	require.NoError(t, start(t, config(server.URL)).ConsumeLogs(t.Context(), logs))
	assert.Equal(t, []string{`{"message":"sshd: \"no\"\n"}`}, strs(server.Events()))
}

func TestSigned(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	for name, tt := range map[string]struct {
		secret configopaque.String
		format Format
		ids    string
	}{
		"plain":   {configopaque.String(key), FormatEvent, `^id-[012]$`},
		"encoded": {configopaque.String("whsec_" + base64.StdEncoding.EncodeToString(key)), FormatEvent, `^id-[012]$`},
		"several": {configopaque.String(key), FormatJSONArray, `^[0-9a-f-]{36}$`},
	} {
		t.Run(name, func(t *testing.T) {
			server := siemtest.NewWebhook(t, siemtest.WebhookOptions{Key: key})
			cfg := config(server.URL)
			cfg.Format = tt.format
			cfg.Signing = configoptional.Some(SigningConfig{Secret: tt.secret})
			e := start(t, cfg)
			logs, want := all(t, 3, time.Now())
			require.NoError(t, e.ConsumeLogs(t.Context(), logs))
			assert.Equal(t, want, strs(server.Events()))
			for _, id := range server.IDs() {
				assert.Regexp(t, tt.ids, id)
			}
		})
	}
	server := siemtest.NewWebhook(t, siemtest.WebhookOptions{Key: key})
	cfg := config(server.URL)
	cfg.Signing = configoptional.Some(SigningConfig{Secret: "another key than the server's"})
	logs, _ := all(t, 1, time.Now())
	err := start(t, cfg).ConsumeLogs(t.Context(), logs)
	assert.Equal(t, httpsend.Held, own(t, err).Outcome())
	assert.Equal(t, []string{"HTTP 401: found no valid webhook-signature"}, server.Refusals())
}

func own(t *testing.T, err error) *httpsend.Error {
	t.Helper()
	var e *httpsend.Error
	require.ErrorAs(t, err, &e)
	return e
}

// TestAnswers: what comes back says how much was taken and what to do.
func TestAnswers(t *testing.T) {
	for status, want := range map[int]httpsend.Outcome{
		http.StatusBadRequest: httpsend.Refused, http.StatusRequestEntityTooLarge: httpsend.Refused, http.StatusUnauthorized: httpsend.Held,
		http.StatusFound: httpsend.Held, http.StatusTooManyRequests: httpsend.Retry, http.StatusServiceUnavailable: httpsend.Retry,
	} {
		server := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
		server.Script(func(n int, _ []json.RawMessage) *siemtest.Answer {
			if n != 4 {
				return nil
			}
			return &siemtest.Answer{Status: status, RetryAfter: "7", Body: "no\nfor header-secret-1 header-secret-2"}
		})
		cfg := config(server.URL + "?token=query-secret")
		cfg.ClientConfig.Headers.Set("Authorization", "Bearer header-secret-1")
		cfg.ClientConfig.Headers.Set("X-Key", "header-secret-2")
		e := start(t, cfg)
		logs, events := all(t, 10, time.Now())
		err := e.ConsumeLogs(t.Context(), logs)
		assert.Equal(t, want, own(t, err).Outcome())
		assert.Equal(t, want == httpsend.Refused, consumererror.IsPermanent(err))
		var partial *httpsend.Partial
		require.ErrorAs(t, err, &partial)
		assert.Equal(t, []int{3, 10}, []int{partial.Sent, partial.Of})
		var rest consumererror.Logs
		require.ErrorAs(t, err, &rest)
		assert.Equal(t, 7, rest.Data().LogRecordCount())
		if want == httpsend.Retry {
			assert.Equal(t, 7*time.Second, own(t, err).RetryAfter)
		}
		assert.Equal(t, status, own(t, err).Status)
		assert.Equal(t, "no for [REDACTED] [REDACTED]", own(t, err).Reason)
		for _, entry := range e.logged.All() {
			assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), "secret")
		}
		require.NoError(t, e.ConsumeLogs(t.Context(), rest.Data()))
		assert.Equal(t, events, strs(server.Events()), "none missing, none twice")
		metadatatest.AssertEqualExporterWebhookRequests(t, e.tel, requestsOf(want), metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	}
}

// requestsOf are the metrics of ten requests taken, and one answered otherwise.
func requestsOf(o httpsend.Outcome) []metricdata.DataPoint[int64] {
	point := func(o httpsend.Outcome, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Attributes: attribute.NewSet(attribute.String("outcome", string(o))), Value: n}
	}
	return []metricdata.DataPoint[int64]{point(httpsend.Delivered, 10), point(o, 1)}
}

// TestNoServer: a network error is temporary, and has no URL in it.
func TestNoServer(t *testing.T) {
	e := start(t, config("http://user-secret:pass-secret@127.0.0.1:1/?token=query-secret"))
	logs, _ := all(t, 2, time.Now())
	err := e.ConsumeLogs(t.Context(), logs)
	assert.Equal(t, httpsend.Retry, own(t, err).Outcome())
	assert.NotContains(t, err.Error(), "secret")
	assert.NotErrorAs(t, err, new(*httpsend.Partial), "nothing was taken")
}

// TestAttempts tries again as the settings say, with the same id.
func TestAttempts(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	down := func(times int, after string) func(int, []json.RawMessage) *siemtest.Answer {
		return func(n int, _ []json.RawMessage) *siemtest.Answer {
			if n <= times {
				return &siemtest.Answer{Status: 503, RetryAfter: after}
			}
			return nil
		}
	}
	for name, tt := range map[string]struct {
		max, down int
		after     string
		requests  int
		taken     bool
	}{
		"third":       {max: 3, down: 2, requests: 3, taken: true},
		"given up":    {max: 3, down: 3, requests: 3},
		"asked":       {max: 3, down: 1, after: "0", requests: 2, taken: true},
		"too long":    {max: 3, down: 1, after: "60", requests: 1},
		"one attempt": {max: 1, down: 1, requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := siemtest.NewWebhook(t, siemtest.WebhookOptions{Key: key})
			server.Script(down(tt.down, tt.after))
			cfg := config(server.URL)
			cfg.Signing = configoptional.Some(SigningConfig{Secret: configopaque.String(key)})
			cfg.Attempts.MaxAttempts, cfg.Attempts.InitialInterval, cfg.Attempts.MaxInterval = tt.max, time.Millisecond, 2*time.Millisecond
			logs, _ := all(t, 1, time.Now())
			err := start(t, cfg).ConsumeLogs(t.Context(), logs)
			assert.Equal(t, tt.taken, err == nil, err)
			assert.Equal(t, tt.requests, server.Requests())
			for _, id := range server.IDs() {
				assert.Equal(t, "id-0", id)
			}
		})
	}
}

// TestAttemptsEnd: a wait ends with the context.
func TestAttemptsEnd(t *testing.T) {
	server := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	server.Script(func(int, []json.RawMessage) *siemtest.Answer {
		cancel()
		return &siemtest.Answer{Status: 503}
	})
	cfg := config(server.URL)
	cfg.Attempts.MaxAttempts, cfg.Attempts.InitialInterval, cfg.Attempts.MaxInterval = 5, time.Hour, time.Hour
	logs, _ := all(t, 1, time.Now())
	require.Error(t, start(t, cfg).ConsumeLogs(ctx, logs))
	assert.LessOrEqual(t, server.Requests(), 1)
}

// TestSizes splits by size, and refuses an event that no request can hold
// without delaying those before it.
func TestSizes(t *testing.T) {
	for _, format := range []Format{FormatJSONArray, FormatNDJSON} {
		server := siemtest.NewWebhook(t, siemtest.WebhookOptions{ContentType: map[Format]string{
			FormatJSONArray: "application/json", FormatNDJSON: "application/x-ndjson",
		}[format]})
		cfg := config(server.URL)
		cfg.Format, cfg.MaxBodySize = format, 100
		logs := siemtest.Decode(t, "", `{"event_type":"a.b","x":"`+strings.Repeat("1", 12)+`"}
{"event_type":"a.b","x":"`+strings.Repeat("2", 12)+`"}
{"event_type":"a.b","x":"`+strings.Repeat("3", 12)+`"}
{"event_type":"a.b","x":"`+strings.Repeat("4", 90)+`"}
{"event_type":"a.b"}`)
		err := start(t, cfg).ConsumeLogs(t.Context(), logs)
		assert.Equal(t, httpsend.Refused, own(t, err).Outcome())
		assert.Regexp(t, `^the event is not sent: found 117 bytes, expected at most (98|99)$`, own(t, err).Reason)
		assert.Len(t, server.Events(), 3)
		assert.Equal(t, 2, server.Requests())
		var partial *httpsend.Partial
		require.ErrorAs(t, err, &partial)
		assert.Equal(t, 3, partial.Sent)
	}
}

// TestExactSizes: what is as large as it may be goes in one request.
func TestExactSizes(t *testing.T) {
	event := `{"event_type":"a.b"}`
	for format, around := range map[Format]int{FormatEvent: 0, FormatJSONArray: 2, FormatNDJSON: 1} {
		cfg := config("http://localhost:9")
		cfg.Format = format
		rec := record{LogRecord: siemtest.Record(t, siemtest.Decode(t, "", event))}
		for n := 1; n <= 2 && (n == 1 || format != FormatEvent); n++ {
			want := n*len(event) + around + n - 1
			for _, limit := range []int{want, want - 1} {
				cfg.MaxBodySize = limit
				r := request{layout: newLayout(cfg)}
				added := false
				for range n {
					added, _ = r.add(rec)
				}
				assert.Equal(t, limit == want, added, "%s: %d in %d", format, n, limit)
				if added {
					assert.Len(t, r.finish(), want)
				}
			}
		}
	}
}

// TestTLS: a server that cannot prove who it is gets nothing.
func TestTLS(t *testing.T) {
	requests := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer server.Close()
	logs, _ := all(t, 1, time.Now())
	err := start(t, config(server.URL)).ConsumeLogs(t.Context(), logs)
	assert.Equal(t, httpsend.Retry, own(t, err).Outcome())
	assert.Contains(t, err.Error(), "x509")
	assert.Zero(t, requests)
	cfg := config(server.URL)
	cfg.ClientConfig.TLS.CAPem = configopaque.String(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	require.NoError(t, start(t, cfg).ConsumeLogs(t.Context(), logs))
	assert.Equal(t, 1, requests)
}

// TestQueue: with exporterhelper's queue and retry what is left of a batch is
// tried again, and nothing tells the journal otherwise.
func TestQueue(t *testing.T) {
	server := siemtest.NewWebhook(t, siemtest.WebhookOptions{})
	server.Script(func(n int, _ []json.RawMessage) *siemtest.Answer {
		if n%3 == 0 {
			return &siemtest.Answer{Status: 503}
		}
		return nil
	})
	cfg := load(t, "queue")
	cfg.ClientConfig.Endpoint = server.URL
	e := start(t, cfg)
	logs, want := all(t, 10, time.Now())
	require.NoError(t, e.ConsumeLogs(t.Context(), logs))
	require.Eventually(t, func() bool { return len(server.Events()) >= 10 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, want, strs(server.Events()))
	x := &webhookExporter{cfg: cfg}
	assert.NotErrorAs(t, x.partial(&httpsend.Error{Status: 503}, logs, 3), new(*httpsend.Partial))
}
