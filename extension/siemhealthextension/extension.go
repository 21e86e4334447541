// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/extension/siemhealthextension/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/health"
)

// healthExtension is the extension.
type healthExtension struct {
	cfg       *Config
	set       extension.Settings
	telemetry *metadata.TelemetryBuilder
	started   time.Time
	registry  health.Registry

	observing metric.Registration
	server    *http.Server
	serving   sync.WaitGroup
}

// HealthRegistry is where components tell about themselves.
func (e *healthExtension) HealthRegistry() *health.Registry { return &e.registry }

// Dependencies are the extensions that the server uses, which start first.
func (e *healthExtension) Dependencies() []component.ID {
	var ids []component.ID
	if e.cfg.ServerConfig.Auth.HasValue() {
		ids = append(ids, e.cfg.ServerConfig.Auth.Get().AuthenticatorID)
	}
	for _, m := range e.cfg.ServerConfig.Middlewares {
		ids = append(ids, m.ID)
	}
	return ids
}

// Start listens.
func (e *healthExtension) Start(ctx context.Context, host component.Host) error {
	server, err := e.cfg.ServerConfig.ToServer(ctx, host.GetExtensions(), e.set.TelemetrySettings, e.handler())
	if err != nil {
		return err
	}
	if e.observing, err = e.observe(); err != nil {
		return err
	}
	listener, err := e.cfg.ServerConfig.ToListener(ctx)
	if err != nil {
		return err
	}
	e.server = server
	e.set.Logger.Info("health server started", zap.String("endpoint", listener.Addr().String()))
	e.serving.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	return nil
}

// Shutdown ends the server.
func (e *healthExtension) Shutdown(ctx context.Context) error {
	e.telemetry.Shutdown()
	var errs []error
	if e.observing != nil {
		errs = append(errs, e.observing.Unregister())
	}
	if e.server != nil {
		errs = append(errs, e.server.Shutdown(ctx))
	}
	e.serving.Wait()
	return errors.Join(errs...)
}
