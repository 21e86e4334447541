// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"regexp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Members of the Body of a record that holds no event.
const (
	fieldMessage    = "message"
	fieldParseError = "parse_error"
)

// AddUnparsed adds a record for text that is no event, from a sender that cannot
// be told so: the Body holds the text and the reason, AttrParseError the reason.
// The text is redacted as an event would be. What is no UTF-8 becomes U+FFFD.
func (b *Batch) AddUnparsed(text string, reason error) plog.LogRecord {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if b.decoder.options.RedactCredentials {
		text = redactText(text)
	}
	record := plog.NewLogRecord()
	at := pcommon.NewTimestampFromTime(b.observed)
	record.SetTimestamp(at)
	record.SetObservedTimestamp(at)
	body := record.Body().SetEmptyMap()
	body.PutStr(fieldMessage, text)
	body.PutStr(fieldParseError, reason.Error())
	record.Attributes().PutStr(AttrParseError, reason.Error())
	return b.append(record, producer{})
}

// usernames finds the member that MockForge puts credentials into, in text that
// is no JSON: a message may have been cut off in the middle of one.
var usernames = regexp.MustCompile(`("username"\s*:\s*")([^"]*)("?)`)

func redactText(text string) string {
	return usernames.ReplaceAllStringFunc(text, func(found string) string {
		parts := usernames.FindStringSubmatch(found)
		name, whole := parts[2], parts[3] != ""
		if !whole && name != "" {
			name = hashed(name) // of half a credential the shape may be gone
		}
		return parts[1] + redactUsername(name, true) + parts[3]
	})
}
