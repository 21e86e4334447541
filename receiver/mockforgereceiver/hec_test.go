// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadatatest"
)

const hecToken1 = "8f2d6d0c-1c7e-4c35-9d65-0fb1a7d4c001"

// hecServer is the handler alone, with two tokens.
func hecServer(t testing.TB, next consumer.Logs, change func(*Config)) *hecHandler {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
	hec.Tokens = []configopaque.String{"other", hecToken1}
	hec.MaxEvents = 5
	cfg.MaxEventSize = 1000
	if change != nil {
		change(cfg)
	}
	r, err := newReceiver(cfg, settings(), next)
	require.NoError(t, err)
	in, err := r.newIntake("splunk_hec", "http", "splunk_hec", hec.MaxEvents)
	require.NoError(t, err)
	return newHECHandler(in, hec)
}

func hecPost(t *testing.T, h *hecHandler, body string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/services/collector/event", strings.NewReader(body))
	req.Header.Set("Authorization", "Splunk "+hecToken1)
	w := httptest.NewRecorder()
	h.mux().ServeHTTP(w, req)
	return w
}

// asString is how MockForge puts an event into its envelope.
func asString(t testing.TB, event []byte) string {
	t.Helper()
	quoted, err := json.Marshal(string(event))
	require.NoError(t, err)
	return string(quoted)
}

// TestHECMockForgesForm replays MockForge's bytes at the path they come to.
func TestHECMockForgesForm(t *testing.T) {
	event := siemtest.GuideEvent(t)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, event))
	body := `{"event":` + asString(t, compact.Bytes()) + `,"time":1737973800,"index":"security","sourcetype":"mockforge:security"}`

	sink := new(consumertest.LogsSink)
	address := serve(t, settings(), componenttest.NewNopHost(), sink, func(cfg *Config) {
		cfg.Protocols.HTTP = configoptional.None[HTTPConfig]()
		hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
		hec.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
		hec.Tokens = []configopaque.String{hecToken1}
	})
	resp, answer := request{path: "/services/collector/services/collector/event", body: body, header: map[string]string{
		"Authorization": "Splunk " + hecToken1, "Content-Type": "application/json",
	}}.send(t, address)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, `{"text":"Success","code":0}`, answer)
	require.Len(t, sink.AllLogs(), 1)
	record := siemtest.Record(t, sink.AllLogs()[0])
	assert.Equal(t, compact.String(), string(eventlog.AppendJSON(nil, record.Body())))
	assert.Equal(t, map[string]any{"mockforge.splunk.index": "security", "mockforge.splunk.sourcetype": "mockforge:security"}, splunkAttributes(record.Attributes()))
}

func splunkAttributes(attrs pcommon.Map) map[string]any {
	found := make(map[string]any)
	for key, value := range attrs.AsRaw() {
		if strings.Contains(key, "splunk") {
			found[key] = value
		}
	}
	return found
}

