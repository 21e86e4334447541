// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver/internal/metadata"
)

// mockforgeReceiver owns the servers of all protocols.
type mockforgeReceiver struct {
	cfg       *Config
	settings  receiver.Settings
	next      consumer.Logs
	telemetry *metadata.TelemetryBuilder
	obsHTTP   *receiverhelper.ObsReport

	server *http.Server
	wg     sync.WaitGroup
}

func newReceiver(cfg *Config, set receiver.Settings, next consumer.Logs) (*mockforgeReceiver, error) {
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	obsHTTP, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID:             set.ID,
		Transport:              "http",
		ReceiverCreateSettings: set,
	})
	if err != nil {
		return nil, err
	}
	return &mockforgeReceiver{cfg: cfg, settings: set, next: next, telemetry: telemetry, obsHTTP: obsHTTP}, nil
}

// Start begins to listen.
func (r *mockforgeReceiver) Start(ctx context.Context, host component.Host) error {
	if !r.cfg.Protocols.HTTP.HasValue() {
		return nil
	}
	return r.startHTTP(ctx, host, r.cfg.Protocols.HTTP.Get())
}

func (r *mockforgeReceiver) startHTTP(ctx context.Context, host component.Host, cfg *HTTPConfig) error {
	decoder := eventlog.NewDecoder(eventlog.Options{
		MaxEventSize:      r.cfg.MaxEventSize,
		MaxEvents:         cfg.MaxEvents,
		Environment:       r.cfg.Environment,
		RedactCredentials: r.cfg.RedactCredentials,
	})
	events := newEventsHandler(decoder, r.next, r.obsHTTP, r.telemetry, r.settings.Logger)
	mux := http.NewServeMux()
	mux.Handle(cfg.Path, events)
	if cfg.Path != "/" {
		mux.HandleFunc("/", notFound(cfg.Path))
	}
	var err error
	r.server, err = cfg.ServerConfig.ToServer(ctx, host.GetExtensions(), r.settings.TelemetrySettings, mux,
		confighttp.WithErrorHandler(events.serverError), confighttp.WithDecoder("identity", identity))
	if err != nil {
		return err
	}
	listener, err := cfg.ServerConfig.ToListener(ctx)
	if err != nil {
		return err
	}
	r.settings.Logger.Info("HTTP server started", zap.String("endpoint", listener.Addr().String()), zap.String("path", cfg.Path))
	r.wg.Go(func() {
		if err := r.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown ends listening and waits for the requests under way.
func (r *mockforgeReceiver) Shutdown(ctx context.Context) error {
	var err error
	if r.server != nil {
		err = r.server.Shutdown(ctx)
	}
	r.wg.Wait()
	r.telemetry.Shutdown()
	return err
}
