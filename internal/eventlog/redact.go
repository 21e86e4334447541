// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// redactUsername removes a credential from actor.username: MockForge copies the
// Authorization header of a failed authentication into it, mostly without its
// scheme. A token becomes a short hash, so that events can still be grouped by
// it; of a basic credential (RFC 7617) the user name stays. Any other name is
// returned as it is. failed says that the event is such a failure: there a UUID
// is more likely a token than a name.
func redactUsername(name string, failed bool) string {
	trimmed := strings.TrimSpace(name)
	credential := cutScheme(trimmed)
	user, basic := basicUser(credential)
	switch {
	case basic && user != "":
		return redactUsername(user, failed)
	case basic, credential != trimmed, isJOSE(credential), isOpaqueToken(credential), failed && isUUID(credential):
		return hashed(credential)
	default:
		return name
	}
}

func hashed(credential string) string {
	sum := sha256.Sum256([]byte(credential))
	return "[REDACTED sha256:" + hex.EncodeToString(sum[:6]) + "]"
}

// schemes are authentication schemes (IANA's registry and vendors'); what comes
// after one is a credential.
var schemes = []string{
	"Bearer", "Basic", "Digest", "Negotiate", "NTLM", "DPoP", "Hawk", "Token", "ApiKey", "Splunk", "SharedKey", "AWS4-HMAC-SHA256",
}

// cutScheme removes an authentication scheme that was left in front.
func cutScheme(s string) string {
	scheme, rest, ok := strings.Cut(s, " ")
	if !ok || !slices.ContainsFunc(schemes, func(known string) bool { return strings.EqualFold(scheme, known) }) {
		return s
	}
	return strings.TrimSpace(rest)
}

// isJOSE reports whether s has the shape of a signed or encrypted JSON Web
// Token: three or five base64url parts (RFC 7515 section 7.1, RFC 7516 section
// 7.1), the first of which is a JSON object.
func isJOSE(s string) bool {
	if dots := strings.Count(s, "."); dots != 2 && dots != 4 || strings.ContainsFunc(s, isNoBase64URL) {
		return false
	}
	header, _, _ := strings.Cut(s, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(header)
	return err == nil && len(decoded) > 0 && decoded[0] == '{'
}

func isNoBase64URL(c rune) bool {
	return !isAlphanumeric(c) && c != '-' && c != '_' && c != '.'
}

// basicUser returns the user name of a base64 encoded "user:password"; "" when
// that is no name.
func basicUser(s string) (user string, ok bool) {
	unpadded := strings.TrimRight(s, "=")
	if len(unpadded) < 2 || len(unpadded)%4 == 1 {
		return "", false // most names end here, without an allocation
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(unpadded, "-_") {
		encoding = base64.RawURLEncoding
	}
	decoded, err := encoding.DecodeString(unpadded)
	i := bytes.IndexByte(decoded, ':')
	// A name that is base64 by chance seldom decodes to text. RFC 7617 leaves
	// the charset open, so Latin-1 is text too; control characters are not.
	if err != nil || i < 0 || len(unpadded) == len(s) && !isText(decoded) {
		return "", false
	}
	if user = string(decoded[:i]); !utf8.ValidString(user) || strings.ContainsFunc(user, unicode.IsControl) {
		return "", true
	}
	return user, true
}

// isText reports whether there are no control characters of ASCII or Latin-1,
// or those of Latin-1 are parts of UTF-8.
func isText(b []byte) bool {
	utf8Text := utf8.Valid(b)
	for _, c := range b {
		if c < ' ' || c == 0x7F || !utf8Text && c >= 0x80 && c < 0xA0 {
			return false
		}
	}
	return true
}

// The shapes of random tokens. People, hosts and services are not called so:
// their names have no run of so many letters and digits, or are in one case.
const (
	minOpaqueRun   = 24 // letters and digits without a break, two digits at least
	minOpaqueMixed = 20 // both cases and a digit, whatever stands between
)

// isOpaqueToken reports whether s looks like a random bearer token (RFC 6750
// section 2.1).
func isOpaqueToken(s string) bool {
	var run, runDigits int
	var lower, upper, digit, long bool
	for _, c := range s {
		switch {
		case isAlphanumeric(c):
			run++
			lower = lower || unicode.IsLower(c)
			upper = upper || unicode.IsUpper(c)
			if unicode.IsDigit(c) {
				digit = true
				runDigits++
			}
			long = long || run >= minOpaqueRun && runDigits >= 2 && runDigits < run
		case strings.ContainsRune("-._~+/=", c):
			run, runDigits = 0, 0
		default:
			return false
		}
	}
	return long || len(s) >= minOpaqueMixed && lower && upper && digit
}

// isUUID reports whether s has the form of RFC 9562.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
