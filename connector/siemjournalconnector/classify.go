// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// outcome is what an answer means for a batch.
type outcome string

const (
	outcomeDelivered outcome = "delivered"
	// outcomeRetry is temporary: the same batch again, later.
	outcomeRetry outcome = "retry"
	// outcomeHeld refuses everything, whatever the batch: credentials or the
	// address are wrong, and somebody has to mend them.
	outcomeHeld outcome = "held"
	// outcomeRefused refuses this batch for good.
	outcomeRefused outcome = "refused"
)

// verdict is an answer, understood.
type verdict struct {
	outcome outcome
	status  int           // of HTTP; 0 where the error names none
	after   time.Duration // Retry-After; 0 where the error names none
}

// Exporters wrap answers in texts of their own; these are the forms in use:
//
//	responded with HTTP Status Code 401          (otlp_http)
//	HTTP 403 "Forbidden"                         (splunk_hec)
//	https response error StatusCode: 404         (AWS SDK)
//	googleapi: Error 403:                        (Google API)
//	status code: 401, status: 401 Unauthorized
var (
	statusText   = regexp.MustCompile(`(?i)(?:HTTP(?:/\d(?:\.\d)?)?(?: Status(?: Code)?)?|status(?: ?code)?|googleapi: Error)[:= "]{1,3}([1-5]\d\d)\b`)
	throttleText = regexp.MustCompile(`Throttle \(([^)]+)\)`)
)

func classify(err error) verdict {
	if err == nil {
		return verdict{outcome: outcomeDelivered}
	}
	v := verdict{status: httpStatus(err)}
	switch {
	case isHeld(v.status) || isHeldGRPC(err):
		v.outcome = outcomeHeld
	case consumererror.IsPermanent(err):
		v.outcome = outcomeRefused
	default:
		v.outcome = outcomeRetry
		if m := throttleText.FindStringSubmatch(err.Error()); m != nil {
			v.after, _ = time.ParseDuration(m[1]) // the exporter helper wrote it
		}
	}
	return v
}

// isHeld lists the statuses that do not depend on what is sent.
func isHeld(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusNotFound ||
		status >= 300 && status < 400
}

func isHeldGRPC(err error) bool {
	s, ok := status.FromError(errors.Unwrap(err))
	if !ok || s == nil {
		s, ok = status.FromError(err)
	}
	return ok && s != nil && (s.Code() == codes.Unauthenticated || s.Code() == codes.PermissionDenied || s.Code() == codes.Unimplemented)
}

func httpStatus(err error) int {
	m := statusText.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	code, _ := strconv.Atoi(m[1]) // three digits
	return code
}
