// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"net/http"
	"strings"
)

// checkHECToken lets in every request where no tokens are set.
func checkHECToken(t tokens, r *http.Request) *hecReply {
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

// hecToken reads the two forms that Splunk takes: the scheme Splunk, and basic
// authentication with the token as the password of any user.
func hecToken(r *http.Request) (token string, ok bool) {
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Splunk")
}
