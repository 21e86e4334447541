// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

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
	warnType             = ".type"
)

// WarnSplunkFieldsCapped is the word for an event whose envelope has more fields
// than become attributes.
const WarnSplunkFieldsCapped = "splunk.fields.capped"

// WarnRedacted is the word for an event whose actor.username held a credential.
const WarnRedacted = "actor.username.redacted"

// Warn adds a word to those of a record of the batch, for what is wrong with the
// envelope the event came in.
func (b *Batch) Warn(attrs pcommon.Map, word string) {
	list, exists := attrs.GetOrPutEmpty(AttrWarnings)
	if !exists {
		list.SetEmptySlice()
	}
	list.Slice().AppendEmpty().SetStr(word)
	b.warn(word)
}

func (b *Batch) warn(word string) {
	if b.warned == nil {
		b.warned = make(map[string]int64)
	}
	b.warned[word]++
}

// warnings collects what was wrong with one event, each word once.
type warnings []string

func (w *warnings) add(word string) {
	if !slices.Contains(*w, word) {
		*w = append(*w, word)
	}
}
