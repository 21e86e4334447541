// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sealedArchive copies the golden files of internal/evidence.
func sealedArchive(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	require.NoError(t, os.CopyFS(dir, os.DirFS("../../internal/evidence/testdata/archive")))
	return dir
}

func publicKey(t *testing.T, seed byte) string {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return write(t, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
}

func glob(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "events*"))
	require.NoError(t, err)
	return paths
}

func TestVerify(t *testing.T) {
	dir := sealedArchive(t)
	stdout, _, err := run(t, append([]string{"verify", "--public-key", publicKey(t, 1)}, glob(t, dir)...)...)
	require.NoError(t, err)
	stdout = strings.ReplaceAll(stdout, dir+string(filepath.Separator), "")
	assert.Equal(t, `events-2025-01-27T12-00-00.000.jsonl: removed: removed for retention at 2025-04-28T12:00:00Z: numbers 1 to 3, the newest of 2025-01-27T12:00:02Z
events-2025-01-27T13-00-00.000.jsonl: proven: 3 lines, numbers 4 to 6, sealed at 2025-01-27T12:00:00Z by the key 34750f98bd59fcfc
events-2025-01-27T14-00-00.000.jsonl: proven: 3 lines, numbers 7 to 9, sealed at 2025-01-27T12:00:00Z by the key 34750f98bd59fcfc
events.jsonl: unsealed: still open: 2 lines are chained, and signed by nobody yet
8 lines in their place; files: 2 proven, 1 still open, 1 removed on purpose, 0 not read, 0 broken
signed by the key 34750f98bd59fcfc
`, stdout)

	stdout, _, err = run(t, append([]string{"verify"}, glob(t, dir)...)...)
	require.NoError(t, err)
	assert.Contains(t, stdout, "NOTE: no --public-key was given")
}

func TestVerifyExitCodes(t *testing.T) {
	dir := sealedArchive(t)
	file := filepath.Join(dir, "events-2025-01-27T13-00-00.000.jsonl")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.Replace(text, []byte(`"n":5`), []byte(`"n":6`), 1), 0o600))
	stdout, _, err := run(t, append([]string{"verify"}, glob(t, dir)...)...)
	require.Error(t, err)
	assert.Equal(t, 1, exitCode(err))
	assert.Contains(t, stdout, file+":2: broken: found a line of SHA-256 ")

	for _, args := range [][]string{
		{},
		{"--public-kee", "x", file},
		{filepath.Join(dir, "none.jsonl")},
		{"--public-key", file, file},
		{"--public-key", filepath.Join(dir, "none.pem"), file},
	} {
		_, _, err := run(t, append([]string{"verify"}, args...)...)
		require.Error(t, err, args)
		assert.Equal(t, 2, exitCode(err), args)
	}
}
