// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

var workspace = siemtest.AzureWorkspace{ID: "00000000-0000-0000-0000-000000000001", Key: "bW9ja2ZvcmdlLXdvcmtzcGFjZS1rZXk=", LogType: "MockForgeSecurity"}

func app() siemtest.AzureApp {
	return siemtest.AzureApp{TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "22222222-2222-2222-2222-222222222222", Secret: "s3cr3t-of-the-app"}
}

// collectorConfig sends to a server of the Data Collector API.
func collectorConfig(server *siemtest.Azure) *Config {
	cfg := createDefaultConfig().(*Config)
	c := cfg.DataCollector.GetOrInsertDefault()
	c.ClientConfig.Endpoint = server.URL
	c.ClientConfig.TLS.CAFile = server.CAFile
	c.WorkspaceID, c.LogType = workspace.ID, workspace.LogType
	c.SharedKey = configopaque.String(workspace.Key)
	return cfg
}

// ingestionConfig sends to a server of the Logs Ingestion API, as the app with its
// secret.
func ingestionConfig(server *siemtest.Azure, app siemtest.AzureApp, rule siemtest.AzureRule) *Config {
	cfg := createDefaultConfig().(*Config)
	c := cfg.LogsIngestion.GetOrInsertDefault()
	c.ClientConfig.Endpoint, c.AuthorityHost = server.URL, server.URL
	c.ClientConfig.TLS.CAFile = server.CAFile
	c.RuleID, c.Stream = rule.ID, rule.Stream
	p := c.Identity.ServicePrincipal.GetOrInsertDefault()
	p.TenantID, p.ClientID, p.ClientSecret = app.TenantID, app.ClientID, configopaque.String(app.Secret)
	return cfg
}

func start(t *testing.T, cfg *Config, logger *zap.Logger) exporter.Logs {
	t.Helper()
	require.NoError(t, xconfmap.Validate(cfg))
	set := exportertest.NewNopSettings(NewFactory().Type())
	if logger != nil {
		set.Logger = logger
	}
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// numbered returns n events of about the size, with their numbers.
func numbered(n, size int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure","metadata":{"n":%d,"x":%q}}`+"\n", i, strings.Repeat("x", size))
	}
	return b.String()
}

// assertNumbers asserts that rows 0 to n were taken once and in order.
func assertNumbers(t *testing.T, server *siemtest.Azure, n int) {
	t.Helper()
	rows := server.Rows()
	require.Len(t, rows, n)
	for i, row := range rows {
		var r struct{ Metadata struct{ N int } }
		require.NoError(t, json.Unmarshal(row, &r))
		require.Equal(t, i, r.Metadata.N)
	}
}

// both runs a test over both ways.
func both(t *testing.T, test func(t *testing.T, server *siemtest.Azure, cfg *Config)) {
	t.Helper()
	t.Run("logs_ingestion", func(t *testing.T) {
		_, rule := siemtest.DocumentedAzure(t)
		server := siemtest.NewAzureLogsIngestion(t, app(), rule)
		test(t, server, ingestionConfig(server, app(), rule))
	})
	t.Run("data_collector", func(t *testing.T) {
		server := siemtest.NewAzureDataCollector(t, workspace)
		test(t, server, collectorConfig(server))
	})
}

func TestSend(t *testing.T) {
	both(t, func(t *testing.T, server *siemtest.Azure, cfg *Config) {
		t.Helper()
		e := start(t, cfg, nil)
		assert.False(t, e.Capabilities().MutatesData)
		logs := siemtest.Decode(t, "", string(siemtest.GuideEvent(t)))
		require.NoError(t, e.ConsumeLogs(t.Context(), logs))
		require.NoError(t, e.ConsumeLogs(t.Context(), logs))
		rows := server.Rows()
		require.Len(t, rows, 2)
		var got, want map[string]any
		require.NoError(t, json.Unmarshal(rows[0], &got))
		require.NoError(t, json.Unmarshal(siemtest.GuideEvent(t), &want))
		if cfg.LogsIngestion.HasValue() {
			want["TimeGenerated"] = "2025-01-27T10:30:00.000000Z"
		}
		assert.Equal(t, want, got)
	})
}