func TestHECPaths(t *testing.T) {
	h := hecServer(t, consumertest.NewNop(), nil)
	const good, healthy = `{"text":"Success","code":0}`, `{"text":"HEC is healthy","code":17}`
	const notFound = `{"text":"The requested URL was not found on this server.","code":404}`
	const notTaken = `{"text":"Method Not Allowed","code":405}`
	for _, tt := range []struct {
		method, path string
		status       int
		want, allow  string
	}{
		{"POST", "/services/collector", 200, good, ""},
		{"POST", "/services/collector/event", 200, good, ""},
		{"POST", "/services/collector/event?channel=1", 200, good, ""},
		{"POST", "/services/collector/event/1.0", 200, good, ""},
		{"POST", "/services/collector/services/collector", 200, good, ""},
		{"POST", "/services/collector/services/collector/event", 200, good, ""},
		{"GET", "/services/collector/event", 405, notTaken, "POST"},
		{"PUT", "/services/collector", 405, notTaken, "POST"},
		{"GET", "/services/collector/health", 200, healthy, ""},
		{"HEAD", "/services/collector/health", 200, healthy, ""},
		{"POST", "/services/collector/health/1.0", 200, healthy, ""},
		{"DELETE", "/services/collector/health", 405, notTaken, "GET, HEAD, POST"},
		{"POST", "/services/collector/raw", 404, notFound, ""},
		{"POST", "/", 404, notFound, ""},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, strings.NewReader(`{"event":`+one+`}`))
			if tt.status == 200 && tt.want == good {
				req.Header.Set("Authorization", "Splunk "+hecToken1)
			}
			w := httptest.NewRecorder()
			h.mux().ServeHTTP(w, req)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.want, w.Body.String())
			assert.Equal(t, tt.allow, w.Header().Get("Allow"))
		})
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestHECTokens(t *testing.T) {
	sink := new(consumertest.LogsSink)
	h := hecServer(t, sink, nil)
	for name, tt := range map[string]struct {
		authorization, query string
		status               int
		want                 string
	}{
		"right":          {"Splunk " + hecToken1, "", 200, `{"text":"Success","code":0}`},
		"any of them":    {"Splunk other", "", 200, `{"text":"Success","code":0}`},
		"scheme's case":  {"splunk other", "", 200, `{"text":"Success","code":0}`},
		"basic":          {basic("x", hecToken1), "", 200, `{"text":"Success","code":0}`},
		"basic, no user": {basic("", hecToken1), "", 200, `{"text":"Success","code":0}`},
		"none":           {"", "", 401, `{"text":"Token is required","code":2}`},
		"empty":          {"Splunk ", "", 401, `{"text":"Token is required","code":2}`},
		"basic, empty":   {basic("x", ""), "", 401, `{"text":"Token is required","code":2}`},
		"bearer":         {"Bearer " + hecToken1, "", 401, `{"text":"Invalid authorization","code":3}`},
		"no scheme":      {hecToken1, "", 401, `{"text":"Invalid authorization","code":3}`},
		"broken basic":   {"Basic !", "", 401, `{"text":"Invalid authorization","code":3}`},
		"wrong":          {"Splunk wrong", "", 403, `{"text":"Invalid token","code":4}`},
		"a part":         {"Splunk " + hecToken1[:35], "", 403, `{"text":"Invalid token","code":4}`},
		"more":           {"Splunk " + hecToken1 + "1", "", 403, `{"text":"Invalid token","code":4}`},
		"as user":        {basic(hecToken1, "x"), "", 403, `{"text":"Invalid token","code":4}`},
		"in the query":   {"", "?token=" + hecToken1, 400, `{"text":"Query string authorization is not enabled","code":16}`},
	} {
		t.Run(name, func(t *testing.T) {
			sink.Reset()
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/services/collector/event"+tt.query, strings.NewReader(`{"event":`+one+`}`))
			if tt.authorization != "" {
				req.Header.Set("Authorization", tt.authorization)
			}
			w := httptest.NewRecorder()
			h.mux().ServeHTTP(w, req)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.want, w.Body.String())
			assert.Equal(t, tt.status == 200, sink.LogRecordCount() == 1)
		})
	}
}

