// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// hecTokens are the hashes of the tokens that are let in: hashes are of one
// length, so that comparing them takes the same time for every token.
type hecTokens [][sha256.Size]byte

func newHECTokens(tokens []configopaque.String) hecTokens {
	hashes := make(hecTokens, len(tokens))
	for i, token := range tokens {
		hashes[i] = sha256.Sum256([]byte(token))
	}
	return hashes
}

// check lets in every request where no tokens are set.
func (t hecTokens) check(r *http.Request) *hecReply {
	if len(t) == 0 {
		return nil
	}
	refused := &hecReply{reason: "unauthorized"}
	header := r.Header.Get("Authorization")
	token, understood := hecToken(r)
	switch {
	case header == "" && r.URL.Query().Has("token"):
		refused.hecCode = hecNoQueryTokens
	case header == "" || understood && token == "":
		refused.hecCode = hecTokenRequired
	case !understood:
		refused.hecCode = hecInvalidAuth
	case !t.has(token):
		refused.hecCode = hecInvalidToken
	default:
		return nil
	}
	return refused
}

// has compares with every token, whichever fits.
func (t hecTokens) has(token string) bool {
	given := sha256.Sum256([]byte(token))
	found := 0
	for i := range t {
		found |= subtle.ConstantTimeCompare(given[:], t[i][:])
	}
	return found == 1
}

// hecToken reads the two forms that Splunk takes: the scheme Splunk, and basic
// authentication with the token as the password of any user.
func hecToken(r *http.Request) (token string, ok bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Splunk")
}