// TestSplit: a batch of 3 MB goes in three bodies, before compression.
func TestSplit(t *testing.T) {
	_, rule := siemtest.DocumentedAzure(t)
	server := siemtest.NewAzureLogsIngestion(t, app(), rule)
	e := start(t, ingestionConfig(server, app(), rule), nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(300, 10_000))))
	assertNumbers(t, server, 300)
	assert.Len(t, server.Answers(), 3)
	for _, size := range server.BodySizes() {
		assert.Less(t, size, 100_000, "gzip")
	}
}

// TestSplitOn413: the service may take less than it says.
func TestSplitOn413(t *testing.T) {
	tooLarge := siemtest.AzureAnswer{Status: http.StatusRequestEntityTooLarge}
	both(t, func(t *testing.T, server *siemtest.Azure, cfg *Config) {
		t.Helper()
		server.AnswerFirst(tooLarge, tooLarge)
		e := start(t, cfg, nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(10, 10))))
		assertNumbers(t, server, 10)
		assert.Len(t, server.Answers(), 5, "10, 5, 2, 3, 5")
	})
}

// TestErrors: what the answers mean to the journal and to exporterhelper.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		answer    siemtest.AzureAnswer
		want      httpsend.Error
		permanent bool
	}{
		{siemtest.AzureAnswer{Status: 503, RetryAfter: 7 * time.Second}, httpsend.Error{Status: 503, RetryAfter: 7 * time.Second}, false},
		{siemtest.AzureAnswer{Status: 429, RetryAfter: time.Second, Reason: "slow\r\ndown"}, httpsend.Error{Status: 429, RetryAfter: time.Second, Reason: "slow down"}, false},
		{siemtest.AzureAnswer{Status: 403, Reason: strings.Repeat("no ", 1000)}, httpsend.Error{Status: 403, Reason: strings.Repeat("no ", 65) + "no…"}, false},
		{siemtest.AzureAnswer{Status: 404}, httpsend.Error{Status: 404}, false},
		{siemtest.AzureAnswer{Status: 307}, httpsend.Error{Status: 307}, false},
		{siemtest.AzureAnswer{Status: 400, Reason: `{"Error":"InvalidDataFormat"}`}, httpsend.Error{Status: 400, Reason: `{"Error":"InvalidDataFormat"}`}, true},
		{siemtest.AzureAnswer{Status: 413}, httpsend.Error{Status: 413}, true},
	} {
		both(t, func(t *testing.T, server *siemtest.Azure, cfg *Config) {
			t.Helper()
			server.AnswerFirst(tt.answer)
			e := start(t, cfg, nil)
			logs := siemtest.Decode(t, "", numbered(1, 10))
			err := e.ConsumeLogs(t.Context(), logs)
			var got *httpsend.Error
			require.ErrorAs(t, err, &got)
			got.Reason = strings.TrimSuffix(got.Reason, " ")
			assert.Equal(t, tt.want, *got)
			assert.Equal(t, tt.permanent, consumererror.IsPermanent(err))
			assert.Empty(t, server.Rows())
			require.NoError(t, e.ConsumeLogs(t.Context(), logs))
			assertNumbers(t, server, 1)
		})
	}
}

// TestPartial: what was taken of a batch is not sent again.
func TestPartial(t *testing.T) {
	_, rule := siemtest.DocumentedAzure(t)
	server := siemtest.NewAzureLogsIngestion(t, app(), rule)
	server.AnswerFirst(siemtest.AzureAnswer{Status: 413}, siemtest.AzureAnswer{Status: 204}, siemtest.AzureAnswer{Status: 503})
	cfg := ingestionConfig(server, app(), rule)
	logs := siemtest.Decode(t, "", numbered(10, 10))
	err := start(t, cfg, nil).ConsumeLogs(t.Context(), logs)
	var partial *httpsend.Partial
	require.ErrorAs(t, err, &partial)
	assert.Equal(t, []int{5, 10}, []int{partial.Sent, partial.Of})

	// An event that cannot be sent, behind others.
	logs = siemtest.Decode(t, "", numbered(3, 10)+numbered(1, 70_000)+numbered(2, 10))
	err = start(t, cfg, nil).ConsumeLogs(t.Context(), logs)
	require.ErrorAs(t, err, &partial)
	assert.Equal(t, []int{3, 6}, []int{partial.Sent, partial.Of})
	assert.True(t, consumererror.IsPermanent(err))
	assert.ErrorContains(t, err, "metadata: found 70014 bytes")
}

