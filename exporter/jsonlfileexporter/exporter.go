// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// maxKept is the largest buffer that is kept for the next batch.
const maxKept = 8 << 20

// tidyInterval is how often rotated files are looked at when nothing rotates:
// some become too old, and some could not be compressed while the disk was full.
const tidyInterval = time.Hour

// jsonlExporter is the exporter.
type jsonlExporter struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *metadata.TelemetryBuilder
	self      metric.MeasurementOption

	mu   sync.Mutex // of buf and file
	buf  []byte
	file *file

	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newExporter(ctx context.Context, cfg *Config, set exporter.Settings, telemetry *metadata.TelemetryBuilder) *jsonlExporter {
	e := &jsonlExporter{
		cfg: cfg, logger: set.Logger, telemetry: telemetry,
		self: metric.WithAttributeSet(attribute.NewSet(attribute.String("exporter", set.ID.String()))),
	}
	e.file = newFile(cfg, e.observer(context.WithoutCancel(ctx)))
	return e
}

func (e *jsonlExporter) observer(ctx context.Context) observer {
	return observer{
		rotated:   func() { e.telemetry.ExporterJsonlFileRotations.Add(ctx, 1, e.self) },
		takenBack: func() { e.telemetry.ExporterJsonlFileTakenBack.Add(ctx, 1, e.self) },
		repaired: func(path string, bytes int64) {
			e.telemetry.ExporterJsonlFileRepaired.Add(ctx, bytes, e.self)
			e.logger.Warn("the file's last line was torn and is cut off: a write that was never acknowledged",
				zap.String("path", path), zap.Int64("bytes", bytes))
		},
		reopened: func(path, change string) {
			e.logger.Info("somebody else has changed the file; it is opened again",
				zap.String("path", path), zap.String("change", change))
		},
	}
}

// start opens the file. A full disk is no reason to end a collector that can
// still keep events in its journal: the next batch tries again.
func (e *jsonlExporter) start(startCtx context.Context, _ component.Host) error {
	e.mu.Lock()
	err := e.file.open()
	e.mu.Unlock()
	switch {
	case isFull(err):
		e.logger.Error("events wait until the file can be opened", zap.Error(err))
	case err != nil:
		return errors.Join(err, e.file.close())
	}
	var ctx context.Context
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(startCtx)) // outlives the start
	e.wg.Go(func() { e.tidy(ctx) })
	if e.cfg.Fsync == FsyncInterval {
		e.wg.Go(func() { e.sync(ctx) })
	}
	return nil
}

// push returns once the events are in the file, and on the disk where fsync is
// always. After an error nothing of them is in the file.
func (e *jsonlExporter) push(ctx context.Context, logs plog.Logs) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.buf = appendLines(e.buf[:0], logs)
	if len(e.buf) == 0 {
		return nil
	}
	err := e.file.append(e.buf)
	if err == nil {
		e.telemetry.ExporterJsonlFileWritten.Add(ctx, int64(len(e.buf)), e.self)
	}
	if cap(e.buf) > maxKept {
		e.buf = nil
	}
	return err
}

// appendLines appends each record's event and a line break. A line is always an
// object, so that a torn one is never taken for a whole one, as 12 of 123 would
// be.
func appendLines(buf []byte, logs plog.Logs) []byte {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				body := record.Body()
				if body.Type() == pcommon.ValueTypeMap {
					buf = append(eventlog.AppendJSON(buf, body), '\n')
					continue
				}
				buf = append(buf, `{"message":`...)
				buf = append(eventlog.AppendJSON(buf, body), '}', '\n')
			}
		}
	}
	return buf
}

// tidy removes and compresses rotated files until the exporter is shut down.
func (e *jsonlExporter) tidy(ctx context.Context) {
	ticker := time.NewTicker(tidyInterval)
	defer ticker.Stop()
	for {
		e.mu.Lock()
		archive := e.file.archive
		e.mu.Unlock()
		if archive != nil {
			removed, err := archive.tidy(ctx, time.Now())
			e.telemetry.ExporterJsonlFileRemoved.Add(ctx, int64(removed), e.self)
			if err != nil && ctx.Err() == nil {
				e.logger.Warn("rotated files wait to be removed or compressed", zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-e.file.aside:
		case <-ticker.C:
		}
	}
}

// sync syncs what was written until the exporter is shut down.
func (e *jsonlExporter) sync(ctx context.Context) {
	ticker := time.NewTicker(e.cfg.FsyncInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			e.mu.Lock()
			err := e.file.sync()
			e.mu.Unlock()
			if err != nil {
				e.logger.Error("acknowledged events may not be on the disk", zap.Error(err))
			}
		}
	}
}

// shutdown syncs and closes the file. A file that is being compressed is left
// as it is, for the next start.
func (e *jsonlExporter) shutdown(context.Context) error {
	if e.cancel != nil {
		e.cancel()
	}
	e.wg.Wait()
	e.telemetry.Shutdown()
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.file.close()
}
