// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"fmt"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Partial is an error behind which some of a batch was taken. Only an exporter
// without a queue may return it: a queue puts batches together, and each of
// their senders would take the count for its own.
type Partial struct {
	// Sent is how many records, from the first on in the order of the batch,
	// the destination has taken.
	Sent int
	// Of is how many records the batch had.
	Of int
	// Err is why the next one was not taken. It holds the records that were not,
	// as consumererror.Logs.
	Err error
}

// NewPartial returns err for a batch of which the first sent records were
// taken: err alone when none was.
func NewPartial(err error, logs plog.Logs, sent int) error {
	if sent == 0 {
		return err
	}
	return &Partial{Sent: sent, Of: logs.LogRecordCount(), Err: Rest(err, logs, sent)}
}

// Rest returns err with the records behind the first sent ones, which is all
// that exporterhelper tries again.
func Rest(err error, logs plog.Logs, sent int) error {
	if sent == 0 {
		return err
	}
	rest := plog.NewLogs()
	logs.CopyTo(rest)
	rest.ResourceLogs().RemoveIf(func(rl plog.ResourceLogs) bool {
		rl.ScopeLogs().RemoveIf(func(sl plog.ScopeLogs) bool {
			sl.LogRecords().RemoveIf(func(plog.LogRecord) bool {
				sent--
				return sent >= 0
			})
			return sl.LogRecords().Len() == 0
		})
		return rl.ScopeLogs().Len() == 0
	})
	return consumererror.NewLogs(err, rest)
}

// Error says how many were taken.
func (p *Partial) Error() string {
	return fmt.Sprintf("%d of %d records were taken: %s", p.Sent, p.Of, p.Err)
}

// Unwrap returns why the next record was not taken.
func (p *Partial) Unwrap() error { return p.Err }
