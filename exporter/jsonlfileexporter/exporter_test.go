// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	zapobserver "go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadatatest"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const (
	eventuallyTimeout = 10 * time.Second
	eventuallyTick    = 5 * time.Millisecond
)

func start(t *testing.T, cfg *Config, set exporter.Settings) exporter.Logs {
	t.Helper()
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e
}

func numbered(t testing.TB, n ...int) plog.Logs {
	t.Helper()
	var all strings.Builder
	for _, n := range n {
		fmt.Fprintf(&all, "{\"event_type\":\"auth.failure\",\"n\":%d}\n", n)
	}
	return siemtest.Decode(t, "", all.String())
}

// TestGuideEvent comes out as it came in.
func TestGuideEvent(t *testing.T) {
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	e := start(t, cfg, exportertest.NewNopSettings(metadata.Type))
	assert.False(t, e.Capabilities().MutatesData)
	guide := siemtest.GuideEvent(t)
	require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", string(guide))))
	text := content(t, cfg.Path)
	assert.JSONEq(t, string(guide), text)
	assert.True(t, strings.HasPrefix(text, `{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure",`))
	assert.Equal(t, 1, strings.Count(text, "\n"))
}

// TestBodies: each is an object on a line, whatever it was.
func TestBodies(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Body().SetStr("not \"parsed\"\nat all \xff")
	records.AppendEmpty().Body().SetInt(12)
	records.AppendEmpty()
	records.AppendEmpty().Body().SetEmptySlice().AppendEmpty().SetBool(true)
	records.AppendEmpty().Body().SetEmptyBytes().FromRaw([]byte("x"))
	records.AppendEmpty().Body().SetEmptyMap().PutStr("b", "<&>")
	assert.Equal(t, `{"message":"not \"parsed\"\nat all �"}
{"message":12}
{"message":null}
{"message":[true]}
{"message":"eA=="}
{"b":"<&>"}
`, string(appendLines(nil, logs)))
}

// TestNothing: no records, no write.
func TestNothing(t *testing.T) {
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	e := start(t, cfg, exportertest.NewNopSettings(metadata.Type))
	require.NoError(t, e.ConsumeLogs(t.Context(), plog.NewLogs()))
	assert.Empty(t, content(t, cfg.Path))
}

// TestReload: the next exporter has the file as soon as the first has left it,
// and not before.
func TestReload(t *testing.T) {
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	set := exportertest.NewNopSettings(metadata.Type)
	for n := range 3 {
		e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		second, err := NewFactory().CreateLogs(t.Context(), set, cfg)
		require.NoError(t, err)
		require.ErrorContains(t, second.Start(t.Context(), componenttest.NewNopHost()), "in use by another exporter or process")
		require.NoError(t, second.Shutdown(t.Context()))
		require.NoError(t, e.ConsumeLogs(t.Context(), numbered(t, n)))
		require.NoError(t, e.Shutdown(t.Context()))
	}
	assert.Equal(t, []int{0, 1, 2}, numbers(t, cfg.Path))
}

// TestNotStarted: a collector whose start failed elsewhere shuts down what has
// not begun.
func TestNotStarted(t *testing.T) {
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), testConfig("events.jsonl"))
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(t.Context()))
}

// TestTelemetry: the counts are those of what happened, under the exporter's
// name, and the log says what was repaired, not what it was.
func TestTelemetry(t *testing.T) {
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	core, logs := zapobserver.New(zap.InfoLevel)
	set.Logger = zap.New(core)
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	require.NoError(t, os.WriteFile(cfg.Path, []byte(`{"secret":`), 0o600))
	size := int64(len(appendLines(nil, numbered(t, 1))))
	cfg.Rotation.MaxSize, cfg.Rotation.MaxFiles = Size(size), 1
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	for n := range 4 {
		require.NoError(t, e.ConsumeLogs(t.Context(), numbered(t, n)))
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			files := archived(t, cfg.Path)
			assert.Len(c, files, min(n, 1))
			assert.True(c, n == 0 || strings.HasSuffix(strings.Join(files, ""), ".gz"))
		}, eventuallyTimeout, eventuallyTick)
	}
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, []int{2, 3}, numbers(t, append(archived(t, cfg.Path), cfg.Path)...))

	points := func(n int64) []metricdata.DataPoint[int64] {
		return []metricdata.DataPoint[int64]{{Value: n, Attributes: attribute.NewSet(attribute.String("exporter", set.ID.String()))}}
	}
	ignore := []metricdatatest.Option{metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars()}
	metadatatest.AssertEqualExporterJsonlFileWritten(t, tel, points(4*size), ignore...)
	metadatatest.AssertEqualExporterJsonlFileRotations(t, tel, points(3), ignore...)
	metadatatest.AssertEqualExporterJsonlFileRemoved(t, tel, points(2), ignore...)
	metadatatest.AssertEqualExporterJsonlFileRepaired(t, tel, points(10), ignore...)
	require.NoError(t, tel.Shutdown(t.Context()))
	require.Equal(t, 3, logs.Len())
	assert.Equal(t, map[string]any{"path": cfg.Path, "bytes": int64(10)}, logs.All()[0].ContextMap())
	for _, entry := range logs.All()[1:] {
		assert.Equal(t, zap.InfoLevel, entry.Level)
		assert.Regexp(t, `^events-\S+\.jsonl$`, entry.ContextMap()["file"])
		assert.Equal(t, uint64(1), entry.ContextMap()["events"])
		assert.Equal(t, "max_files", entry.ContextMap()["reason"])
	}
}

