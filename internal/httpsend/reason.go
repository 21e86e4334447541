// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxReason is the size of a reason in bytes: enough for the sentence at the
	// beginning of an answer.
	maxReason = 200
	// maxRead is how much of an answer is read for it.
	maxRead = 8 << 10
	// minSecret keeps a secret of two letters from blotting out every text.
	minSecret = 4
	redacted  = "[REDACTED]"
)

// credentials are header values that a destination might repeat: of known schemes,
// of any scheme behind the header's name, and of keys that have a header.
var (
	credentials = regexp.MustCompile(`(?i)\b(bearer|basic|splunk|sharedkey|apikey|geniekey)\s+[\w+/=.~:-]{16,}`)
	header      = regexp.MustCompile(`(?i)\b(authorization["']?\s*[:=]\s*["']?[\w-]+\s+|[\w-]*(?:api|access)[_-]?key[\w-]*:\s+)[\w+/=.~:-]{12,}`)
)

// Exporters put the address they asked into their errors, and some destinations
// repeat a request: named are values that are called secrets, userinfo and query
// parts of a URL that may hold some.
var (
	named    = regexp.MustCompile(secretName + `(?:["']?\s*=\s*|["']\s*:\s*|:)["']?)[^\s"'&,;\[]{4,}`)
	quoted   = regexp.MustCompile(secretName + `["']?\s*[=:]\s*")[^"\[]{4,}`)
	userinfo = regexp.MustCompile(`(://)[^/\s"?]+@`)
	query    = regexp.MustCompile(`(://[^\s"?]+\?)[^\s"]+`)
)

// secretName begins what a value is called, in an open group.
const secretName = `(?i)\b((?:[\w-]*(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|access[_-]?key|account[_-]?key|signature|credential)[\w-]*|sig)` //nolint:gosec // it looks for them

// Clean makes words of a destination fit for a log: one line of printable
// characters, at most 200 bytes, without the secrets given and without what
// looks like an Authorization header, a value that is called a secret, or the
// credentials and the query of a URL.
func Clean(text string, secrets ...string) string {
	// One may begin with another one.
	for _, secret := range slices.SortedFunc(slices.Values(secrets), func(a, b string) int { return len(b) - len(a) }) {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = credentials.ReplaceAllString(text, "$1 "+redacted)
	text = header.ReplaceAllString(text, "$1"+redacted)
	text = userinfo.ReplaceAllString(text, "$1"+redacted+"@")
	text = query.ReplaceAllString(text, "$1"+redacted)
	text = quoted.ReplaceAllString(text, "$1"+redacted)
	text = named.ReplaceAllString(text, "$1"+redacted)
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxReason {
		return text
	}
	cut := maxReason - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
