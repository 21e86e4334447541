// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Error is an answer other than success, or none.
type Error struct {
	// Status is that of HTTP; 0 when there was no answer.
	Status int
	// RetryAfter is how long the destination asks to wait; 0 when it does not,
	// one hour at most.
	RetryAfter time.Duration
	// Reason is the destination's words, or what went wrong on the way to it, as
	// Clean leaves them. It may be empty.
	Reason string

	// refused says that nothing was sent, because it would be refused.
	refused bool
}

// Error says "HTTP 429: slow down".
func (e *Error) Error() string {
	switch {
	case e.Status == 0:
		return e.Reason
	case e.Reason == "":
		return fmt.Sprintf("HTTP %d", e.Status)
	}
	return fmt.Sprintf("HTTP %d: %s", e.Status, e.Reason)
}

// Outcome says what the answer means.
func (e *Error) Outcome() Outcome {
	if e.refused {
		return Refused
	}
	return OutcomeOf(e.Status)
}

// Wrap returns e in the form in which exporterhelper understands it: permanent
// when it is refused, throttled when the destination asks to wait, temporary
// otherwise. What is held is temporary too: it must not be dropped because of a
// wrong token. The journal finds e inside.
func (e *Error) Wrap() error {
	switch {
	case e.Outcome() == Refused:
		return consumererror.NewPermanent(e)
	case e.Outcome() == Retry && e.RetryAfter > 0:
		return exporterhelper.NewThrottleRetry(e, e.RetryAfter)
	}
	return e
}

// NewRefused returns the error for what is not sent, because the destination
// would refuse it or take only a part of it.
func NewRefused(reason string) *Error {
	return &Error{Reason: Clean(reason), refused: true}
}

// maxRetryAfter bounds what a destination may ask for: a slip of its clock must
// not stop delivery for years.
const maxRetryAfter = time.Hour

// retryAfter reads the header: seconds, or a date (RFC 9110 section 10.2.3). 0
// when it is neither, or in the past.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
