// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/config/configtls"
	"golang.org/x/time/rate"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

const (
	defaultURL = "http://localhost:8765/api/v1/events"
	// tokenVariable holds a bearer token. There is no flag for it: other users of
	// the machine see the arguments of a process.
	tokenVariable = "SIEMCTL_TOKEN" //nolint:gosec // the name of a variable
	// defaultWait is for an answer that asks for patience and says not how much.
	defaultWait = time.Second
)

// target is what the flags say about the collector and the pace.
type target struct {
	url, tokenFile string
	tls            configtls.ClientConfig
	rate           float64
	batch          int
	timeout        time.Duration
}

func (t *target) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&t.url, "url", defaultURL, "where the collector takes events")
	flags.StringVar(&t.tokenFile, "token-file", "", "file with a bearer token; "+tokenVariable+" holds one by default")
	flags.StringVar(&t.tls.CAFile, "ca-file", "", "certificates that the collector's is checked against; the system's by default")
	flags.BoolVar(&t.tls.InsecureSkipVerify, "insecure", false, "do not check the collector's certificate")
	flags.Float64Var(&t.rate, "rate", 0, "events per second; 0 for as fast as they are taken")
	flags.IntVar(&t.batch, "batch", 100, "events in one request, at most; with --rate no more than come in a tenth of a second")
	flags.DurationVar(&t.timeout, "timeout", 30*time.Second, "how long to wait for an answer")
}

// poster sends requests of several events.
type poster struct {
	url, token string
	sender     *httpsend.Sender
	pace       *rate.Limiter
	batch      int
	waited     func(answer *httpsend.Error, wait time.Duration)
	requests   int
}

// open checks the flags.
func (t *target) open(ctx context.Context, env lookupEnv) (*poster, error) {
	u, err := url.Parse(t.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--url: found %q, expected one such as %s", t.url, defaultURL)
	}
	if t.rate < 0 || t.batch < 1 {
		return nil, fmt.Errorf("--rate and --batch: found %v and %d, expected 0 or more, and at least 1", t.rate, t.batch)
	}
	token, err := t.token(env)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := t.tls.LoadTLSConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	client := &http.Client{Timeout: t.timeout, Transport: &http.Transport{TLSClientConfig: tlsConfig, Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}}
	p := &poster{url: t.url, token: token, sender: httpsend.NewSender(client, token), batch: t.batch, pace: rate.NewLimiter(rate.Inf, 0)}
	if t.rate > 0 {
		p.batch = min(t.batch, max(1, int(t.rate/10)))
		p.pace = rate.NewLimiter(rate.Limit(t.rate), p.batch)
	}
	return p, nil
}

func (t *target) token(env lookupEnv) (string, error) {
	if t.tokenFile == "" {
		token, _ := env(tokenVariable)
		return token, nil
	}
	data, err := os.ReadFile(filepath.Clean(t.tokenFile))
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", fmt.Errorf("--token-file: found nothing in %s, expected a token", t.tokenFile)
	}
	return token, nil
}

func (p *poster) close() { p.sender.CloseIdleConnections() }

// post sends events in one request, at the pace asked for, until the collector
// takes or refuses them. While it answers 429 or 503 it is waited for. The error
// is an *httpsend.Error, or that of ctx.
func (p *poster) post(ctx context.Context, events [][]byte) error {
	if err := p.pace.WaitN(ctx, len(events)); err != nil {
		return endOf(ctx, err)
	}
	body := bytes.Join(events, []byte{'\n'})
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-ndjson")
		if p.token != "" {
			req.Header.Set("Authorization", "Bearer "+p.token)
		}
		p.requests++
		answer := p.sender.Do(req)
		if answer == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if answer.Status != http.StatusTooManyRequests && answer.Status != http.StatusServiceUnavailable {
			return answer
		}
		if err := p.wait(ctx, answer); err != nil {
			return err
		}
	}
}

func (p *poster) wait(ctx context.Context, answer *httpsend.Error) error {
	wait := answer.RetryAfter
	if wait == 0 {
		wait = defaultWait
	}
	if p.waited != nil {
		p.waited(answer, wait)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// endOf prefers the end of ctx to what a limiter makes of it.
func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// refused reports whether an error is the collector's verdict on these events: 400,
// 413 or 415, say. Anything else would be said of all events.
func refused(err error) bool {
	var answer *httpsend.Error
	return errors.As(err, &answer) && answer.Outcome() == httpsend.Refused
}
