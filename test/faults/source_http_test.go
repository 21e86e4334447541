// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// httpSender posts as a well-behaved sender does: what is not answered with 200
// it sends again, after Retry-After where that is given.
type httpSender struct {
	t       *testing.T
	address string
	posts   atomic.Int64
	// unavailable counts answers of 503.
	unavailable atomic.Int64
}

// batch posts events in one request, as NDJSON and as an array by turns.
func (h *httpSender) batch(ctx context.Context, keys []key) (out, taken int) {
	events := make([]string, len(keys))
	for i, k := range keys {
		events[i] = eventOf(k, time.Now())
	}
	if h.posts.Add(1)%2 == 0 {
		return h.post(ctx, "application/json", "["+strings.Join(events, ",")+"]", len(keys))
	}
	return h.post(ctx, "application/x-ndjson", strings.Join(events, "\n")+"\n", len(keys))
}

// single posts one event.
func (h *httpSender) single(ctx context.Context, keys []key) (out, taken int) {
	return h.post(ctx, "application/json", eventOf(keys[0], time.Now()), 1)
}

func (h *httpSender) post(ctx context.Context, contentType, body string, count int) (out, taken int) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.address+"/api/v1/events", strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return 0, 0
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := client.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return 0, 0
	}
	if err != nil {
		return count, 0
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return count, 0
	case resp.StatusCode == http.StatusOK:
		return count, count
	case resp.StatusCode < http.StatusInternalServerError && resp.StatusCode != http.StatusTooManyRequests:
		h.t.Errorf("the collector refuses a right request with %d: %s", resp.StatusCode, answer)
	}
	if resp.StatusCode == http.StatusServiceUnavailable {
		h.unavailable.Add(1)
	}
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		// Those that were told so together do not come back together.
		sleep(ctx, time.Duration(after)*time.Second+rand.N(time.Second))
	}
	return count, 0
}
