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
	"go.uber.org/zap"
)

// httpServer is a way in by HTTP.
type httpServer struct {
	server *http.Server
	wg     sync.WaitGroup
}

// serveHTTP listens; serverError answers what confighttp refuses.
func (r *mockforgeReceiver) serveHTTP(ctx context.Context, host component.Host, cfg *confighttp.ServerConfig, name string,
	handler http.Handler, serverError func(http.ResponseWriter, *http.Request, string, int),
) error {
	server, err := cfg.ToServer(ctx, host.GetExtensions(), r.settings.TelemetrySettings, handler,
		confighttp.WithErrorHandler(serverError), confighttp.WithDecoder("identity", identity))
	if err != nil {
		return err
	}
	listener, err := cfg.ToListener(ctx)
	if err != nil {
		return err
	}
	r.settings.Logger.Info(name+" server started", zap.String("endpoint", listener.Addr().String()))
	s := &httpServer{server: server}
	s.wg.Go(func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
	r.ways = append(r.ways, s)
	return nil
}

// shutdown ends listening and waits for the requests under way.
func (s *httpServer) shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	s.wg.Wait()
	return err
}
