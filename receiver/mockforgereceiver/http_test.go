// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadatatest"
)

const one = `{"event_type":"auth.failure","severity":"medium","timestamp":"2025-01-27T10:30:00Z"}`

// serve starts a receiver the collector's way on a free port and returns its
// address.
func serve(t *testing.T, set receiver.Settings, host component.Host, next consumer.Logs, change func(*Config)) string {
	t.Helper()
	core, logged := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	cfg.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	if change != nil {
		change(cfg)
	}
	r, err := NewFactory().CreateLogs(context.Background(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), host))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	started := logged.FilterMessageSnippet(" server started").All()
	require.Len(t, started, 1)
	return started[0].ContextMap()["endpoint"].(string)
}

func settings() receiver.Settings { return receivertest.NewNopSettings(metadata.Type) }

type request struct {
	method, path, body string
	header             map[string]string
}

func (q request) send(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	if q.method == "" {
		q.method = http.MethodPost
	}
	if q.path == "" {
		q.path = "/api/v1/events"
	}
	req, err := http.NewRequestWithContext(t.Context(), q.method, "http://"+address+q.path, strings.NewReader(q.body))
	require.NoError(t, err)
	for k, v := range q.header {
		req.Header.Set(k, v)
	}
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, strings.TrimSpace(string(body))
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestAccepted(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for _, tt := range []struct {
		name    string
		request request
		want    string
	}{
		{"post", request{body: one}, `{"accepted":1}`},
		{"put", request{method: http.MethodPut, body: one}, `{"accepted":1}`},
		{"patch", request{method: http.MethodPatch, body: one}, `{"accepted":1}`},
		{"array", request{body: "[" + one + "," + one + "]"}, `{"accepted":2}`},
		{"empty array", request{body: "[]"}, `{"accepted":0}`},
		{"ndjson", request{body: one + "\n" + one + "\n" + one + "\n", header: map[string]string{"Content-Type": "application/x-ndjson"}}, `{"accepted":3}`},
		{"charset", request{body: one, header: map[string]string{"Content-Type": "application/json; charset=UTF-8"}}, `{"accepted":1}`},
		{"json suffix", request{body: one, header: map[string]string{"Content-Type": "application/cloudevents+json"}}, `{"accepted":1}`},
		{"curl's form type", request{body: one, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, `{"accepted":1}`},
		{"gzip", request{body: gzipped(t, one), header: map[string]string{"Content-Encoding": "gzip"}}, `{"accepted":1}`},
		{"zstd", request{body: string(encoder.EncodeAll([]byte(one), nil)), header: map[string]string{"Content-Encoding": "zstd"}}, `{"accepted":1}`},
		{"identity", request{body: one, header: map[string]string{"Content-Encoding": "identity"}}, `{"accepted":1}`},
		{"query", request{path: "/api/v1/events?source=x", body: one}, `{"accepted":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			resp, body := tt.request.send(t, serve(t, settings(), componenttest.NewNopHost(), sink, nil))
			assert.Equal(t, http.StatusOK, resp.StatusCode)
			assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			assert.Equal(t, tt.want, body)
			assert.Equal(t, strings.Count(tt.want, "0"), 1-min(1, sink.LogRecordCount()))
			for _, logs := range sink.AllLogs() {
				record := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
				assert.Equal(t, one, string(eventlog.AppendJSON(nil, record.Body())))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request request
		status  int
		want    string
		reason  string
	}{
		{"empty", request{}, 400, `{"error":"found nothing, expected a JSON object, an array of objects, or NDJSON (event 0, byte 0)","index":0}`, "empty"},
		{"syntax", request{body: "{"}, 400, `{"error":"found end of input, expected a member name in double quotes (event 0, byte 1)","index":0}`, "syntax"},
		{"second event", request{body: one + "\n{}"}, 400, `{"error":"event_type: found nothing, expected a non-empty string (event 1, byte 85)","index":1}`, "event_type"},
		{"no object", request{body: "[1]"}, 400, `{"error":"found a number, expected a JSON object (event 0, byte 1)","index":0}`, "not_object"},
		{"utf8", request{body: "{\"event_type\":\"\xff\"}"}, 400, `{"error":"found byte 0xFF, expected UTF-8 (event 0, byte 15)","index":0}`, "utf8"},
		{"deep", request{body: `{"event_type":"a","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`}, 400, `{"error":"found deeper nesting, expected at most 32 levels (event 0, byte 53)","index":0}`, "too_deep"},
		{"large event", request{body: `{"event_type":"a","x":"` + strings.Repeat("x", 1000) + `"}`}, 413, `{"error":"found an event of more than 1000 bytes, expected no more (event 0, byte 0)","index":0}`, "too_large"},
		{"many events", request{body: strings.Repeat(`{"event_type":"a"}`, 6)}, 413, `{"error":"found more than 5 events, expected at most 5 in a request (event 5, byte 90)","index":5}`, "too_large"},
		{"large body", request{body: strings.Repeat(" ", 5000)}, 413, `{"error":"found a body of more than 4000 bytes after decompression, expected no more"}`, "too_large"},
		{"bomb", request{body: gzipped(t, strings.Repeat(" ", 1<<20)), header: map[string]string{"Content-Encoding": "gzip"}}, 413, `{"error":"found a body of more than 4000 bytes after decompression, expected no more"}`, "too_large"},
		{"torn gzip", request{body: gzipped(t, one)[:40], header: map[string]string{"Content-Encoding": "gzip"}}, 400, `{"error":"reading the body: unexpected EOF"}`, "unreadable"},
		{"xml", request{body: "<a/>", header: map[string]string{"Content-Type": "application/xml"}}, 415, `{"error":"Content-Type: found \"application/xml\", expected application/json or application/x-ndjson"}`, "content_type"},
		{"charset", request{body: one, header: map[string]string{"Content-Type": "application/json; charset=latin1"}}, 415, `{"error":"Content-Type: found charset \"latin1\", expected utf-8"}`, "content_type"},
		{"broken type", request{body: one, header: map[string]string{"Content-Type": "/"}}, 415, `{"error":"Content-Type: found \"/\", expected application/json or application/x-ndjson"}`, "content_type"},
		{"page in a browser", request{body: one, header: map[string]string{"Origin": "https://evil.example", "Content-Type": "text/plain"}}, 403, `{"error":"Origin: found \"https://evil.example\", expected none, or one that cors.allowed_origins lists"}`, "origin"},
		{"coding", request{body: one, header: map[string]string{"Content-Encoding": "br"}}, 415, `{"error":"unsupported Content-Encoding: br"}`, "content_encoding"},
		{"no gzip", request{body: one, header: map[string]string{"Content-Encoding": "gzip"}}, 400, `{"error":"gzip: invalid header"}`, "unreadable"},
		{"method", request{method: http.MethodGet}, 405, `{"error":"found method GET, expected POST, PUT, PATCH"}`, ""},
		{"path", request{path: "/events", body: one}, 404, `{"error":"found path \"/events\", expected \"/api/v1/events\""}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tel := componenttest.NewTelemetry()
			set := settings()
			set.TelemetrySettings = tel.NewTelemetrySettings()
			sink := new(consumertest.LogsSink)
			address := serve(t, set, componenttest.NewNopHost(), sink, func(cfg *Config) {
				cfg.MaxEventSize = 1000
				cfg.Protocols.HTTP.Get().MaxEvents = 5
				cfg.Protocols.HTTP.Get().ServerConfig.MaxRequestBodySize = 4000
			})
			resp, body := tt.request.send(t, address)
			assert.Equal(t, tt.status, resp.StatusCode)
			assert.Equal(t, tt.want, body)
			assert.Zero(t, sink.LogRecordCount(), "nothing of a refused request is kept")
			if tt.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST, PUT, PATCH", resp.Header.Get("Allow"))
			}
			if tt.reason != "" {
				metadatatest.AssertEqualReceiverMockforgeRefusedRequests(t, tel, []metricdata.DataPoint[int64]{
					{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", tt.reason))},
				}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
			}
		})
	}
}

func TestPipelineErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		err        error
		status     int
		retryAfter string
		want       string
	}{
		"for now":  {errors.New("disk full at /secret/path"), 503, "1", `{"error":"the pipeline cannot take events at the moment"}`},
		"for good": {consumererror.NewPermanent(errors.New("no")), 500, "", `{"error":"the pipeline cannot take these events"}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := request{body: one}.send(t, serve(t, settings(), componenttest.NewNopHost(), consumertest.NewErr(tt.err), nil))
			assert.Equal(t, tt.status, resp.StatusCode)
			assert.Equal(t, tt.retryAfter, resp.Header.Get("Retry-After"))
			assert.Equal(t, tt.want, body)
		})
	}
}

// tokenAuth is an authentication extension that knows one token.
type tokenAuth struct {
	component.StartFunc
	component.ShutdownFunc
}

func (tokenAuth) Authenticate(ctx context.Context, headers map[string][]string) (context.Context, error) {
	if len(headers["Authorization"]) == 1 && headers["Authorization"][0] == "Bearer right" {
		return ctx, nil
	}
	return ctx, errors.New("authorization does not match")
}

type authHost struct{ id component.ID }

func (h authHost) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{h.id: tokenAuth{}}
}

func TestAuthentication(t *testing.T) {
	host := authHost{component.MustNewID("bearertokenauth")}
	sink := new(consumertest.LogsSink)
	tel := componenttest.NewTelemetry()
	set := settings()
	set.TelemetrySettings = tel.NewTelemetrySettings()
	address := serve(t, set, host, sink, func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: host.id}})
	})
	resp, body := request{body: one}.send(t, address)
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	assert.Equal(t, `{"error":"authorization does not match"}`, body)
	resp, _ = request{body: one, header: map[string]string{"Authorization": "Bearer wrong"}}.send(t, address)
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	assert.Zero(t, sink.LogRecordCount())
	metadatatest.AssertEqualReceiverMockforgeRefusedRequests(t, tel, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: attribute.NewSet(attribute.String("reason", "unauthorized"))},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	resp, _ = request{body: one, header: map[string]string{"Authorization": "Bearer right"}}.send(t, address)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, 1, sink.LogRecordCount())
}

