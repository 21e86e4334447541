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
)

func TestClassify(t *testing.T) {
	permanently := func(text string) error { return consumererror.NewPermanent(errors.New(text)) }
	for _, tt := range []struct {
		err  error
		want verdict
	}{
		{nil, verdict{outcome: outcomeDelivered}},
		{errors.New("dial tcp: connection refused"), verdict{outcome: outcomeRetry}},
		{errors.New(`HTTP "/services/collector" 503 "Service Unavailable"`), verdict{outcome: outcomeRetry, status: 503}},
		{exporterhelper.NewThrottleRetry(errors.New(`HTTP "/services/collector" 429 "Too Many Requests"`), 30*time.Second), verdict{outcome: outcomeRetry, status: 429, after: 30 * time.Second}},
		{fmt.Errorf("no more retries: %w", exporterhelper.NewThrottleRetry(errors.New("busy"), time.Minute)), verdict{outcome: outcomeRetry, after: time.Minute}},
		{permanently(`HTTP "/services/collector" 400 "Bad Request"`), verdict{outcome: outcomeRefused, status: 400}},
		{permanently(`HTTP "/services/collector" 403 "Forbidden"`), verdict{outcome: outcomeHeld, status: 403}},
		{permanently("invalid event"), verdict{outcome: outcomeRefused}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 404"), verdict{outcome: outcomeHeld, status: 404}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 302"), verdict{outcome: outcomeHeld, status: 302}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 500, Message=x"), verdict{outcome: outcomeRetry, status: 500}},
		{permanently("error exporting items, request to https://x responded with HTTP Status Code 408"), verdict{outcome: outcomeRetry, status: 408}},
		{errors.New(`HTTP "/services/collector" 413 "Request Entity Too Large"`), verdict{outcome: outcomeRefused, status: 413}},
		{errors.New("operation error CloudWatch Logs: PutLogEvents, https response error StatusCode: 403, RequestID: x"), verdict{outcome: outcomeHeld, status: 403}},
		{errors.New("googleapi: Error 401: Invalid Credentials"), verdict{outcome: outcomeHeld, status: 401}},
		{permanently(`flush failed (401): {"error":{"type":"security_exception"}}`), verdict{outcome: outcomeHeld, status: 401}},
		{permanently(`flush failed (413): {}`), verdict{outcome: outcomeRefused, status: 413}},
		{permanently(`error exporting to topic "t": TOPIC_AUTHORIZATION_FAILED: Not authorized to access topics: [Topic authorization failed].`), verdict{outcome: outcomeHeld}},
		{permanently(`error exporting to topic "t": message is too large: MESSAGE_TOO_LARGE: The request included a message larger than the max message size.`), verdict{outcome: outcomeRefused}},
		{permanently("sending: HTTP 401"), verdict{outcome: outcomeHeld, status: 401}},
		{consumererror.NewPermanent(status.Error(codes.Unauthenticated, "no token")), verdict{outcome: outcomeHeld}},
		{consumererror.NewPermanent(status.Error(codes.InvalidArgument, "bad")), verdict{outcome: outcomeRefused}},
		{consumererror.NewPermanent(fmt.Errorf("sending: %w", status.Error(codes.Internal, "RST_STREAM"))), verdict{outcome: outcomeRetry}},
		{status.Error(codes.Unavailable, "down"), verdict{outcome: outcomeRetry}},
		{permanently("event 401 of 500 is bad"), verdict{outcome: outcomeRefused}},
		{permanently(`cannot index {"message":"login failed: HTTP 403"}`), verdict{outcome: outcomeRefused}},
		{errors.Join(errors.New("connection refused"), permanently("bad event")), verdict{outcome: outcomeRetry}},
		{fmt.Errorf("two: %w", errors.Join(permanently("bad"), permanently("worse"))), verdict{outcome: outcomeRefused}},
	} {
		assert.Equal(t, tt.want, classify(tt.err), "%v", tt.err)
	}
}
