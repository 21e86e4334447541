// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// webhookExporter is the exporter.
type webhookExporter struct {
	cfg       *Config
	set       exporter.Settings
	telemetry *metadata.TelemetryBuilder
	outcomes  map[httpsend.Outcome]metric.MeasurementOption

	sender *httpsend.Sender
	layout *layout
	signer *signer // nil without signing
}

func newExporter(cfg *Config, set exporter.Settings, telemetry *metadata.TelemetryBuilder) *webhookExporter {
	e := &webhookExporter{cfg: cfg, set: set, telemetry: telemetry, outcomes: make(map[httpsend.Outcome]metric.MeasurementOption)}
	for _, o := range []httpsend.Outcome{httpsend.Delivered, httpsend.Retry, httpsend.Held, httpsend.Refused} {
		e.outcomes[o] = metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", string(o))))
	}
	return e
}

func (e *webhookExporter) start(ctx context.Context, host component.Host) (err error) {
	settings := e.cfg.ClientConfig
	switch e.cfg.Profile {
	case ProfileDatadogLogs:
		if settings.Compression == "" {
			settings.Compression = datadogCompression
		}
		e.layout = newDatadogLayout(e.cfg, e.set.Logger)
	case ProfileGCPEntries:
		e.layout, err = e.startGCP(ctx, host)
	default:
		e.layout = newLayout(e.cfg)
	}
	if err != nil {
		return err
	}
	client, err := settings.ToClient(ctx, host.GetExtensions(), e.set.TelemetrySettings)
	if err != nil {
		return fmt.Errorf("making the HTTP client: %w", err)
	}
	e.sender = httpsend.NewSender(client, e.cfg.secrets()...)
	if e.cfg.Signing.HasValue() {
		e.signer, err = newSigner(string(e.cfg.Signing.Get().Secret))
	}
	return err
}

// startGCP makes a second client, for tokens: over the same proxy and with the
// same certificates, but without what is for the log alone.
func (e *webhookExporter) startGCP(ctx context.Context, host component.Host) (*layout, error) {
	settings := e.cfg.ClientConfig
	settings.Headers, settings.Auth, settings.Compression = nil, configoptional.None[configauth.Config](), ""
	client, err := settings.ToClient(ctx, host.GetExtensions(), e.set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("making the HTTP client for tokens: %w", err)
	}
	tokens, err := newTokens(e.cfg.GCP.Get().CredentialsPath, client) //nolint:contextcheck // a token outlives the start
	if err != nil {
		return nil, err
	}
	return newGCPLayout(e.cfg, tokens), nil
}

func (e *webhookExporter) shutdown(context.Context) error {
	if e.sender != nil {
		e.sender.CloseIdleConnections()
	}
	if e.layout != nil && e.layout.close != nil {
		e.layout.close()
	}
	e.telemetry.Shutdown()
	return nil
}

// push sends records in as many requests as it takes, in their order. It
// returns once each of them is answered, or the first one with an error.
func (e *webhookExporter) push(ctx context.Context, logs plog.Logs) error {
	r := request{layout: e.layout}
	sent := 0
	flush := func() *httpsend.Error {
		if r.events == 0 {
			return nil
		}
		if err := e.deliver(ctx, &r); err != nil {
			return err
		}
		sent += r.events
		r.reset()
		return nil
	}
	for rec := range records(logs) {
		added, err := r.add(rec)
		if !added {
			if failed := flush(); failed != nil {
				return e.partial(failed, logs, sent)
			}
			if err == nil {
				_, err = r.add(rec)
			}
		}
		if err != nil {
			return e.partial(err, logs, sent)
		}
	}
	if err := flush(); err != nil {
		return e.partial(err, logs, sent)
	}
	return nil
}

// partial says what was taken before an error. With a queue only exporterhelper
// may hear of it: see httpsend.Partial.
func (e *webhookExporter) partial(err *httpsend.Error, logs plog.Logs, sent int) error {
	if e.cfg.Queue.HasValue() {
		return httpsend.Rest(err.Wrap(), logs, sent)
	}
	return httpsend.NewPartial(err.Wrap(), logs, sent)
}

// deliver sends one request, as often as the settings allow.
func (e *webhookExporter) deliver(ctx context.Context, r *request) *httpsend.Error {
	body := r.finish()
	id := r.uid
	if id == "" {
		id = uuid.NewString()
	}
	for attempt := 1; ; attempt++ {
		err := e.attempt(ctx, webhookID(id), body)
		if err == nil || err.Outcome() != httpsend.Retry ||
			attempt >= e.cfg.Attempts.MaxAttempts || err.RetryAfter > e.cfg.Attempts.MaxInterval {
			return err
		}
		timer := time.NewTimer(max(err.RetryAfter, e.cfg.Attempts.wait(attempt)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func (e *webhookExporter) attempt(ctx context.Context, id string, body []byte) *httpsend.Error {
	req, err := http.NewRequestWithContext(ctx, e.layout.method, e.layout.url, bytes.NewReader(body))
	if err != nil {
		return &httpsend.Error{Reason: "making a request: the endpoint is no URL"} // Validate has seen it
	}
	req.Header.Set("Content-Type", e.layout.contentType)
	if e.signer != nil {
		e.signer.sign(req.Header, id, time.Now(), body)
	}
	answer := e.send(ctx, req)
	outcome := httpsend.Delivered
	if answer != nil {
		outcome = answer.Outcome()
	}
	e.telemetry.ExporterWebhookRequests.Add(ctx, 1, e.outcomes[outcome])
	e.telemetry.ExporterWebhookRequestBytes.Add(ctx, int64(len(body)))
	return answer
}

func (e *webhookExporter) send(ctx context.Context, req *http.Request) *httpsend.Error {
	if e.layout.authorize == nil {
		return e.sender.Do(req)
	}
	secret, err := e.layout.authorize(ctx, req.Header)
	if err != nil {
		return err
	}
	answer := e.sender.Do(req, secret)
	if answer != nil && answer.Status == http.StatusUnauthorized && e.layout.refused != nil {
		e.layout.refused()
	}
	return answer
}
