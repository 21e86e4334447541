// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"cmp"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
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

// Exporters wrap answers in texts of their own. These are the forms in use; what
// follows the first brace may be the event's or the destination's words.
var (
	statusTexts = regexp.MustCompile(
		`responded with HTTP Status Code (\d{3})` + // otlp_http
			`|HTTP "[^"]*" (\d{3}) "` + // splunk_hec
			`|https? response error StatusCode: (\d{3})` + // AWS SDK
			`|googleapi: Error (\d{3}):` + // Google API
			`|flush failed \((\d{3})\)` + // elasticsearch
			`|(?:^|: )HTTP (?:status )?(\d{3})\b`)
	// heldTexts are refusals of the kafka exporter that do not depend on what is
	// sent (Kafka protocol: "Error codes").
	heldTexts    = regexp.MustCompile(`: (?:TOPIC|CLUSTER|TRANSACTIONAL_ID)_AUTHORIZATION_FAILED: |: SASL_AUTHENTICATION_FAILED: `)
	throttleText = regexp.MustCompile(`Throttle \(([^)]+)\)`)
)

func classify(err error) verdict {
	if err == nil {
		return verdict{outcome: outcomeDelivered}
	}
	v := verdict{status: httpStatus(err)}
	code, isGRPC := grpcCode(err)
	switch {
	case isHeld(v.status) || isGRPC && heldCodes[code] || heldTexts.MatchString(ownWords(err)):
		v.outcome = outcomeHeld
	case v.status == http.StatusRequestEntityTooLarge:
		// Half of it may fit, whatever the exporter makes of it.
		v.outcome = outcomeRefused
	case isTemporary(v.status) || isGRPC && temporaryCodes[code] || !allPermanent(err):
		v.outcome = outcomeRetry
		if m := throttleText.FindStringSubmatch(err.Error()); m != nil {
			v.after, _ = time.ParseDuration(m[1]) // the exporter helper wrote it
		}
	default:
		v.outcome = outcomeRefused
	}
	return v
}

// isHeld lists the statuses that do not depend on what is sent.
func isHeld(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired:
		return true
	}
	return status >= 300 && status < 400
}

// isTemporary lists the statuses that pass, though some exporters call them
// permanent (RFC 9110 section 15).
func isTemporary(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

var (
	heldCodes      = map[codes.Code]bool{codes.Unauthenticated: true, codes.PermissionDenied: true, codes.Unimplemented: true, codes.NotFound: true}
	temporaryCodes = map[codes.Code]bool{
		codes.Unavailable: true, codes.DeadlineExceeded: true, codes.ResourceExhausted: true, codes.Aborted: true,
		codes.Internal: true, codes.Unknown: true, codes.Canceled: true,
	}
)

// grpcCode returns the code of a gRPC status inside an error.
func grpcCode(err error) (codes.Code, bool) {
	var s interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &s) {
		return codes.OK, false
	}
	return s.GRPCStatus().Code(), true
}

// allPermanent reports whether an error is permanent in all its branches: of
// two exporters in one pipeline one may refuse for good what the other cannot
// take for now.
func allPermanent(err error) bool {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, branch := range many.Unwrap() {
			if !allPermanent(branch) {
				return false
			}
		}
		return true
	}
	if !consumererror.IsPermanent(err) {
		return false
	}
	inner := errors.Unwrap(err)
	return inner == nil || !consumererror.IsPermanent(inner) || allPermanent(inner)
}

// ownWords is the part of an error's text that the exporter wrote.
func ownWords(err error) string {
	text, _, _ := strings.Cut(err.Error(), "{")
	return text
}

func httpStatus(err error) int {
	m := statusTexts.FindStringSubmatch(ownWords(err))
	if m == nil {
		return 0
	}
	code, _ := strconv.Atoi(cmp.Or(m[1:]...)) // three digits
	return code
}