func TestHECEnvelopes(t *testing.T) {
	const noTime = `{"event_type":"auth.failure"}`
	for name, tt := range map[string]struct {
		body string
		time string // of the last record, when the envelope gives it
		want map[string]any
	}{
		"object":         {`{"event":` + one + `}`, "", nil},
		"string":         {`{"event":` + asString(t, []byte(one)) + `}`, "", nil},
		"one after one":  {`{"event":` + one + `}{"event":` + one + `}`, "", nil},
		"line by line":   {`{"event":` + one + `}` + "\r\n\n" + `{"event":` + one + "}\n", "", nil},
		"time":           {`{"event":` + noTime + `,"time":1737973800}`, "2025-01-27T10:30:00Z", nil},
		"decimals":       {`{"event":` + noTime + `,"time":1737973800.25}`, "2025-01-27T10:30:00.25Z", nil},
		"nanoseconds":    {`{"event":` + noTime + `,"time":1737973800.123456789}`, "2025-01-27T10:30:00.123456789Z", nil},
		"time as string": {`{"time":"1737973800.250","event":` + noTime + `}`, "2025-01-27T10:30:00.25Z", nil},
		"no time":        {`{"event":` + one + `,"time":null}`, "", nil},
		"event's time":   {`{"event":` + one + `,"time":1}`, "2025-01-27T10:30:00Z", nil},
		"metadata": {
			`{"event":` + one + `,"host":"h","source":"s","sourcetype":"t","index":"i"}`, "",
			map[string]any{"mockforge.splunk.host": "h", "mockforge.splunk.source": "s", "mockforge.splunk.sourcetype": "t", "mockforge.splunk.index": "i"},
		},
		"null metadata": {`{"event":` + one + `,"host":null,"index":""}`, "", nil},
		"fields": {
			`{"event":` + one + `,"fields":{"s":"x","b":true,"i":9007199254740993,"f":1.5,"a":["x",1],"n":null,"com.splunk.index":"evil"}}`, "",
			map[string]any{
				"mockforge.splunk.fields.s": "x", "mockforge.splunk.fields.b": true, "mockforge.splunk.fields.i": int64(9007199254740993),
				"mockforge.splunk.fields.f": 1.5, "mockforge.splunk.fields.a": []any{"x", int64(1)}, "mockforge.splunk.fields.com.splunk.index": "evil",
			},
		},
		"the event's own": {`{"event":{"event_type":"auth.failure","splunk.index":"evil","splunk":{"host":"evil"},"timestamp":"2025-01-27T10:30:00Z"}}`, "", nil},
		"other members":   {`{"event":` + one + `,"Event":1,"x":{}}`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			w := hecPost(t, hecServer(t, sink, nil), tt.body)
			require.Equal(t, `{"text":"Success","code":0}`, w.Body.String())
			records := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
			assert.Equal(t, strings.Count(tt.body, `"event":`), records.Len())
			record := records.At(records.Len() - 1)
			if tt.want == nil {
				tt.want = map[string]any{}
			}
			assert.Equal(t, tt.want, splunkAttributes(record.Attributes()))
			if tt.time != "" {
				assert.Equal(t, tt.time, record.Timestamp().AsTime().Format(time.RFC3339Nano))
			}
		})
	}
}

func TestHECFieldsAreCapped(t *testing.T) {
	many := make([]string, 0, 70)
	for i := range 70 {
		many = append(many, fmt.Sprintf(`"k%02d":%d`, i, i))
	}
	for name, tt := range map[string]struct {
		fields string
		kept   int
	}{
		"many":  {strings.Join(many, ","), 64},
		"long":  {`"` + strings.Repeat("k", 129) + `":1,"x":1`, 1},
		"large": {`"k":"` + strings.Repeat("x", 5000) + `"`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tel := componenttest.NewTelemetry()
			sink := new(consumertest.LogsSink)
			h := hecServer(t, sink, nil)
			var err error
			h.telemetry, err = metadata.NewTelemetryBuilder(tel.NewTelemetrySettings())
			require.NoError(t, err)
			w := hecPost(t, h, `{"event":`+one+`,"fields":{`+tt.fields+`}}`)
			require.Equal(t, http.StatusOK, w.Code, w.Body)
			metadatatest.AssertEqualReceiverMockforgeWarnings(t, tel, []metricdata.DataPoint[int64]{
				{Value: 1, Attributes: attribute.NewSet(attribute.String("warning", "splunk.fields.capped"))},
			}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
			attrs := siemtest.Record(t, sink.AllLogs()[0]).Attributes()
			assert.Len(t, splunkAttributes(attrs), tt.kept)
			assert.Equal(t, []any{"splunk.fields.capped"}, attrs.AsRaw()["mockforge.parse.warnings"])
		})
	}
}

