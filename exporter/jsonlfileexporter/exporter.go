// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/evidence"
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

	mu sync.Mutex // of what follows
	// files has one file, or one for each class of severity.
	files   []*file
	batches []batch // for each file
	key     ed25519.PrivateKey

	// aside tells that a file was put aside.
	aside chan struct{}

	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newExporter(ctx context.Context, cfg *Config, set exporter.Settings, telemetry *metadata.TelemetryBuilder) *jsonlExporter {
	e := &jsonlExporter{
		cfg: cfg, logger: set.Logger, telemetry: telemetry,
		self:  metric.WithAttributeSet(attribute.NewSet(attribute.String("exporter", set.ID.String()))),
		aside: make(chan struct{}, 1),
	}
	o := e.observer(context.WithoutCancel(ctx))
	if !cfg.Retention.HasValue() {
		e.files = []*file{newFile(cfg, o)}
	} else {
		for severity := range event.Severity(classes) {
			one := *cfg
			one.Path = classPath(cfg.Path, severity)
			f := newFile(&one, o)
			f.keep = cfg.Retention.Get().keep(severity)
			e.files = append(e.files, f)
		}
	}
	e.batches = make([]batch, len(e.files))
	return e
}

func (e *jsonlExporter) observer(ctx context.Context) observer {
	return observer{
		rotated: func() {
			e.telemetry.ExporterJsonlFileRotations.Add(ctx, 1, e.self)
			select {
			case e.aside <- struct{}{}:
			default: // it has been told already
			}
		},
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
		unchained: func(path string) {
			e.logger.Warn("the file's last line is not chained; the file is put aside and a new one begun",
				zap.String("path", path))
		},
		removed: func(name, reason string, events uint64) {
			e.telemetry.ExporterJsonlFileRemoved.Add(ctx, 1, e.self)
			e.logger.Info("a file is removed",
				zap.String("file", name), zap.Uint64("events", events), zap.String("reason", reason))
		},
	}
}

// start opens the files. A full disk is no reason to end a collector that can
// still keep events in its journal: the next batch tries again.
func (e *jsonlExporter) start(startCtx context.Context, _ component.Host) error {
	if err := e.open(); err != nil {
		return err
	}
	var ctx context.Context
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(startCtx)) // outlives the start
	e.wg.Go(func() { e.tidy(ctx) })
	if e.cfg.Fsync == FsyncInterval {
		e.wg.Go(func() { e.sync(ctx) })
	}
	return nil
}

func (e *jsonlExporter) open() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cfg.Integrity.HasValue() {
		key, err := evidence.ReadPrivateKey(e.cfg.Integrity.Get().SigningKeyFile)
		if err != nil {
			return fmt.Errorf("integrity::signing_key_file: %w", err)
		}
		e.key = key
	}
	for _, f := range e.files {
		f.key = e.key
		err := f.open()
		switch {
		case isFull(err):
			e.logger.Error("events wait until the file can be opened", zap.Error(err))
		case err != nil:
			return errors.Join(err, e.close())
		}
	}
	return nil
}

func (e *jsonlExporter) close() error {
	var errs []error
	for _, f := range e.files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// push returns once the events are in the file, and on the disk where fsync is
// always. After an error nothing of them is in the file.
func (e *jsonlExporter) push(ctx context.Context, logs plog.Logs) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if logs.LogRecordCount() == 0 {
		return nil
	}
	if err := e.encode(logs); err != nil {
		return err
	}
	written := 0
	for i := range e.batches {
		b := &e.batches[i]
		if len(b.lines) == 0 {
			continue
		}
		if err := e.files[i].add(b); err != nil {
			return errors.Join(err, e.undo(i))
		}
		written += len(b.lines)
	}
	e.telemetry.ExporterJsonlFileWritten.Add(ctx, int64(written), e.self)
	return nil
}

// undo takes the batches before one that failed back from their files.
func (e *jsonlExporter) undo(failed int) error {
	var errs []error
	for i := range failed {
		if len(e.batches[i].lines) > 0 {
			errs = append(errs, e.files[i].undo())
		}
	}
	return errors.Join(errs...)
}

// tidy closes, seals, removes and compresses files until the exporter is shut
// down.
func (e *jsonlExporter) tidy(ctx context.Context) {
	interval := tidyInterval
	if every := e.cfg.Rotation.Interval; every > 0 {
		interval = min(interval, every)
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		for _, f := range e.files {
			if err := e.tidyFile(ctx, f); err != nil && ctx.Err() == nil {
				e.logger.Warn("rotated files wait to be sealed, removed or compressed", zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-e.aside:
		case <-ticker.C:
		}
	}
}

func (e *jsonlExporter) tidyFile(ctx context.Context, f *file) error {
	now := time.Now()
	e.mu.Lock()
	err := f.rotateOld(now)
	archive := f.archive
	e.mu.Unlock()
	if archive != nil {
		err = errors.Join(err, archive.tidy(ctx, now))
	}
	return err
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
			var err error
			for _, f := range e.files {
				err = errors.Join(err, f.sync())
			}
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
	return e.close()
}
