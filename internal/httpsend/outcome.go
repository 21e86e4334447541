// SPDX-License-Identifier: Apache-2.0

package httpsend

import "net/http"

// Outcome is what an answer means for what was sent.
type Outcome string

// The outcomes of an attempt.
const (
	// Delivered: the destination has taken it.
	Delivered Outcome = "delivered"
	// Retry is temporary: the same again, later.
	Retry Outcome = "retry"
	// Held refuses everything, whatever is sent: credentials or the address are
	// wrong, and somebody has to mend them.
	Held Outcome = "held"
	// Refused refuses what was sent for good. Half of it may be taken.
	Refused Outcome = "refused"
)

// OutcomeOf returns what a status of HTTP means (RFC 9110 section 15); 0 is no
// answer at all. Redirects are held, since nobody follows them with events.
func OutcomeOf(status int) Outcome {
	switch {
	case status < 200:
		return Retry
	case status < 300:
		return Delivered
	case status < 400:
		return Held
	case status >= 500:
		return Retry
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusProxyAuthRequired:
		return Held
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return Retry
	}
	return Refused
}
