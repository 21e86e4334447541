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

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// verdict is an answer, understood.
type verdict struct {
	outcome httpsend.Outcome
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
		return verdict{outcome: httpsend.Delivered}
	}
	if v, ok := classifyOwn(err); ok {
		return v
	}
	return classifyText(err)
}

// classifyOwn understands the errors of our own exporters. Where several
// exporters in one pipeline failed, what passes outweighs what is held, and
// that what is refused for good: the batch is needed again.
func classifyOwn(err error) (worst verdict, ok bool) {
	if own, found := alone[*httpsend.Error](err); found {
		return verdict{outcome: own.Outcome(), status: own.Status, after: own.RetryAfter}, true
	}
	var own *httpsend.Error
	if !errors.As(err, &own) {
		return verdict{}, false
	}
	for _, branch := range branches(err) {
		if v := classify(branch); rank[v.outcome] > rank[worst.outcome] {
			worst = v
		}
	}
	return worst, true
}

var rank = map[httpsend.Outcome]int{httpsend.Delivered: 1, httpsend.Refused: 2, httpsend.Held: 3, httpsend.Retry: 4}

// alone finds an error of a type that is wrapped, but not joined with others.
func alone[E error](err error) (E, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if e, ok := err.(E); ok { //nolint:errorlint // errors.As would look into joined errors
			return e, true
		}
	}
	var none E
	return none, false
}

// branches returns the errors that are joined in one.
func branches(err error) []error {
	for ; err != nil; err = errors.Unwrap(err) {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			return many.Unwrap()
		}
	}
	return nil
}

// classifyText understands the errors of contrib exporters.
func classifyText(err error) verdict {
	v := verdict{status: httpStatus(err)}
	byStatus := httpsend.Refused
	if v.status != 0 {
		byStatus = httpsend.OutcomeOf(v.status)
	}
	code, isGRPC := grpcCode(err)
	switch {
	case byStatus == httpsend.Held || isGRPC && heldCodes[code] || heldTexts.MatchString(ownWords(err)):
		v.outcome = httpsend.Held
	case v.status == http.StatusRequestEntityTooLarge:
		// Half of it may fit, whatever the exporter makes of it.
		v.outcome = httpsend.Refused
	case byStatus == httpsend.Retry || isGRPC && temporaryCodes[code] || !allPermanent(err):
		v.outcome = httpsend.Retry
		if m := throttleText.FindStringSubmatch(err.Error()); m != nil {
			v.after, _ = time.ParseDuration(m[1]) // the exporter helper wrote it
		}
	default:
		v.outcome = httpsend.Refused
	}
	return v
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

// words says what went wrong in one short line, fit for logs and dead letters:
// the exporters of others put into their errors whatever a server answered.
func words(err error) string {
	if err == nil {
		return ""
	}
	if own, ok := alone[*httpsend.Error](err); ok {
		return own.Error()
	}
	return httpsend.Clean(err.Error())
}
