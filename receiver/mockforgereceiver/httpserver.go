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

// refuser answers requests before they get to the handler.
type refuser interface {
	// serverError answers what confighttp refuses.
	serverError(w http.ResponseWriter, r *http.Request, message string, status int)
	// tooMany answers requests over the rate limit; Retry-After is set.
	tooMany(w http.ResponseWriter, r *http.Request)
}

// serveHTTP listens within the limits.
func (r *mockforgeReceiver) serveHTTP(ctx context.Context, host component.Host, cfg *confighttp.ServerConfig, limits *LimitsConfig,
	name string, handler http.Handler, refuser refuser,
) error {
	server, err := cfg.ToServer(ctx, host.GetExtensions(), r.settings.TelemetrySettings, handler,
		confighttp.WithErrorHandler(refuser.serverError), confighttp.WithDecoder("identity", identity))
	if err != nil {
		return err
	}
	if limits.MaxDecompressionRatio > 0 {
		server.Handler = boundRatio(server.Handler, limits.MaxDecompressionRatio)
	}
	if limits.RateLimit.RequestsPerSecond > 0 {
		limiter, err := newRateLimiter(limits.RateLimit)
		if err != nil {
			return err
		}
		server.Handler = limiter.wrap(server.Handler, refuser.tooMany)
	}
	listener, err := listen(ctx, cfg, limits.MaxConnections)
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
