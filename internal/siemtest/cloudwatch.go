// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The limits of PutLogEvents (CloudWatch Logs API reference).
const (
	cloudWatchMaxBatch   = 1048576
	cloudWatchMaxEvent   = 256 * 1024 // of older regions; 1 MB elsewhere
	cloudWatchPerEvent   = 26
	cloudWatchMaxEvents  = 10000
	cloudWatchPast       = 14 * 24 * time.Hour
	cloudWatchFuture     = 2 * time.Hour
	cloudWatchSpan       = 24 * time.Hour
	cloudWatchTargetBase = "Logs_20140328."
)

// CloudWatchEvent is one event of a stream.
type CloudWatchEvent struct {
	Group, Stream string
	Timestamp     int64 // milliseconds
	Message       string
}

// CloudWatch is the part of the CloudWatch Logs API that an exporter needs. It
// checks signatures and refuses whole batches that the API would refuse or take
// in part.
type CloudWatch struct {
	*httptest.Server
	Identity AWSIdentity

	mu      sync.Mutex
	busy    int
	streams map[string]bool // group, or group and stream
	events  []CloudWatchEvent
	calls   []string
	refused []error
}

// NewCloudWatch starts a server.
func NewCloudWatch(t testing.TB, id AWSIdentity) *CloudWatch {
	t.Helper()
	c := &CloudWatch{Identity: id, streams: make(map[string]bool)}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// Busy throttles the next n PutLogEvents.
func (c *CloudWatch) Busy(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = n
}

// Events returns what was taken.
func (c *CloudWatch) Events() []CloudWatchEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// Calls returns the operations called, in order, and why requests were refused.
func (c *CloudWatch) Calls() (operations []string, refused []error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls), slices.Clone(c.refused)
}

// cloudWatchError is an error of the API; kind is its type.
type cloudWatchError struct {
	kind   string
	status int
	err    error
}

func (e *cloudWatchError) Error() string { return e.kind + ": " + e.err.Error() }

func invalid(format string, args ...any) error {
	return &cloudWatchError{"InvalidParameterException", http.StatusBadRequest, fmt.Errorf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (c *CloudWatch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, err := c.answer(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		c.refused = append(c.refused, err)
		kind, status := "InternalFailure", http.StatusInternalServerError
		var known *cloudWatchError
		if errors.As(err, &known) {
			kind, status = known.kind, known.status
		}
		w.WriteHeader(status)
		answer = map[string]any{"__type": kind, "message": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

type cloudWatchRequest struct {
	LogGroupName  string            `json:"logGroupName"`
	LogStreamName string            `json:"logStreamName"`
	Tags          map[string]string `json:"tags"`
	LogEvents     []struct {
		Timestamp *int64 `json:"timestamp"`
		Message   string `json:"message"`
	} `json:"logEvents"`
}

func (c *CloudWatch) answer(r *http.Request) (map[string]any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	operation, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), cloudWatchTargetBase)
	if r.Method != http.MethodPost || r.URL.Path != "/" || !known || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		return nil, &cloudWatchError{"UnknownOperationException", http.StatusBadRequest, fmt.Errorf("%s %s", r.Method, r.URL.Path)}
	}
	c.calls = append(c.calls, operation)
	if err := c.Identity.verify(r, body, "logs"); err != nil {
		return nil, &cloudWatchError{"InvalidSignatureException", http.StatusBadRequest, err}
	}
	var req cloudWatchRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, &cloudWatchError{"SerializationException", http.StatusBadRequest, err}
	}
	switch operation {
	case "CreateLogGroup":
		return c.create(req.LogGroupName)
	case "CreateLogStream":
		if err := c.exists(req.LogGroupName); err != nil {
			return nil, err
		}
		return c.create(req.LogGroupName + "\n" + req.LogStreamName)
	case "PutLogEvents":
		return c.put(req)
	}
	return nil, &cloudWatchError{"UnknownOperationException", http.StatusBadRequest, errors.New(operation)}
}

func (c *CloudWatch) create(name string) (map[string]any, error) {
	if c.streams[name] {
		return nil, &cloudWatchError{"ResourceAlreadyExistsException", http.StatusBadRequest, errors.New(name)}
	}
	c.streams[name] = true
	return map[string]any{}, nil
}

func (c *CloudWatch) exists(name string) error {
	if !c.streams[name] {
		return &cloudWatchError{"ResourceNotFoundException", http.StatusBadRequest, errors.New(name)}
	}
	return nil
}

func (c *CloudWatch) put(req cloudWatchRequest) (map[string]any, error) {
	if err := c.exists(req.LogGroupName + "\n" + req.LogStreamName); err != nil {
		return nil, err
	}
	if c.busy > 0 {
		c.busy--
		return nil, &cloudWatchError{"ThrottlingException", http.StatusBadRequest, errors.New("rate exceeded")}
	}
	if len(req.LogEvents) == 0 || len(req.LogEvents) > cloudWatchMaxEvents {
		return nil, invalid("found %d events", len(req.LogEvents))
	}
	now, size := time.Now(), 0
	var events []CloudWatchEvent
	for i, e := range req.LogEvents {
		if e.Timestamp == nil || e.Message == "" {
			return nil, invalid("event %d has no timestamp or message", i)
		}
		at := time.UnixMilli(*e.Timestamp)
		length := len(e.Message) + cloudWatchPerEvent
		size += length
		switch {
		case length > cloudWatchMaxEvent:
			return nil, invalid("event %d has %d bytes", i, length)
		case at.Before(now.Add(-cloudWatchPast)), at.After(now.Add(cloudWatchFuture)):
			return nil, invalid("event %d is of %s", i, at)
		case i > 0 && *e.Timestamp < events[i-1].Timestamp:
			return nil, invalid("event %d is older than the one before", i)
		case i > 0 && at.Sub(time.UnixMilli(events[0].Timestamp)) > cloudWatchSpan:
			return nil, invalid("events span more than a day")
		}
		events = append(events, CloudWatchEvent{req.LogGroupName, req.LogStreamName, *e.Timestamp, e.Message})
	}
	if size > cloudWatchMaxBatch {
		return nil, invalid("the batch has %d bytes", size)
	}
	c.events = append(c.events, events...)
	return map[string]any{"nextSequenceToken": strconv.Itoa(len(c.events))}, nil
}
