// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// api is one of the two ways to send.
type api interface {
	// schema says what a row looks like.
	schema() schema
	// maxBody is the size of a body before it is compressed.
	maxBody() int
	// send sends a JSON array of rows.
	send(ctx context.Context, body []byte) *httpsend.Error
	close()
}

// azureMonitor is the exporter.
type azureMonitor struct {
	cfg       *Config
	telemetry component.TelemetrySettings
	api       api
}

func newExporter(cfg *Config, telemetry component.TelemetrySettings) *azureMonitor {
	return &azureMonitor{cfg: cfg, telemetry: telemetry}
}

func (e *azureMonitor) start(ctx context.Context, host component.Host) (err error) {
	if cfg := e.cfg.LogsIngestion.Get(); cfg != nil {
		e.api, err = newLogsIngestion(ctx, cfg, host, e.telemetry)
		return err
	}
	e.telemetry.Logger.Warn("Microsoft ended its support for the HTTP Data Collector API on 2026-09-14: set logs_ingestion in place of data_collector")
	e.api, err = newDataCollector(ctx, e.cfg.DataCollector.Get(), host, e.telemetry)
	return err
}

func (e *azureMonitor) shutdown(context.Context) error {
	if e.api != nil {
		e.api.close()
	}
	return nil
}

// push sends the rows of a batch in as few bodies as hold them, in order.
func (e *azureMonitor) push(ctx context.Context, logs plog.Logs) error {
	r, refused := encode(logs, e.api.schema(), e.api.maxBody())
	sent, err := e.sendRows(ctx, &r)
	if err == nil {
		// What comes behind a row that is refused is not sent either: it goes
		// with the rest of the batch.
		err = refused
	}
	switch {
	case err == nil:
		return nil
	case e.cfg.QueueConfig.HasValue():
		return httpsend.Rest(err.Wrap(), logs, sent)
	}
	return httpsend.NewPartial(err.Wrap(), logs, sent)
}

// sendRows returns how many rows were taken.
func (e *azureMonitor) sendRows(ctx context.Context, r *rows) (int, *httpsend.Error) {
	for from := 0; from < r.len(); {
		to := r.fit(from, e.api.maxBody())
		sent, err := e.sendRange(ctx, r, from, to)
		from += sent
		if err != nil {
			return from, err
		}
	}
	return r.len(), nil
}

// sendRange sends rows in one body, or halves of them where the service takes
// less than it says.
func (e *azureMonitor) sendRange(ctx context.Context, r *rows, from, to int) (int, *httpsend.Error) {
	err := e.api.send(ctx, r.body(from, to))
	switch {
	case err == nil:
		return to - from, nil
	case err.Status != http.StatusRequestEntityTooLarge || to-from == 1:
		return 0, err
	}
	middle := from + (to-from)/2
	sent, err := e.sendRange(ctx, r, from, middle)
	if err != nil {
		return sent, err
	}
	more, err := e.sendRange(ctx, r, middle, to)
	return sent + more, err
}
