// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

func TestClassify(t *testing.T) {
	permanently := func(text string) error { return consumererror.NewPermanent(errors.New(text)) }
	for _, tt := range []struct {
		err  error
		want verdict
	}{
		{(&httpsend.Error{Status: 503, RetryAfter: time.Minute, Reason: "HTTP 401 {"}).Wrap(), verdict{outcome: httpsend.Retry, status: 503, after: time.Minute}},
		{fmt.Errorf("no more retries left: %w", (&httpsend.Error{Status: 403}).Wrap()), verdict{outcome: httpsend.Held, status: 403}},
		{(&httpsend.Error{Status: 413}).Wrap(), verdict{outcome: httpsend.Refused, status: 413}},
		{httpsend.NewRefused("too large").Wrap(), verdict{outcome: httpsend.Refused}},
		{(&httpsend.Error{Reason: "connection refused"}).Wrap(), verdict{outcome: httpsend.Retry}},
		{&httpsend.Partial{Sent: 1, Of: 2, Err: (&httpsend.Error{Status: 401}).Wrap()}, verdict{outcome: httpsend.Held, status: 401}},
		{errors.Join((&httpsend.Error{Status: 400}).Wrap(), (&httpsend.Error{Status: 401}).Wrap()), verdict{outcome: httpsend.Held, status: 401}},
		{errors.Join((&httpsend.Error{Status: 400}).Wrap(), permanently("bad event")), verdict{outcome: httpsend.Refused, status: 400}},
		{fmt.Errorf("two: %w", errors.Join((&httpsend.Error{Status: 401}).Wrap(), errors.New("connection refused"))), verdict{outcome: httpsend.Retry}},
		{nil, verdict{outcome: httpsend.Delivered}},
		{errors.New("dial tcp: connection refused"), verdict{outcome: httpsend.Retry}},
		{errors.New(`HTTP "/services/collector" 503 "Service Unavailable"`), verdict{outcome: httpsend.Retry, status: 503}},
		{exporterhelper.NewThrottleRetry(errors.New(`HTTP "/services/collector" 429 "Too Many Requests"`), 30*time.Second), verdict{outcome: httpsend.Retry, status: 429, after: 30 * time.Second}},
		{fmt.Errorf("no more retries: %w", exporterhelper.NewThrottleRetry(errors.New("busy"), time.Minute)), verdict{outcome: httpsend.Retry, after: time.Minute}},
		{permanently(`HTTP "/services/collector" 400 "Bad Request"`), verdict{outcome: httpsend.Refused, status: 400}},
		{permanently(`HTTP "/services/collector" 403 "Forbidden"`), verdict{outcome: httpsend.Held, status: 403}},
		{permanently("invalid event"), verdict{outcome: httpsend.Refused}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 404"), verdict{outcome: httpsend.Held, status: 404}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 302"), verdict{outcome: httpsend.Held, status: 302}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 500, Message=x"), verdict{outcome: httpsend.Retry, status: 500}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 408"), verdict{outcome: httpsend.Retry, status: 408}},
		{errors.New(`HTTP "/services/collector" 413 "Request Entity Too Large"`), verdict{outcome: httpsend.Refused, status: 413}},
		{errors.New("operation error CloudWatch Logs: PutLogEvents, https response error StatusCode: 403, RequestID: x"), verdict{outcome: httpsend.Held, status: 403}},
		{errors.New("googleapi: Error 401: Invalid Credentials"), verdict{outcome: httpsend.Held, status: 401}},
		{permanently("sending: HTTP 401"), verdict{outcome: httpsend.Held, status: 401}},
		{consumererror.NewPermanent(status.Error(codes.Unauthenticated, "no token")), verdict{outcome: httpsend.Held}},
		{consumererror.NewPermanent(status.Error(codes.InvalidArgument, "bad")), verdict{outcome: httpsend.Refused}},
		{consumererror.NewPermanent(fmt.Errorf("sending: %w", status.Error(codes.Internal, "RST_STREAM"))), verdict{outcome: httpsend.Retry}},
		{status.Error(codes.Unavailable, "down"), verdict{outcome: httpsend.Retry}},
		{permanently("event 401 of 500 is bad"), verdict{outcome: httpsend.Refused}},
		{permanently(`cannot index {"message":"login failed: HTTP 403"}`), verdict{outcome: httpsend.Refused}},
		{errors.Join(errors.New("connection refused"), permanently("bad event")), verdict{outcome: httpsend.Retry}},
		{fmt.Errorf("two: %w", errors.Join(permanently("bad"), permanently("worse"))), verdict{outcome: httpsend.Refused}},
		{permanently(`flush failed (401): {"error":{"type":"security_exception"}}`), verdict{outcome: httpsend.Held, status: 401}},
		{permanently(`flush failed (413): {}`), verdict{outcome: httpsend.Refused, status: 413}},
		{permanently(`error exporting to topic "t": TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed].`), verdict{outcome: httpsend.Held}},
		{permanently(`error exporting to topic "t": message is too large: MESSAGE_TOO_LARGE: The request included a message larger than the max message size.`), verdict{outcome: httpsend.Refused}},
	} {
		assert.Equal(t, tt.want, classify(tt.err), "%v", tt.err)
	}
}