func TestClientMetadataReachesThePipeline(t *testing.T) {
	var got client.Info
	next, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		got = client.FromContext(ctx)
		return nil
	})
	require.NoError(t, err)
	address := serve(t, settings(), componenttest.NewNopHost(), next, func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.IncludeMetadata = true
	})
	request{body: one, header: map[string]string{"X-SIEM-Source": "mockforge"}}.send(t, address)
	assert.Equal(t, []string{"mockforge"}, got.Metadata.Get("X-SIEM-Source"))
	assert.Contains(t, got.Addr.String(), "127.0.0.1")
}

func TestCORS(t *testing.T) {
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.CORS = configoptional.Some(confighttp.CORSConfig{AllowedOrigins: []string{"https://ui.example.com"}})
	})
	resp, _ := request{method: http.MethodOptions, header: map[string]string{
		"Origin": "https://ui.example.com", "Access-Control-Request-Method": "POST",
	}}.send(t, address)
	assert.Equal(t, "https://ui.example.com", resp.Header.Get("Access-Control-Allow-Origin"))
	for origin, want := range map[string]int{"https://ui.example.com": 200, "https://evil.example": 403, "": 200} {
		q := request{body: one, header: map[string]string{"Content-Type": "text/plain"}}
		if origin != "" {
			q.header["Origin"] = origin
		}
		resp, _ = q.send(t, address)
		assert.Equal(t, want, resp.StatusCode, origin)
	}
}