// TestSyncInterval syncs what was written since, and only then.
func TestSyncInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
		cfg.Fsync, cfg.FsyncInterval = FsyncInterval, time.Minute
		set := exportertest.NewNopSettings(metadata.Type)
		telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
		require.NoError(t, err)
		e := newExporter(t.Context(), cfg, set, telemetry)
		var syncs atomic.Int64
		e.files[0].fsync = func(f *os.File) error {
			syncs.Add(1)
			return f.Sync()
		}
		require.NoError(t, e.start(t.Context(), componenttest.NewNopHost()))
		require.NoError(t, e.push(t.Context(), numbered(t, 1)))
		require.NoError(t, e.push(t.Context(), numbered(t, 2)))
		for _, want := range []int64{0, 1, 1} {
			assert.Equal(t, want, syncs.Load())
			time.Sleep(61 * time.Second)
			synctest.Wait()
		}
		require.NoError(t, e.shutdown(t.Context()))
	})
}

// TestMaxAge removes old files though nothing rotates.
func TestMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cfg := testConfig(filepath.Join(dir, "events.jsonl"))
		cfg.Rotation.MaxAge = 90 * time.Minute
		old := filepath.Join(dir, "events-2000-01-01T00-00-00.000.jsonl.gz")
		require.NoError(t, os.WriteFile(old, nil, 0o600))
		require.NoError(t, os.Chtimes(old, time.Now(), time.Now()))
		set := exportertest.NewNopSettings(metadata.Type)
		telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
		require.NoError(t, err)
		e := newExporter(t.Context(), cfg, set, telemetry)
		require.NoError(t, e.start(t.Context(), componenttest.NewNopHost()))
		time.Sleep(tidyInterval + time.Minute)
		synctest.Wait()
		assert.FileExists(t, old)
		time.Sleep(tidyInterval)
		synctest.Wait()
		assert.NoFileExists(t, old)
		require.NoError(t, e.shutdown(t.Context()))
	})
}

// TestNoAllocationPerEvent: a batch of many events costs no more than one of
// one.
func TestNoAllocationPerEvent(t *testing.T) {
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	cfg.Fsync = FsyncNever
	set := exportertest.NewNopSettings(metadata.Type)
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	require.NoError(t, err)
	e := newExporter(t.Context(), cfg, set, telemetry)
	require.NoError(t, e.start(t.Context(), componenttest.NewNopHost()))
	many := siemtest.Decode(t, "", strings.Repeat(string(siemtest.GuideEvent(t)), 1000))
	allocations := testing.AllocsPerRun(20, func() {
		if err := e.push(context.Background(), many); err != nil {
			t.Error(err)
		}
	})
	assert.LessOrEqual(t, allocations, 20.0)
	require.NoError(t, e.shutdown(t.Context()))
}

// TestErrorsAreTemporary: whoever stands before the exporter keeps the batch.
func TestErrorsAreTemporary(t *testing.T) {
	dir := t.TempDir()
	cfg := testConfig(filepath.Join(dir, "folder", "events.jsonl"))
	e := start(t, cfg, exportertest.NewNopSettings(metadata.Type))
	require.NoError(t, os.RemoveAll(filepath.Dir(cfg.Path)))
	err := e.ConsumeLogs(t.Context(), numbered(t, 1))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.False(t, consumererror.IsPermanent(err))
	require.NoError(t, os.Mkdir(filepath.Dir(cfg.Path), 0o700))
	require.NoError(t, e.ConsumeLogs(t.Context(), numbered(t, 1)))
	assert.Equal(t, []int{1}, numbers(t, cfg.Path))
}