func TestHECRefused(t *testing.T) {
	const envelope = `{"event":` + one + `}`
	for name, tt := range map[string]struct {
		body   string
		status int
		want   string
		reason string
	}{
		"empty":           {"", 400, `{"text":"No data","code":5}`, "empty"},
		"white space":     {" \n", 400, `{"text":"No data","code":5}`, "empty"},
		"no json":         {"x", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found no JSON object, expected an envelope"}`, "syntax"},
		"null":            {"null", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found no JSON object, expected an envelope"}`, "syntax"},
		"torn":            {envelope + `{"event":`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":1,"error":"found no JSON object, expected an envelope"}`, "syntax"},
		"array":           {`[` + envelope + `]`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found no JSON object, expected an envelope"}`, "syntax"},
		"no event":        {envelope + `{"time":1}`, 400, `{"text":"Event field is required","code":12,"invalid-event-number":1}`, "empty"},
		"null event":      {`{"event":null}`, 400, `{"text":"Event field is required","code":12,"invalid-event-number":0}`, "empty"},
		"other case":      {`{"EVENT":` + one + `}`, 400, `{"text":"Event field is required","code":12,"invalid-event-number":0}`, "empty"},
		"blank event":     {`{"event":" "}`, 400, `{"text":"Event field cannot be blank","code":13,"invalid-event-number":0}`, "empty"},
		"text":            {envelope + envelope + `{"event":"user logged in"}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":2,"error":"found 'u', expected a JSON value (byte 0)"}`, "syntax"},
		"number":          {`{"event":1}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found a number, expected a JSON object (byte 0)"}`, "not_object"},
		"array event":     {`{"event":[` + one + `]}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found an array, expected a JSON object (byte 0)"}`, "not_object"},
		"no type":         {`{"event":"{}"}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"event_type: found nothing, expected a non-empty string (byte 0)"}`, "event_type"},
		"two in a string": {`{"event":` + asString(t, []byte(one+one)) + `}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found '{', expected nothing after the object (byte 84)"}`, "syntax"},
		"utf8":            {"{\"event\":\"{\\\"event_type\\\":\\\"\xff\\\"}\"}", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"event: found no UTF-8, expected UTF-8"}`, "utf8"},
		"time":            {`{"event":` + one + `,"time":"now"}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"time: found no time, expected seconds since 1970, such as 1737973800.25"}`, "syntax"},
		"duration":        {`{"event":` + one + `,"time":"1h2m3"}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"time: found no time, expected seconds since 1970, such as 1737973800.25"}`, "syntax"},
		"before 1970":     {`{"event":` + one + `,"time":-1}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"time: found no time, expected seconds since 1970, such as 1737973800.25"}`, "syntax"},
		"milliseconds":    {`{"event":` + one + `,"time":1737973800000}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"time: found no time, expected seconds since 1970, such as 1737973800.25"}`, "syntax"},
		"index":           {`{"event":` + one + `,"index":1}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"index: found something else, expected a string of at most 4096 bytes"}`, "syntax"},
		"fields":          {`{"event":` + one + `,"fields":[]}`, 400, `{"text":"Error in handling indexed fields","code":15,"invalid-event-number":0,"error":"fields: found something else, expected an object"}`, "syntax"},
		"nested fields":   {envelope + `{"event":` + one + `,"fields":{"a":{}}}`, 400, `{"text":"Error in handling indexed fields","code":15,"invalid-event-number":1,"error":"fields: found a nested value in \"a\", expected a scalar or an array of scalars"}`, "syntax"},
		"large event":     {`{"event":{"event_type":"a","x":"` + strings.Repeat("x", 1000) + `"}}`, 413, `{"text":"Invalid data format","code":6,"invalid-event-number":0,"error":"found an event of more than 1000 bytes, expected no more (byte 0)"}`, "too_large"},
		"many events":     {strings.Repeat(envelope, 6), 413, `{"text":"Invalid data format","code":6,"invalid-event-number":5,"error":"found more than 5 events, expected no more in a request"}`, "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			tel := componenttest.NewTelemetry()
			sink := new(consumertest.LogsSink)
			h := hecServer(t, sink, nil)
			var err error
			h.telemetry, err = metadata.NewTelemetryBuilder(tel.NewTelemetrySettings())
			require.NoError(t, err)
			w := hecPost(t, h, tt.body)
			assert.Equal(t, tt.status, w.Code)
			assert.Equal(t, tt.want, w.Body.String())
			assert.Zero(t, sink.LogRecordCount(), "nothing of a refused request is kept")
			metadatatest.AssertEqualReceiverMockforgeRefusedRequests(t, tel, []metricdata.DataPoint[int64]{
				{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", tt.reason))},
			}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
		})
	}
}

// TestHECServer holds what stands before the handler.
func TestHECServer(t *testing.T) {
	const envelope = `{"event":` + one + `}`
	for name, tt := range map[string]struct {
		header map[string]string
		body   string
		status int
		want   string
	}{
		"gzip":        {map[string]string{"Content-Encoding": "gzip"}, gzipped(t, envelope), 200, `{"text":"Success","code":0}`},
		"torn gzip":   {map[string]string{"Content-Encoding": "gzip"}, gzipped(t, envelope)[:40], 400, `{"text":"Invalid data format","code":6,"error":"reading the body: unexpected EOF"}`},
		"no gzip":     {map[string]string{"Content-Encoding": "gzip"}, envelope, 400, `{"text":"Invalid data format","code":6,"error":"gzip: invalid header"}`},
		"coding":      {map[string]string{"Content-Encoding": "br"}, envelope, 415, `{"text":"Invalid data format","code":6,"error":"unsupported Content-Encoding: br"}`},
		"large":       {nil, strings.Repeat(" ", 5000), 413, `{"text":"Invalid data format","code":6,"error":"found a body of more than 4000 bytes after decompression, expected no more"}`},
		"form type":   {map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, envelope, 200, `{"text":"Success","code":0}`},
		"a web page":  {map[string]string{"Origin": "https://evil.example"}, envelope, 403, `{"text":"Invalid authorization","code":3,"error":"Origin: found \"https://evil.example\", expected none, or one that cors.allowed_origins lists"}`},
		"no envelope": {nil, one, 400, `{"text":"Event field is required","code":12,"invalid-event-number":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, settings(), componenttest.NewNopHost(), consumertest.NewNop(), func(cfg *Config) {
				cfg.Protocols.HTTP = configoptional.None[HTTPConfig]()
				hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault() // no tokens: it is a loopback address
				hec.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
				hec.ServerConfig.MaxRequestBodySize = 4000
			})
			resp, answer := request{path: "/services/collector/event", body: tt.body, header: tt.header}.send(t, address)
			assert.Equal(t, tt.status, resp.StatusCode)
			assert.Equal(t, tt.want, answer)
		})
	}
}

