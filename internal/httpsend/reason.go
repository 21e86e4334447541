// SPDX-License-Identifier: Apache-2.0

package httpsend

import (
	"regexp"
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

// credentials are header values that a destination might repeat.
var credentials = regexp.MustCompile(`(?i)\b(bearer|basic|splunk|sharedkey)\s+[\w+/=.~:-]{16,}`)

// Exporters put the address they asked into their errors, and some destinations
// repeat a request: named are values that are called secrets, userinfo and query
// parts of a URL that may hold some.
var (
	named    = regexp.MustCompile(`(?i)\b([\w-]*(?:token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key|signature|credential)[\w-]*(?:["']?\s*=\s*|["']\s*:\s*|:)["']?)[^\s"'&,;\[]{4,}`)
	userinfo = regexp.MustCompile(`(://)[^/\s@"]+@`)
	query    = regexp.MustCompile(`(://[^\s"?]+\?)[^\s"]+`)
)

// Clean makes words of a destination fit for a log: one line of printable
// characters, at most 200 bytes, without the secrets given and without what
// looks like an Authorization header, a value that is called a secret, or the
// credentials and the query of a URL.
func Clean(text string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = credentials.ReplaceAllString(text, "$1 "+redacted)
	text = userinfo.ReplaceAllString(text, "$1"+redacted+"@")
	text = query.ReplaceAllString(text, "$1"+redacted)
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
