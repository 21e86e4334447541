// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
	zapobserver "go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/duration"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

func retentionConfig(t *testing.T) *Config {
	t.Helper()
	cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
	cfg.Retention = configoptional.Some(defaultRetention())
	cfg.Rotation.MaxFiles, cfg.Rotation.Interval = 0, 24*time.Hour
	return cfg
}

// graded are events of the given severities, numbered by their place.
func graded(arrived time.Time, numbers ...plog.SeverityNumber) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for n, number := range numbers {
		record := records.AppendEmpty()
		record.SetSeverityNumber(number)
		record.SetObservedTimestamp(pcommon.NewTimestampFromTime(arrived))
		record.Body().SetEmptyMap().PutInt("n", int64(n))
	}
	return logs
}

func newExporterFor(t *testing.T, cfg *Config) *jsonlExporter {
	t.Helper()
	set := exportertest.NewNopSettings(metadata.Type)
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	require.NoError(t, err)
	return newExporter(t.Context(), cfg, set, telemetry)
}

func newStarted(t *testing.T, cfg *Config, logger *zap.Logger) *jsonlExporter {
	t.Helper()
	e := newExporterFor(t, cfg)
	if logger != nil {
		e.logger = logger
	}
	require.NoError(t, e.start(t.Context(), componenttest.NewNopHost()))
	return e
}

// TestClasses: each event is in the file of its severity.
func TestClasses(t *testing.T) {
	cfg := retentionConfig(t)
	e := newStarted(t, cfg, nil)
	require.NoError(t, e.push(t.Context(), graded(time.Now(), 18, 17, 13, 9, 0, 24, 5, 20, 14)))
	require.NoError(t, e.shutdown(t.Context()))
	for class, want := range map[string][]int{"critical": {0, 5, 7}, "high": {1}, "medium": {2, 8}, "low": {3}, "unknown": {4, 6}} {
		path := strings.Replace(cfg.Path, ".jsonl", "."+class+".jsonl", 1)
		assert.Equal(t, want, numbers(t, path), class)
		assert.Equal(t, os.FileMode(0o600), mode(t, path))
	}
	assert.NoFileExists(t, cfg.Path)
}

// TestKeep: an event without a severity is kept as long as any.
func TestKeep(t *testing.T) {
	cfg := defaultRetention()
	assert.Equal(t, 90*24*time.Hour, cfg.keep(event.SeverityLow))
	assert.Equal(t, cfg.keep(event.SeverityCritical), cfg.keep(event.SeverityUnknown))
	cfg.Low = 8 * year
	assert.Equal(t, time.Duration(8*year), cfg.keep(event.SeverityUnknown))
	cfg.Medium = 0
	assert.Zero(t, cfg.keep(event.SeverityUnknown), "for ever")
	at := time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)
	assert.True(t, at.Add(cfg.keep(event.SeverityHigh)).After(at.AddDate(7, 0, 0)), "never shorter than the calendar has it")
}

// TestBatchOfClassesFails: when one file fails, the batch is in none.
func TestBatchOfClassesFails(t *testing.T) {
	for _, integrity := range []bool{false, true} {
		cfg := retentionConfig(t)
		if integrity {
			cfg.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: keyFile(t, 0o600)})
		}
		e := newStarted(t, cfg, nil)
		require.NoError(t, e.push(t.Context(), graded(time.Now(), 9, 18)))
		e.files[event.SeverityCritical].fsync = func(*os.File) error { return errors.New("input/output error") }
		for range 2 {
			require.ErrorContains(t, e.push(t.Context(), graded(time.Now(), 18, 9, 13)), "input/output error")
		}
		e.files[event.SeverityCritical].fsync = (*os.File).Sync
		assert.Empty(t, numbers(t, e.files[event.SeverityMedium].path))
		require.NoError(t, e.push(t.Context(), graded(time.Now(), 18, 9, 13)))
		assert.Equal(t, []int{0, 1}, numbers(t, e.files[event.SeverityLow].path))
		assert.Equal(t, []int{1, 0}, numbers(t, e.files[event.SeverityCritical].path))
		assert.Equal(t, []int{2}, numbers(t, e.files[event.SeverityMedium].path))
		require.NoError(t, e.shutdown(t.Context()))
		if integrity {
			assert.Equal(t, 5, proven(t, filepath.Dir(cfg.Path))[evidence.Unsealed])
		}
	}
}

