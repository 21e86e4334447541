// SPDX-License-Identifier: Apache-2.0

// Package httpsend is the one place that says what an HTTP answer means for
// what was sent: taken, to be tried again, held until somebody mends the
// settings, or refused for good.
//
// An exporter sends with Sender.Do and returns its error as it is. The error
// means the same to exporterhelper (permanent, throttled or temporary) and to
// the journal, which finds the *Error inside. An exporter that sends a batch in
// several requests returns NewPartial, so that what was taken is not sent
// again.
package httpsend
