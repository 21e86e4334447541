// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

const seriesName = "events.jsonl"

var noon = time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)

// testKey is always the same one, so that golden files can be.
func testKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// testArchive makes files as the exporter does: closed ones of three lines
// each, sealed, and one that is still open, of two.
type testArchive struct {
	t     testing.TB
	dir   string
	chain Chain
	seals []Hash
	files []string // closed
}

func newTestArchive(t testing.TB, closed int) *testArchive {
	t.Helper()
	a := &testArchive{t: t, dir: t.TempDir()}
	for range closed {
		a.close(3)
	}
	a.write(seriesName, a.lines(2))
	return a
}

func (a *testArchive) lines(n int) []byte {
	var text []byte
	for range n {
		start := len(text)
		text = fmt.Appendf(text, `{"event_type":"auth.failure","n":%d}`, a.chain.Seq+1)
		text = a.chain.Append(text, start, noon.Add(time.Duration(a.chain.Seq)*time.Second))
	}
	return text
}

func (a *testArchive) write(name string, text []byte) {
	a.t.Helper()
	require.NoError(a.t, os.WriteFile(filepath.Join(a.dir, name), text, 0o600))
}

// close makes a closed file and its seal.
func (a *testArchive) close(n int) {
	a.t.Helper()
	name := AsideName(seriesName, noon.Add(time.Duration(len(a.files))*time.Hour))
	text := a.lines(n)
	a.write(name, text)
	a.files = append(a.files, name)
	a.seal(name, text, testKey(1))
}

func (a *testArchive) seal(name string, text []byte, key ed25519.PrivateKey) {
	a.t.Helper()
	extent, err := Scan(context.Background(), bytes.NewReader(text), nil, nil)
	require.NoError(a.t, err)
	seal := Seal{Series: seriesName, File: name, Extent: extent, ClosedAt: noon}
	if len(a.seals) > 0 {
		seal.PreviousSeal = a.seals[len(a.seals)-1]
	}
	line, err := seal.Sign(key)
	require.NoError(a.t, err)
	a.write(name+SealSuffix, append(line, '\n'))
	parsed, err := ParseSealFile(append(line, '\n'))
	require.NoError(a.t, err)
	a.seals = append(a.seals, parsed.Hash)
}

func (a *testArchive) read(name string) []byte {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.dir, name))
	require.NoError(a.t, err)
	return text
}

// change rewrites the lines of a file.
func (a *testArchive) change(name string, change func(lines [][]byte) [][]byte) {
	a.t.Helper()
	lines := bytes.SplitAfter(a.read(name), []byte{'\n'})
	a.write(name, bytes.Join(change(lines[:len(lines)-1]), nil))
}

func (a *testArchive) remove(names ...string) {
	a.t.Helper()
	for _, name := range names {
		require.NoError(a.t, os.Remove(filepath.Join(a.dir, name)))
	}
}

// entomb removes a closed file on purpose.
func (a *testArchive) entomb(name string, key ed25519.PrivateKey) {
	a.t.Helper()
	seal, err := ParseSealFile(a.read(name + SealSuffix))
	require.NoError(a.t, err)
	line, err := Removal{RemovedSeal: seal.Hash, RemovedAt: noon.AddDate(0, 0, 91), Reason: "retention"}.Sign(key)
	require.NoError(a.t, err)
	a.write(name+SealSuffix, bytes.Join([][]byte{seal.Line, line, nil}, []byte{'\n'}))
	a.remove(name)
}

func (a *testArchive) compress(name string) {
	a.t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(a.read(name))
	require.NoError(a.t, err)
	require.NoError(a.t, z.Close())
	a.write(name+GzipSuffix, b.Bytes())
	a.remove(name)
}

// verify verifies all that is in the folder.
func (a *testArchive) verify(keys ...ed25519.PublicKey) ([]Finding, Summary) {
	a.t.Helper()
	paths, err := filepath.Glob(filepath.Join(a.dir, "*"))
	require.NoError(a.t, err)
	return a.verifyPaths(paths, keys...)
}

func (a *testArchive) verifyPaths(paths []string, keys ...ed25519.PublicKey) (found []Finding, sum Summary) {
	a.t.Helper()
	sum, err := Verify(context.Background(), paths, keys, func(f Finding) {
		f.Path = filepath.Base(f.Path)
		found = append(found, f)
	})
	require.NoError(a.t, err)
	return found, sum
}
