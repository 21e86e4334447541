// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// diskFaults hit the journal's folder.
var diskFaults = []fault{
	{name: "disk full", prepare: smallDisk, act: full},
	{name: "disk full, kill -9", prepare: smallDisk, act: killedFull},
	{name: "disk full, SIGTERM", prepare: smallDisk, act: stoppedFull},
	{name: "page zeroed", damages: true, says: damageText, act: zeroed},
	{name: "torn tail", says: "the journal's end was torn and is cut off", act: torn},
	{name: "last record cut", damages: true, says: damageText, act: cut},
}

const (
	diskSize   = 64 << 20
	damageText = "events are lost to damage of the journal"
)

// smallDisk puts the journal on a small file system in memory. A process of its
// own holds the namespace that it is mounted in, and the collector is run in
// there; where no namespace may be made, a limit on the size of files stands in.
func smallDisk(r *run) {
	r.t.Helper()
	require.NoError(r.t, os.MkdirAll(r.collector.journal, 0o700))
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
		fmt.Sprintf(`mount -t tmpfs -o size=%d,mode=0700 tmpfs "$0" && echo mounted && read -r _`, diskSize), r.collector.journal)
	stdin, err := cmd.StdinPipe()
	require.NoError(r.t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(r.t, err)
	require.NoError(r.t, cmd.Start())
	r.t.Cleanup(func() {
		_ = stdin.Close() // it ends with that
		_ = cmd.Wait()
	})
	line := make([]byte, len("mounted\n"))
	if _, err := io.ReadFull(stdout, line); err != nil {
		results.note("disk full: no file system of our own (%v); a limit on the size of files stood in for it.", err)
		return
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	r.collector.wrap = []string{"nsenter", "--target", pid, "--user", "--mount", "--preserve-credentials", "--"}
	r.disk = filepath.Join("/proc", pid, "root", r.collector.journal)
}

// fill leaves no room for the journal, and returns what makes room again.
func (r *run) fill() (free func()) {
	r.t.Helper()
	if r.disk == "" {
		return r.limitFiles()
	}
	ballast := filepath.Join(r.disk, "ballast")
	f, err := os.Create(ballast)
	require.NoError(r.t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	require.ErrorIs(r.t, err, syscall.ENOSPC)
	require.NoError(r.t, f.Close())
	return func() { require.NoError(r.t, os.Remove(ballast)) }
}

// limitFiles lets no file of this process, or of one that is started, grow.
func (r *run) limitFiles() (free func()) {
	r.t.Helper()
	set := func(size uint64) error {
		limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
		return unix.Prlimit(r.collector.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil)
	}
	require.NoError(r.t, set(1))
	r.collector.wrap = []string{"sh", "-c", `ulimit -S -f 1; exec "$0" "$@"`}
	return func() {
		r.collector.wrap = nil
		if err := set(unix.RLIM_INFINITY); !errors.Is(err, unix.ESRCH) { // else the limit is gone with the process
			require.NoError(r.t, err)
		}
	}
}

// full fills the disk: senders by HTTP are told so, others wait, and once there
// is room all goes on without a restart.
func full(r *run) {
	free := r.fillUntilTold()
	r.wait(troubleFor)
	r.collector.waitReady(r.t)
	free()
	r.flows()
}

// killedFull kills the process while the disk is full, and the next ones that begin
// there.
func killedFull(r *run) {
	free := r.fillUntilTold()
	r.kill()
	for range 3 {
		r.start()
		r.wait(2 * time.Second)
		r.kill()
	}
	free()
	r.start()
	r.flows()
}

// stoppedFull ends the process in order while the disk is full and senders of
// syslog wait. The next one begins there, and delivers what it can.
func stoppedFull(r *run) {
	r.backlog()
	free := r.fillUntilTold()
	r.wait(pause)
	r.stopUnsaved()
	r.start()
	before := r.sink.total()
	r.sink.up()
	r.eventually("nothing is delivered while the disk is full", func() bool { return r.sink.total() > before+batchSize })
	for range long(2, 0) {
		r.wait(pause) // the process heeds signals a moment after it is healthy
		r.stopUnsaved()
		r.start()
	}
	free()
	r.flows()
}

// fillUntilTold fills the disk, and waits until a sender by HTTP is told.
func (r *run) fillUntilTold() (free func()) {
	r.t.Helper()
	free = r.fill()
	before := r.sources.posts.unavailable.Load()
	r.eventually("no sender is told", func() bool { return r.sources.posts.unavailable.Load() > before })
	return free
}

// backlog has the one destination down until many events wait for it. The other
// has got them.
func (r *run) backlog() {
	r.t.Helper()
	r.sink.down()
	r.allowBatch()
	r.eventually("nothing waits", func() bool { return r.collector.cursors()[siem].Pending > 3000 })
}

// zeroed has a disk lose a page of the journal. It costs what was on it, for the
// destination that has not got it yet; and the collector says how many that were.
func zeroed(r *run) {
	const page = 4096
	r.backlog()
	r.wait(pause)
	r.kill()
	s := r.lastSegment()
	from := s.frames[len(s.frames)-1500].from / page * page // in the midst of what waits
	r.noteDamage(s, from, from+page)
	require.NotEmpty(r.t, r.hit[siem])
	require.Empty(r.t, r.hit[local], "the file has all that")
	f, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	require.NoError(r.t, err)
	_, err = f.WriteAt(make([]byte, page), from)
	require.NoError(r.t, errors.Join(err, f.Close()))
	r.start()
	r.sink.up()
	r.flows()
}

// cut has a disk lose the end of what was synced.
func cut(r *run) {
	r.backlog()
	r.stop()
	s := r.lastSegment()
	end := s.frames[len(s.frames)-1].to
	r.noteDamage(s, end-10, end)
	require.NotEmpty(r.t, r.hit[siem])
	require.NoError(r.t, os.Truncate(s.path, end-10))
	r.start()
	r.sink.up()
	r.flows()
}

// torn leaves what a write that a crash ended may leave behind the last record.
// Nothing of it was acknowledged.
func torn(r *run) {
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(r.random.Uint32())
	}
	for range long(5, 1) {
		for _, tail := range []func(segment) []byte{
			func(s segment) []byte { return s.data[s.frames[0].from : s.frames[0].to-20] },
			func(segment) []byte { return noise },
			func(segment) []byte { return make([]byte, 9000) },
		} {
			r.wait(r.upTo(time.Second))
			r.kill()
			s := r.lastSegment()
			f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(r.t, err)
			_, err = f.Write(tail(s))
			require.NoError(r.t, errors.Join(err, f.Close()))
			r.start()
		}
	}
	r.flows()
}
