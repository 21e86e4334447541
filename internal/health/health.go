// SPDX-License-Identifier: Apache-2.0

package health

import "time"

// Destination is the state of one pipeline behind a journal.
type Destination struct {
	// Journal is the id of the connector, such as "siem_journal".
	Journal string `json:"journal"`
	// Pipeline is its name, such as "logs/splunk".
	Pipeline string `json:"pipeline"`
	// State says what the last answer meant: "" before the first, then
	// delivered, retry, held or refused.
	State string `json:"state"`
	// FailingSince is when it began to take nothing; nil while it does not fail.
	FailingSince *time.Time `json:"failing_since,omitempty"`
	// LastSuccess is when it took events last; nil when it has not since the start.
	LastSuccess *time.Time `json:"last_success,omitempty"`
	// LastError is the last answer that was an error. Secrets are masked.
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	// Failed counts attempts to deliver a batch that failed, and Retried those
	// that were not the first of their batch; both since the start.
	Failed  uint64 `json:"failed"`
	Retried uint64 `json:"retried"`
	// OldestQueued is when the oldest event was appended that waits; nil for none.
	OldestQueued *time.Time `json:"oldest_queued,omitempty"`
	Books        Books      `json:"books"`
}

// Books count the events of a destination since its cursor was made or set. They
// last over restarts, and balance: Received is the sum of the others.
type Books struct {
	// Received were appended to the journal for this destination.
	Received  uint64 `json:"received"`
	Delivered uint64 `json:"delivered"`
	// Filtered, Sampled and RateLimited were dropped by a siem_filter behind the
	// journal, by its rules, its sampling and its limit.
	Filtered     uint64 `json:"filtered"`
	Sampled      uint64 `json:"sampled"`
	RateLimited  uint64 `json:"rate_limited"`
	DeadLettered uint64 `json:"dead_lettered"`
	// Damaged were lost to damage of the journal's disk.
	Damaged uint64 `json:"damaged"`
	Queued  uint64 `json:"queued"`
}

// Unaccounted is Received less all others: 0, unless something is wrong.
func (b Books) Unaccounted() int64 {
	return int64(b.Received) - int64(b.Delivered+b.Filtered+b.Sampled+b.RateLimited+b.DeadLettered+b.Damaged+b.Queued)
}

// Intake counts the events of one protocol of a receiver, since the start.
type Intake struct {
	// Receiver is the id of the component, such as "mockforge".
	Receiver string `json:"receiver"`
	// Protocol is http, syslog_tcp, syslog_udp, file or splunk_hec.
	Protocol string `json:"protocol"`
	// Accepted were taken by the pipeline.
	Accepted uint64 `json:"accepted"`
	// Refused were not: their sender was told, or still has them. Of syslog, which
	// tells nobody, they are what was refused for good, and what was given up when
	// the receiver ended: over TCP the sender learns that from a reset connection,
	// over UDP they are lost.
	Refused uint64 `json:"refused"`
	// RefusedRequests were refused for what they hold or who sent them, before
	// their events were counted.
	RefusedRequests uint64 `json:"refused_requests"`
	// Journaled are synced to a journal.
	Journaled uint64 `json:"journaled"`
	// Dropped were taken and dropped before a journal, by the rule of a
	// siem_filter, such as "siem_filter: exclude: severity:low".
	Dropped map[string]uint64 `json:"dropped,omitempty"`
}

// Unaccounted is Accepted less what was journaled and dropped: 0, unless the
// pipeline leads past the journal, or another component drops events.
func (i Intake) Unaccounted() int64 {
	sum := i.Journaled
	for _, n := range i.Dropped {
		sum += n
	}
	return int64(i.Accepted) - int64(sum)
}