// TestHECAuthenticator: an extension may check the senders instead of tokens.
func TestHECAuthenticator(t *testing.T) {
	host := authHost{component.MustNewID("bearertokenauth")}
	address := serve(t, settings(), host, consumertest.NewNop(), func(cfg *Config) {
		cfg.Protocols.HTTP = configoptional.None[HTTPConfig]()
		hec := cfg.Protocols.SplunkHEC.GetOrInsertDefault()
		hec.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
		hec.ServerConfig.Auth = configoptional.Some(confighttp.AuthConfig{Config: configauth.Config{AuthenticatorID: host.id}})
	})
	q := request{path: "/services/collector", body: `{"event":` + one + `}`, header: map[string]string{"Authorization": "Bearer wrong"}}
	resp, answer := q.send(t, address)
	assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	assert.Equal(t, `{"text":"Invalid authorization","code":3,"error":"authorization does not match"}`, answer)
	q.header["Authorization"] = "Bearer right"
	resp, _ = q.send(t, address)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
}

// TestHECHealth: who sends by health sends elsewhere while the pipeline takes
// nothing, and comes back.
func TestHECHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := errors.New("disk full at /secret/path")
		h := hecServer(t, consumertest.NewErr(err), nil)
		health := func() string {
			w := httptest.NewRecorder()
			h.mux().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/services/collector/health", http.NoBody))
			return fmt.Sprint(w.Code, w.Body)
		}
		const healthy, unhealthy = `200 {"text":"HEC is healthy","code":17}`, `503 {"text":"HEC is unhealthy, queues are full","code":18}`
		assert.Equal(t, healthy, health())

		w := hecPost(t, h, `{"event":`+one+`}`)
		assert.Equal(t, http.StatusServiceUnavailable, w.Code)
		assert.Equal(t, `{"text":"Server is busy","code":9}`, w.Body.String())
		assert.Equal(t, "1", w.Header().Get("Retry-After"))
		assert.Equal(t, unhealthy, health())
		time.Sleep(4 * time.Second)
		assert.Equal(t, unhealthy, health())
		time.Sleep(time.Second)
		assert.Equal(t, healthy, health())

		hecPost(t, h, `{"event":`+one+`}`)
		assert.Equal(t, unhealthy, health())
		h.next = consumertest.NewNop()
		hecPost(t, h, `{"event":`+one+`}`)
		assert.Equal(t, healthy, health())

		h.next = consumertest.NewErr(consumererror.NewPermanent(err))
		w = hecPost(t, h, `{"event":`+one+`}`)
		assert.Equal(t, http.StatusInternalServerError, w.Code)
		assert.Equal(t, `{"text":"Internal server error","code":8}`, w.Body.String())
		assert.Equal(t, healthy, health())
	})
}

