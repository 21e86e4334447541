// SPDX-License-Identifier: Apache-2.0

package eventlog

import "slices"

// The words of mockforge.parse.warnings. A field of the wrong type is named by
// its path and warnType.
const (
	warnTypeUnknown      = "event_type.unknown"
	warnTimestampMissing = "timestamp.missing"
	warnTimestampInvalid = "timestamp.invalid"
	warnSeverityDefault  = "severity.defaulted"
	warnSeverityUnknown  = "severity.unknown"
	warnMetadataCapped   = "metadata.capped"
	warnExtraCapped      = "extra.capped"
	warnNumberText       = "number.text"
	warnStringReplaced   = "string.replaced"
	warnRedacted         = "actor.username.redacted"
	warnType             = ".type"
)

// warnings collects what was wrong with one event, each word once.
type warnings []string

func (w *warnings) add(word string) {
	if !slices.Contains(*w, word) {
		*w = append(*w, word)
	}
}
