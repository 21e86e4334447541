// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/x509"
	"encoding/pem"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

const golden = "testdata/archive"

// TestGolden: files of any earlier version stay proven, and what is written of
// the same events stays the same.
func TestGolden(t *testing.T) {
	a := newTestArchive(t, 3)
	a.entomb(a.files[0], testKey(1))
	names, err := filepath.Glob(filepath.Join(a.dir, "*"))
	require.NoError(t, err)
	require.Len(t, names, 6)
	if *update {
		require.NoError(t, os.MkdirAll(golden, 0o700))
		for _, name := range names {
			text := a.read(filepath.Base(name))
			require.NoError(t, os.WriteFile(filepath.Join(golden, filepath.Base(name)), text, 0o600))
		}
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(golden, filepath.Base(name)))
		require.NoError(t, err)
		assert.Equal(t, string(text), string(a.read(filepath.Base(name))))
	}
	a.dir = golden
	found, sum := a.verify(public(1))
	assert.Equal(t, map[State]int{Removed: 1, Proven: 2, Unsealed: 1}, sum.Count, "%v", found)
}

func writeKey(t *testing.T, n byte, mode os.FileMode) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(testKey(n))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), mode))
	return path
}

func TestKeys(t *testing.T) {
	key, err := ReadPrivateKey(writeKey(t, 1, 0o400))
	require.NoError(t, err)
	assert.Equal(t, testKey(1), key)

	open := writeKey(t, 1, 0o640)
	_, err = ReadPrivateKey(open)
	assert.EqualError(t, err, open+": found mode 0640, expected a file that its owner alone can use, such as 0600 or 0400")

	der, err := x509.MarshalPKIXPublicKey(public(1))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "public.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	read, err := ReadPublicKey(path)
	require.NoError(t, err)
	assert.Equal(t, public(1), read)

	_, err = ReadPrivateKey(path)
	assert.EqualError(t, err, path+`: found no PEM block of type "PRIVATE KEY", expected one`)
	for _, text := range []string{"", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = ReadPrivateKey(path)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
		_, err = ReadPublicKey(path)
		require.Error(t, err)
	}
	_, err = ReadPrivateKey(filepath.Join(t.TempDir(), "none"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
