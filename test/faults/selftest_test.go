// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestCountingNotices: a destination that forgets one event makes it one that is
// lost. Without this, a table of zeros would prove little.
func TestCountingNotices(t *testing.T) {
	forgotten := key{"http/batch", 7}
	r := newRun(t, &fault{name: "a destination that forgets"})
	r.sink.forget = &forgotten
	r.start()
	r.sources = startSources(t, r.collector, r.ledger)
	r.flows()
	lost := make(map[string]int)
	for _, one := range r.finish() {
		lost[one.protocol] = one.lost
	}
	assert.Equal(t, map[string]int{"http": 1, "syslog": 0, "file": 0}, lost)
}

// TestQueueInMemoryLoses: the same binary with the Collector's own queue in the
// place of the journal loses what it has acknowledged when it is killed, and the
// table says so.
func TestQueueInMemoryLoses(t *testing.T) {
	r := newRun(t, &fault{name: "a queue in memory, kill -9", settings: `
exporters:
  webhook/siem: {sending_queue: {queue_size: 100000}, retry_on_failure: {enabled: true, initial_interval: 100ms, max_elapsed_time: 0s}}
service:
  pipelines:
    logs: {exporters: [siem_journal, webhook/siem]}
    logs/siem: {receivers: [mockforge], exporters: [webhook/siem]}
`})
	r.start()
	r.sources = startSources(t, r.collector, r.ledger)
	r.flows()
	r.sink.down()
	r.wait(time.Second)
	r.kill()
	r.start()
	r.sink.up()
	r.flows()
	r.sources.end()
	r.wait(time.Second)
	_, acknowledged := r.ledger.copies()
	assert.Eventually(t, func() bool { return r.collector.cursors()[local].Pending == 0 }, patience, pause)
	assert.Empty(t, r.file.missing(acknowledged, func(key) bool { return false }), "the file stands behind the journal")
	assert.NotEmpty(t, r.sink.missing(acknowledged, func(key) bool { return false }), "the server stands behind the queue")
}
