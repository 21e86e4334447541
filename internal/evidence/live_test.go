// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestVerifyWhileWriting: the collector compresses, removes and puts aside files
// while they are verified. None of that is broken.
func TestVerifyWhileWriting(t *testing.T) {
	a := newTestArchive(t, 3)
	paths, err := filepath.Glob(filepath.Join(a.dir, "*"))
	require.NoError(t, err)
	var found []Finding
	sum, err := Verify(context.Background(), paths, []ed25519.PublicKey{public(1)}, func(f Finding) {
		if len(found) == 0 { // between the first file and the second
			a.compress(a.files[1])
			a.entomb(a.files[2], testKey(1))
			a.putAside()
		}
		found = append(found, f)
	})
	require.NoError(t, err)
	require.Zero(t, sum.Count[Wrong], "%v", found)
	require.Len(t, found, 4)
	for i, f := range found {
		assert.Equal(t, []State{Proven, Proven, Removed, Unsealed}[i], f.State, f)
	}
	assert.Equal(t, uint64(8), sum.Lines)
}

// putAside closes the open file, seals it and begins a new one.
func (a *testArchive) putAside() {
	a.t.Helper()
	name := AsideName(seriesName, noon.Add(time.Duration(len(a.files))*time.Hour))
	require.NoError(a.t, os.Rename(filepath.Join(a.dir, seriesName), filepath.Join(a.dir, name)))
	a.files = append(a.files, name)
	a.seal(name, a.read(name), testKey(1))
	a.write(seriesName, a.lines(2))
}

// TestPutAsideSinceNamed: the shell has named the files, and then one is put aside.
func TestPutAsideSinceNamed(t *testing.T) {
	a := newTestArchive(t, 2)
	paths, err := filepath.Glob(filepath.Join(a.dir, "*"))
	require.NoError(t, err)
	a.putAside()
	found, sum := a.verifyPaths(paths, public(1))
	assert.Zero(t, sum.Count[Wrong], "%v", found)

	a.compress(a.files[0])
	a.entomb(a.files[1], testKey(1))
	found, sum = a.verifyPaths(paths, public(1))
	assert.Zero(t, sum.Count[Wrong], "%v", found)
	assert.Equal(t, 1, sum.Count[Proven])
	assert.Equal(t, 1, sum.Count[Removed])

	a.remove(a.files[2] + SealSuffix) // not yet there
	found, sum = a.verifyPaths(paths, public(1))
	assert.Zero(t, sum.Count[Wrong], "%v", found)
	assert.Equal(t, 1, sum.Count[Unsealed])
}

// TestNotThere: a path of which nothing is left, and a folder, are mistakes of the
// call.
func TestNotThere(t *testing.T) {
	a := newTestArchive(t, 1)
	for path, want := range map[string]string{
		filepath.Join(a.dir, AsideName(seriesName, noon.AddDate(0, 0, 1))): "no such file",
		filepath.Join(a.dir, "none.jsonl"):                                 "no such file",
		a.dir:                                                              "found a folder, expected files",
	} {
		_, err := Verify(context.Background(), []string{path}, nil, func(Finding) {})
		assert.ErrorContains(t, err, want)
	}
}

// TestTornOpen: the open file may end with a part of a line, which is being
// written or was left by a crash. A closed one may not.
func TestTornOpen(t *testing.T) {
	a := newTestArchive(t, 1)
	for _, tail := range []string{`{"event_type":"auth.fai`, "\x00\x00\x00"} {
		whole := a.read(seriesName)
		a.write(seriesName, append(bytes.Clone(whole), tail...))
		found, sum := a.verify(public(1))
		require.Zero(t, sum.Count[Wrong], "%v", found)
		assert.Equal(t, uint64(5), sum.Lines)
		assert.Contains(t, found[1].Text, "still open: 2 lines are chained, and signed by nobody yet; behind them is a part of a line")
		a.write(seriesName, whole)
	}
	a.change(seriesName, func(l [][]byte) [][]byte { l[0][20] ^= 1; return append(l, []byte(`{"event_type`)) })
	_, sum := a.verify(public(1))
	assert.Equal(t, 1, sum.Count[Wrong], "what is before the torn line must hold")
}