// TestRetention over 100 days: a file goes when the newest event in it has been
// kept long enough, and is closed in time for that though nothing is written.
func TestRetention(t *testing.T) {
	for _, integrity := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			cfg := retentionConfig(t)
			if integrity {
				cfg.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: keyFile(t, 0o600)})
			}
			core, logs := zapobserver.New(zap.InfoLevel)
			e := newStarted(t, cfg, zap.New(core))
			begin := time.Now()
			// The journal was held for a day: what counts is when they arrived.
			require.NoError(t, e.push(t.Context(), graded(begin.Add(-24*time.Hour), 9, 9, 13, 0)))
			low := e.files[event.SeverityLow].path
			for _, tt := range []struct {
				after   time.Duration
				rotated int
			}{
				{time.Hour, 0}, {25 * time.Hour, 1}, {89*24*time.Hour - time.Hour, 1}, {89*24*time.Hour + 2*time.Hour, 0},
			} {
				time.Sleep(time.Until(begin.Add(tt.after)))
				synctest.Wait()
				assert.Len(t, archived(t, low), tt.rotated, "after %s", tt.after)
			}
			removed := logs.FilterMessage("a file is removed").All()
			require.Len(t, removed, 1)
			assert.Regexp(t, `^events\.low-\S+\.jsonl$`, removed[0].ContextMap()["file"])
			assert.Equal(t, uint64(2), removed[0].ContextMap()["events"])
			assert.Equal(t, "retention", removed[0].ContextMap()["reason"])
			assert.Len(t, archived(t, e.files[event.SeverityMedium].path), 1)
			assert.Len(t, archived(t, e.files[event.SeverityUnknown].path), 1)

			require.NoError(t, e.push(t.Context(), graded(time.Now(), 9)))
			require.NoError(t, e.shutdown(t.Context()))
			if integrity {
				assert.Equal(t, map[evidence.State]int{evidence.Removed: 1, evidence.Proven: 2, evidence.Unsealed: 5}, proven(t, filepath.Dir(cfg.Path)))
			}
		})
	}
}

// TestOpenFileStays however old its events are.
func TestOpenFileStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := retentionConfig(t)
		cfg.Rotation.Interval = 0
		e := newStarted(t, cfg, nil)
		require.NoError(t, e.push(t.Context(), graded(time.Now(), 9)))
		time.Sleep(200 * 24 * time.Hour)
		synctest.Wait()
		assert.Equal(t, []int{0}, numbers(t, e.files[event.SeverityLow].path))
		require.NoError(t, e.shutdown(t.Context()))
	})
}

// TestArrival: who sets the clock forward does not have his events kept longer.
func TestArrival(t *testing.T) {
	now := time.Now()
	record := plog.NewLogRecord()
	assert.Equal(t, now, arrival(record, now))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Hour)))
	assert.Equal(t, now, arrival(record, now))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Hour)))
	assert.True(t, arrival(record, now).Equal(now.Add(-time.Hour)))
}

// TestInterval: a file has the events of one day at most.
func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		cfg := testConfig(filepath.Join(t.TempDir(), "events.jsonl"))
		cfg.Rotation.Interval = 24 * time.Hour
		w := open(t, cfg)
		for n := range 3 {
			require.NoError(t, add(w, line(n)))
			time.Sleep(11 * time.Hour)
		}
		require.NoError(t, add(w, line(3)))
		assert.Len(t, archived(t, w.path), 1)
		require.NoError(t, w.rotateOld(time.Now()))
		assert.Len(t, archived(t, w.path), 1, "still the same day")
		time.Sleep(24 * time.Hour)
		require.NoError(t, w.rotateOld(time.Now()))
		require.NoError(t, w.rotateOld(time.Now()))
		assert.Len(t, archived(t, w.path), 2)
		assert.Equal(t, []int{0, 1, 2, 3}, numbers(t, append(archived(t, w.path), w.path)...))
	})
}

func TestArchiveConfig(t *testing.T) {
	cfg := load(t, "archive")
	require.NoError(t, cfg.Validate())
	want := createDefaultConfig().(*Config)
	want.Path = "/var/lib/mockforge/siem-events.jsonl"
	want.Rotation.MaxFiles, want.Rotation.Interval = 0, 24*time.Hour
	want.Retention = configoptional.Some(RetentionConfig{
		Critical: 10 * year, High: 7 * year, Medium: 2 * year, Low: duration.Span(36 * time.Hour),
	})
	want.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: "/etc/mockforge/archive.pem"})
	assert.Equal(t, want, cfg)

	cfg = load(t, "archive_default")
	require.NoError(t, cfg.Validate())
	assert.Equal(t, defaultRetention(), *cfg.Retention.Get())
	assert.Equal(t, cfg, load(t, "archive_null"), "named is switched on")
	assert.False(t, load(t, "").Retention.HasValue())
	assert.Zero(t, load(t, "").Rotation.Interval)
}
