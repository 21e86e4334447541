// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// batchSize is how many events the journal delivers at once, and so how
	// many may be on their way when a process ends.
	batchSize = 100
	// exporterTimeout is how long the collector waits for the sink's answer.
	exporterTimeout = 2 * time.Second

	siem  = "logs/siem" // the destination that is a server
	local = "logs/file" // the destination that is a file
)

// fault is one kind of harm.
type fault struct {
	name string
	// settings are merged over the run's.
	settings string
	env      []string
	// prepare runs before the first process.
	prepare func(r *run)
	// act does harm while the sources send.
	act func(r *run)
	// says is what the collector must have logged.
	says string
	// ordered says that nothing may change the order of a source's events.
	ordered bool
	// buries says that dead letters are expected, damages that damage is.
	buries, damages bool
}

// run is one fault under way.
type run struct {
	t         *testing.T
	fault     *fault
	collector *collector
	ledger    *ledger
	sources   *sources
	sink      *sink
	file      *outFile
	random    *rand.Rand
	disk      string // where the journal's own file system is seen, if it has one

	mu      sync.Mutex
	allowed map[string]int   // duplicates by destination and protocol
	hit     map[string][]key // by destination: what damage took, once for each copy
}

// destinations are what counts what arrives.
func (r *run) destinations() map[string]*arrivals {
	return map[string]*arrivals{siem: r.sink.arrivals, local: r.file.arrivals}
}

// seed is FAULTS_SEED, or a new one that is printed.
var seed = func() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("FAULTS_SEED"), 10, 64); err == nil {
		return n
	}
	return rand.Uint64N(1e6)
}()

func newRun(t *testing.T, f *fault) *run {
	t.Helper()
	dir := t.TempDir()
	r := &run{
		t: t, fault: f, ledger: newLedger(), sink: newSink(t), random: rand.New(rand.NewPCG(seed, 0)),
		collector: &collector{
			dir: dir, journal: filepath.Join(dir, "data", "journal"), config: filepath.Join(dir, "faults.yaml"),
			ports: freePorts(t, 6), env: f.env, log: &syncBuffer{},
		},
		allowed: make(map[string]int), hit: make(map[string][]key),
	}
	r.file = followFile(t, r.collector.output())
	r.configure(f.settings)
	t.Cleanup(func() {
		if r.collector.exited != nil {
			r.collector.kill()
		}
		if t.Failed() {
			t.Log(r.collector.log)
		}
	})
	return r
}

const settings = `
extensions:
  file_storage: {directory: %[1]q, create_directory: true, directory_permissions: "0700", fsync: true}
receivers:
  mockforge:
    protocols:
      file: {include: [%[2]q], storage: file_storage}
connectors:
  siem_journal:
    retry: {initial_interval: 20ms, max_interval: 200ms}
    hold_interval: 200ms
    batch: {max_events: %[3]d}
exporters:
  webhook/siem:
    endpoint: %[4]s
    format: ndjson
    timeout: %[5]s
    headers: {Authorization: Bearer %[6]s}
service:
  extensions: [health_check, siem_health, mockforge_encoding, file_storage]
  pipelines:
    logs/siem:
      receivers: [siem_journal]
      exporters: [webhook/siem]
`

// configure writes the settings that come on top of the default ones.
func (r *run) configure(more string) {
	r.t.Helper()
	text := fmt.Sprintf(settings, filepath.Join(r.collector.dir, "checkpoints"), r.collector.input()+"*", batchSize,
		r.sink.url(), exporterTimeout, sinkToken)
	if more != "" {
		second := r.collector.config + ".more.yaml"
		require.NoError(r.t, os.WriteFile(second, []byte(more), 0o600))
		r.collector.more = second
	}
	require.NoError(r.t, os.WriteFile(r.collector.config, []byte(text), 0o600))
}

// start runs the binary until it is ready.
func (r *run) start() {
	r.t.Helper()
	r.collector.start(r.t)
	r.collector.waitReady(r.t)
}

// kill ends the process and notes what may come twice for it.
func (r *run) kill() {
	r.t.Helper()
	r.collector.kill()
	r.allowUnsaved()
	again := r.linesBehindCheckpoint()
	for name := range r.destinations() {
		r.allow(name, "file", again)
	}
}

// allowUnsaved allows for what comes again when the cursors could not be saved.
func (r *run) allowUnsaved() {
	// What was delivered since the cursors were written last is delivered again.
	saved := time.Time{}
	if info, err := os.Stat(r.inJournal("cursors.json")); err == nil {
		saved = info.ModTime().Add(-50 * time.Millisecond) // from the cursor's state to the write
	}
	for name, d := range r.destinations() {
		for _, p := range protocols {
			r.allow(name, p, d.since(saved, p)+batchSize)
		}
	}
}

// stop ends the process in order. Nothing comes twice for it: what is on its way
// gets its answer.
func (r *run) stop() {
	r.t.Helper()
	r.collector.stop(r.t)
}

// stopUnsaved ends the process in order while the disk is full. Its cursors cannot
// be saved, and it says so by its exit status.
func (r *run) stopUnsaved() {
	r.t.Helper()
	r.collector.terminate(r.t)
	require.Equal(r.t, 1, r.collector.cmd.ProcessState.ExitCode(), "the exit status where nothing can be saved")
	r.allowUnsaved()
}

func (r *run) reload() {
	r.t.Helper()
	r.collector.reload(r.t)
}

// allowBatch allows for a batch on its way to each destination.
func (r *run) allowBatch() {
	for name := range r.destinations() {
		for _, p := range protocols {
			r.allow(name, p, batchSize)
		}
	}
}

// allow raises how many duplicates may be.
func (r *run) allow(destination, protocol string, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.allowed[destination+" "+protocol] += n
}

// inJournal is a path in the journal's folder.
func (r *run) inJournal(name string) string {
	return filepath.Join(cmp.Or(r.disk, r.collector.journal), name)
}

// wait lets the sources send for a time.
func (r *run) wait(d time.Duration) { time.Sleep(d) }

// eventually waits for what must come.
func (r *run) eventually(what string, condition func() bool) {
	r.t.Helper()
	require.Eventually(r.t, condition, patience, 20*time.Millisecond, "%s", what)
}

// flows waits until the sink has got more events than now.
func (r *run) flows() {
	r.t.Helper()
	before := r.sink.total()
	r.eventually("no event arrives", func() bool { return r.sink.total() > before+batchSize })
}
