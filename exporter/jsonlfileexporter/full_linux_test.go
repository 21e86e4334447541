// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"golang.org/x/sys/unix"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
)

const fullEnv = "JSONL_FILE_FULL"

var full = map[string]func(*testing.T){
	"at every byte": fullAtEveryByte,
	"at start":      fullAtStart,
	"small disk":    fullSmallDisk,
}

// TestFull runs each test in a process of its own: the limit is one of the
// whole process, and to mount a disk it takes a namespace, where any user may.
func TestFull(t *testing.T) {
	for name := range full {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^TestFullChild$", "-test.v")
			cmd.Env = append(os.Environ(), fullEnv+"="+name)
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
				Pdeathsig:   syscall.SIGKILL,
			}
			if name != "small disk" {
				cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			}
			out, err := cmd.CombinedOutput()
			if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) { // clone(2)
				t.Skip("no namespace of our own: ", err)
			}
			require.NoError(t, err, "%s", out)
			assert.Contains(t, string(out), "--- PASS: TestFullChild/"+strings.ReplaceAll(name, " ", "_"))
		})
	}
}

// TestFullChild is the process that TestFull starts.
func TestFullChild(t *testing.T) {
	if name := os.Getenv(fullEnv); name != "" {
		t.Run(name, full[name])
	}
}

// limitFiles sets the largest size of a file for this process, as a full disk
// would stop a write at any byte, and returns what lifts it.
func limitFiles(t *testing.T, size int) (lift func()) {
	t.Helper()
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(size), Max: old.Max}))
	lift = func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old)) }
	t.Cleanup(lift)
	return lift
}

// fullAtEveryByte: a batch that stops at any byte leaves nothing, and is
// written whole once there is room.
func fullAtEveryByte(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	first, batch := line(0), slices.Concat(line(1), line(2), line(3))
	for at := range len(batch) {
		path := filepath.Join(dir, fmt.Sprintf("%d.jsonl", at))
		w, s := openSeen(t, testConfig(path))
		require.NoError(t, add(w, first))
		lift := limitFiles(t, len(first)+at)
		for range 2 {
			err := add(w, batch)
			assert.True(t, isFull(err), "%v", err)
		}
		lift()
		assert.Equal(t, []int{0}, numbers(t, path), "after %d bytes", at)
		require.NoError(t, add(w, batch))
		require.NoError(t, w.close())
		assert.Equal(t, []int{0, 1, 2, 3}, numbers(t, path))
		assert.Equal(t, 2, s.takenBack)
		assert.Zero(t, s.repaired)
	}
}

// fullAtStart: a whole line that lacks its break gets it when there is
// room; a collector need not wait for that to start.
func fullAtStart(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"n":0}`), 0o600))
	lift := limitFiles(t, 7)
	e := start(t, testConfig(path), exportertest.NewNopSettings(metadata.Type))
	require.Error(t, e.ConsumeLogs(t.Context(), numbered(t, 1)))
	lift()
	require.NoError(t, e.ConsumeLogs(t.Context(), numbered(t, 1)))
	assert.Equal(t, []int{0, 1}, numbers(t, path))
}

// fullSmallDisk fills a disk of 1 MiB while the file rotates and is
// compressed. What was taken is in the files, once, on whole lines; once there
// is room again the rest is taken too.
func fullSmallDisk(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
	defer func() { assert.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) }()
	ballast := filepath.Join(dir, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 512<<10), 0o600))

	cfg := testConfig(filepath.Join(dir, "events.jsonl"))
	cfg.Rotation.MaxSize, cfg.Rotation.MaxFiles, cfg.Rotation.Compress = 64<<10, 0, false
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	var want []int
	batch := func() []int {
		all := make([]int, 100)
		for i := range all {
			all[i] = len(want) + i
		}
		return all
	}
	for err == nil {
		if err = e.ConsumeLogs(t.Context(), numbered(t, batch()...)); err == nil {
			want = append(want, batch()...)
		}
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	assert.False(t, consumererror.IsPermanent(err))
	require.Error(t, e.ConsumeLogs(t.Context(), numbered(t, batch()...)))
	files := func() []string { return append(archived(t, cfg.Path), cfg.Path) }
	require.Equal(t, want, numbers(t, files()...))
	require.Greater(t, len(files()), 3)

	// A restart on a full disk: it can neither compress nor write, and waits.
	require.NoError(t, e.Shutdown(t.Context()))
	cfg.Rotation.Compress = true
	e, err = NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, want, numbers(t, files()...))

	require.NoError(t, os.Remove(ballast))
	e, err = NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	for range 10 {
		require.NoError(t, e.ConsumeLogs(t.Context(), numbered(t, batch()...)))
		want = append(want, batch()...)
	}
	require.Eventually(t, func() bool {
		plain := slices.DeleteFunc(archived(t, cfg.Path), func(p string) bool { return filepath.Ext(p) == gzipSuffix })
		return len(plain) == 0
	}, eventuallyTimeout, eventuallyTick)
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, want, numbers(t, files()...))
	parts, err := filepath.Glob(filepath.Join(dir, "*"+partSuffix))
	require.NoError(t, err)
	assert.Empty(t, parts)
}
