// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// maxKeyFile is more than a key in PEM can be.
const maxKeyFile = 64 << 10

// ReadPrivateKey reads the key that "openssl genpkey -algorithm ed25519" makes:
// PEM of PKCS #8 (RFC 8410). A file that others than its owner may use is refused.
func ReadPrivateKey(path string) (ed25519.PrivateKey, error) {
	der, err := readPEM(path, "PRIVATE KEY", true)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if private, ok := key.(ed25519.PrivateKey); ok && err == nil {
		return private, nil
	}
	// The error of the parser could quote the key.
	return nil, fmt.Errorf("%s: found no Ed25519 key in PKCS #8, expected what openssl genpkey -algorithm ed25519 makes", path)
}

// ReadPublicKey reads the key that "openssl pkey -pubout" makes: PEM of a
// SubjectPublicKeyInfo.
func ReadPublicKey(path string) (ed25519.PublicKey, error) {
	der, err := readPEM(path, "PUBLIC KEY", false)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if public, ok := key.(ed25519.PublicKey); ok && err == nil {
		return public, nil
	}
	return nil, fmt.Errorf("%s: found no Ed25519 public key, expected what openssl pkey -pubout makes", path)
}

func readPEM(path, kind string, secret bool) (der []byte, err error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Windows has no such modes.
	if mode := info.Mode().Perm(); secret && mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s: found mode %#o, expected a file that its owner alone can use, such as 0600 or 0400", path, mode)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s: found no PEM block of type %q, expected one", path, kind)
	}
	return block.Bytes, nil
}

// Fingerprint names a public key: the first bytes of its SHA-256.
func Fingerprint(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}
