// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redactUsername removes a credential from actor.username: MockForge copies the
// Authorization header into it, without its scheme. A token becomes a short
// hash, so that events can still be grouped by it; of a basic credential
// (RFC 7617) the user name stays. Any other name is returned as it is.
func redactUsername(name string) string {
	credential := cutScheme(name)
	if user, ok := basicUser(credential); ok && user != "" {
		return redactUsername(user)
	} else if ok || isJWT(credential) || isOpaqueToken(credential) || credential != name {
		return hashed(credential)
	}
	return name
}

func hashed(credential string) string {
	sum := sha256.Sum256([]byte(credential))
	return "[REDACTED sha256:" + hex.EncodeToString(sum[:6]) + "]"
}

// cutScheme removes an authentication scheme that was left in front.
func cutScheme(s string) string {
	scheme, rest, ok := strings.Cut(s, " ")
	if !ok || rest == "" {
		return s
	}
	for _, known := range []string{"Bearer", "Basic", "Token", "ApiKey", "Splunk"} {
		if strings.EqualFold(scheme, known) {
			return strings.TrimSpace(rest)
		}
	}
	return s
}

// isJWT reports whether s has the shape of a JSON Web Token: three base64url
// parts (RFC 7519 section 3), the first of which is a JSON object.
func isJWT(s string) bool {
	header, rest, ok := strings.Cut(s, ".")
	payload, signature, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 || !isBase64URL(payload) || !isBase64URL(signature) && signature != "" {
		return false
	}
	decoded, err := base64.RawURLEncoding.DecodeString(header)
	return err == nil && len(decoded) > 0 && decoded[0] == '{'
}

func isBase64URL(s string) bool {
	for _, c := range s {
		if !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// basicUser returns the user name of a base64 encoded "user:password".
func basicUser(s string) (string, bool) {
	if len(s) < 4 {
		return "", false
	}
	s = strings.TrimRight(s, "=")
	if len(s)%4 == 1 {
		return "", false // most names end here, without an allocation
	}
	decoded, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(decoded) || strings.ContainsFunc(string(decoded), unicode.IsControl) {
		return "", false
	}
	user, _, ok := strings.Cut(string(decoded), ":")
	return user, ok
}

// minOpaqueRun is the length of an unbroken run of letters and digits from
// which on a name is taken for a token: API keys have 32 or more, and people
// and services are not called so.
const minOpaqueRun = 24

// isOpaqueToken reports whether s looks like a random bearer token (RFC 6750
// section 2.1): no other characters than such a token has, and among them a
// long run that mixes letters and digits.
func isOpaqueToken(s string) bool {
	run, digits, longest := 0, 0, false
	for _, c := range s {
		switch {
		case isAlphanumeric(c):
			run++
			if unicode.IsDigit(c) {
				digits++
			}
			longest = longest || run >= minOpaqueRun && digits >= 2 && digits < run
		case strings.ContainsRune("-._~+/=", c):
			run, digits = 0, 0
		default:
			return false
		}
	}
	return longest
}

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