// TestSlowClient: a body that does not arrive in time is answered so that the
// sender tries again, and without addresses.
func TestSlowClient(t *testing.T) {
	sink := new(consumertest.LogsSink)
	address := serve(t, settings(), componenttest.NewNopHost(), sink, func(cfg *Config) {
		cfg.Protocols.HTTP.Get().ServerConfig.ReadTimeout = 200 * time.Millisecond
	})
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "HTTP/1.1 408 ")
	assert.Contains(t, string(answer), `{"error":"the body did not arrive in time"}`)
	assert.Zero(t, sink.LogRecordCount())
}

func TestWarningsAreCounted(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := settings()
	set.TelemetrySettings = tel.NewTelemetrySettings()
	address := serve(t, set, componenttest.NewNopHost(), consumertest.NewNop(), nil)
	request{body: `{"event_type":"x.y","severity":"low"}` + one}.send(t, address)
	metadatatest.AssertEqualReceiverMockforgeWarnings(t, tel, []metricdata.DataPoint[int64]{
		{Value: 1, Attributes: attribute.NewSet(attribute.String("warning", "event_type.unknown"))},
		{Value: 1, Attributes: attribute.NewSet(attribute.String("warning", "timestamp.missing"))},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	accepted, err := tel.GetMetric("otelcol_receiver_accepted_log_records")
	require.NoError(t, err)
	assert.Equal(t, int64(2), accepted.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
}

// TestShutdownWaitsForRequests: a request that is under way gets its answer.
func TestShutdownWaitsForRequests(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		close(entered)
		<-leave
		return nil
	})
	require.NoError(t, err)
	set := settings()
	core, logged := observer.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	cfg.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	r, err := NewFactory().CreateLogs(t.Context(), set, cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	address := logged.FilterMessage("HTTP server started").All()[0].ContextMap()["endpoint"].(string)

	status := make(chan int)
	go func() {
		resp, err := http.Post("http://"+address+"/api/v1/events", "", strings.NewReader(one))
		if err != nil {
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-entered
	down := make(chan error)
	go func() { down <- r.Shutdown(context.Background()) }()
	select {
	case err := <-down:
		t.Errorf("shut down with a request under way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	assert.Equal(t, http.StatusOK, <-status)
	assert.NoError(t, <-down)
}

func TestPortInUse(t *testing.T) {
	address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), nil)
	cfg := createDefaultConfig().(*Config)
	cfg.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = address
	r, err := NewFactory().CreateLogs(t.Context(), settings(), cfg, consumertest.NewNop())
	require.NoError(t, err)
	assert.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), "address already in use")
	assert.NoError(t, r.Shutdown(context.Background()))
}

// FuzzHandler holds that any body gets an answer that says what became of it.
func FuzzHandler(f *testing.F) {
	f.Add("application/json", []byte(one))
	f.Add("application/x-ndjson", []byte(one+"\n"+one))
	f.Add("", []byte("[{}]"))
	f.Add("text/xml; charset", []byte{0xff})
	sink := new(consumertest.LogsSink)
	r, err := newReceiver(createDefaultConfig().(*Config), settings(), sink)
	require.NoError(f, err)
	in, err := r.newIntake("http", "http", "json", 100)
	require.NoError(f, err)
	h := newEventsHandler(in)
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		sink.Reset()
		req := httptest.NewRequest(http.MethodPost, "/api/v1/events", bytes.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code == http.StatusOK {
			require.Contains(t, w.Body.String(), `"accepted":`)
			return
		}
		require.Contains(t, []int{400, 413, 415}, w.Code)
		require.Contains(t, w.Body.String(), `"error":`)
		require.Zero(t, sink.LogRecordCount())
	})
}