// FuzzHEC holds that any body gets one of Splunk's answers, and that what is
// answered with 200, and nothing else, is handed on.
func FuzzHEC(f *testing.F) {
	f.Add([]byte(`{"event":` + asString(f, []byte(one)) + `,"time":1737973800.25,"index":"i","fields":{"a":[1,"x"]}}`))
	f.Add([]byte(`{"event":` + one + `}{"event":"x"}`))
	f.Add([]byte(`{"event":"` + "\xff" + `","time":"1e9"}`))
	sink := new(consumertest.LogsSink)
	h := hecServer(f, sink, func(cfg *Config) { cfg.Protocols.SplunkHEC.Get().Tokens = nil })
	mux := h.mux()
	f.Fuzz(func(t *testing.T, body []byte) {
		sink.Reset()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/services/collector/event", bytes.NewReader(body)))
		var answer hecAnswer
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		if w.Code == http.StatusOK {
			require.Zero(t, answer.Code)
			require.Positive(t, sink.LogRecordCount())
			return
		}
		require.Contains(t, []int{400, 413}, w.Code)
		require.Contains(t, []int{5, 6, 12, 13, 15}, answer.Code)
		require.Zero(t, sink.LogRecordCount())
	})
}

// BenchmarkHEC takes a request of a hundred events as MockForge puts them, and
// the same events as NDJSON for comparison.
func BenchmarkHEC(b *testing.B) {
	var compact bytes.Buffer
	require.NoError(b, json.Compact(&compact, siemtest.GuideEvent(b)))
	envelope := `{"event":` + asString(b, compact.Bytes()) + `,"time":1737973800,"index":"security","sourcetype":"mockforge"}`
	h := hecServer(b, consumertest.NewNop(), func(cfg *Config) { cfg.MaxEventSize = 1 << 20 })
	h.maxEvents = 100
	hec, plain := []byte(strings.Repeat(envelope, 100)), bytes.Repeat(compact.Bytes(), 100)
	plainDecoder := eventlog.NewDecoder(eventlog.Options{MaxEventSize: 1 << 20, RedactCredentials: true, AssignUIDs: true})
	b.Run("way=hec", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(hec)))
		for b.Loop() {
			if refused := addEnvelopes(h.decoder.NewBatch(time.Now()), hec, 100); refused != nil {
				b.Fatal(refused.detail)
			}
		}
	})
	b.Run("way=ndjson", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(plain)))
		for b.Loop() {
			require.NoError(b, plainDecoder.NewBatch(time.Now()).AddAll(plain))
		}
	})
}