// TestQueue: with queue and retries of its own, the exporter sends the rest again.
func TestQueue(t *testing.T) {
	_, rule := siemtest.DocumentedAzure(t)
	server := siemtest.NewAzureLogsIngestion(t, app(), rule)
	server.AnswerFirst(siemtest.AzureAnswer{Status: 413}, siemtest.AzureAnswer{Status: 503, RetryAfter: 0})
	cfg := ingestionConfig(server, app(), rule)
	cfg.QueueConfig.GetOrInsertDefault()
	cfg.RetryConfig.Enabled = true
	cfg.RetryConfig.InitialInterval = time.Millisecond
	e := start(t, cfg, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(10, 10))))
	require.Eventually(t, func() bool { return len(server.Rows()) == 10 }, 10*time.Second, time.Millisecond)
	assertNumbers(t, server, 10)
}

// TestWrongKey: the service refuses the signature, and the reason shows no key.
func TestWrongKey(t *testing.T) {
	server := siemtest.NewAzureDataCollector(t, workspace)
	cfg := collectorConfig(server)
	cfg.DataCollector.Get().SharedKey = "d3Jvbmcta2V5LW9mLXRoZS13b3Jrc3BhY2U="
	err := start(t, cfg, nil).ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(1, 10)))
	assert.EqualError(t, err, `HTTP 403: {"Error":"InvalidAuthorization","Message":"the signature is wrong"}`)
}

// TestHeldSettings: a wrong setting that the service answers with 400 does not
// turn events into dead letters.
func TestHeldSettings(t *testing.T) {
	server := siemtest.NewAzureDataCollector(t, workspace)
	cfg := collectorConfig(server)
	cfg.DataCollector.Get().LogType = "Other"
	err := start(t, cfg, nil).ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(1, 10)))
	assert.EqualError(t, err, `HTTP 403: HTTP 400: {"Error":"InvalidLogType"}`)
	var answer *httpsend.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, httpsend.Held, answer.Outcome())
	assert.Nil(t, heldUnlessData(nil))
}

// TestWarning: who uses the old API is told at the start, and no one else.
func TestWarning(t *testing.T) {
	both(t, func(t *testing.T, _ *siemtest.Azure, cfg *Config) {
		t.Helper()
		core, seen := observer.New(zap.WarnLevel)
		start(t, cfg, zap.New(core))
		if cfg.LogsIngestion.HasValue() {
			assert.Zero(t, seen.Len())
			return
		}
		require.Equal(t, 1, seen.Len())
		assert.Contains(t, seen.All()[0].Message, "2026-09-14: set logs_ingestion")
	})
}

// TestDown: no answer at all is temporary.
func TestDown(t *testing.T) {
	cfg := collectorConfig(siemtest.NewAzureDataCollector(t, workspace))
	cfg.DataCollector.Get().ClientConfig.Endpoint = "https://127.0.0.1:1"
	err := start(t, cfg, nil).ConsumeLogs(t.Context(), siemtest.Decode(t, "", numbered(1, 10)))
	require.ErrorContains(t, err, "connection refused")
	assert.False(t, consumererror.IsPermanent(err))
}

// TestStartErrors: what only the start can find.
func TestStartErrors(t *testing.T) {
	set := exportertest.NewNopSettings(NewFactory().Type())
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"ca":          {func(c *Config) { c.LogsIngestion.Get().ClientConfig.TLS.CAFile = "none.pem" }, "none.pem"},
		"certificate": {func(c *Config) { useCertificate(c, "none.pem") }, "identity: certificate_file: open none.pem"},
		"no key":      {func(c *Config) { useCertificate(c, c.LogsIngestion.Get().ClientConfig.TLS.CAFile) }, "identity: certificate_file: reading certificate and key"},
	} {
		_, rule := siemtest.DocumentedAzure(t)
		cfg := ingestionConfig(siemtest.NewAzureLogsIngestion(t, app(), rule), app(), rule)
		tt.change(cfg)
		e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
		require.NoError(t, err)
		err = e.Start(t.Context(), componenttest.NewNopHost())
		require.ErrorContains(t, err, tt.want, name)
		require.NoError(t, e.Shutdown(t.Context()))
	}
}

func useCertificate(cfg *Config, file string) {
	p := cfg.LogsIngestion.Get().Identity.ServicePrincipal.Get()
	p.ClientSecret, p.CertificateFile = "", file
}
