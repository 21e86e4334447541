// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"crypto/sha256"
	"crypto/subtle"

	"go.opentelemetry.io/collector/config/configopaque"
)

// tokens are the hashes of the tokens that are let in: hashes are of one length,
// so that comparing them takes the same time for every token.
type tokens [][sha256.Size]byte

func newTokens(all ...configopaque.String) tokens {
	hashes := make(tokens, len(all))
	for i, token := range all {
		hashes[i] = sha256.Sum256([]byte(token))
	}
	return hashes
}

// has compares with every token, whichever fits.
func (t tokens) has(token string) bool {
	given := sha256.Sum256([]byte(token))
	found := 0
	for i := range t {
		found |= subtle.ConstantTimeCompare(given[:], t[i][:])
	}
	return found == 1
}
