// SPDX-License-Identifier: Apache-2.0

// Package eventlog is the one codec between MockForge's JSON events and
// OpenTelemetry log records.
//
// The Body of a record is the event, losslessly, as a Map in wire order. The
// attributes are an index over it, and the Resource says who produced it. Body
// and attributes never disagree. The one exception to "Body is the event" are
// credentials in actor.username, which are redacted.
//
//	batch := decoder.NewBatch(time.Now())
//	if err := batch.AddAll([]byte(`{"event_type":"auth.failure"}`)); err != nil {
//		return err // a *Error: what was found, what was expected, where
//	}
//	return next.ConsumeLogs(ctx, batch.Logs())
package eventlog
