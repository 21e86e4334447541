// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Event returns the event of a line, given without its break, as it was before it
// was chained: without the link, and with its own members of that name called as
// its sender called them. What is no line of a chain comes back as it is.
func Event(line []byte) []byte {
	if _, ok := parseLink(line); !ok {
		return line
	}
	begin := bytes.LastIndex(line, []byte(linkBegin))
	event := slices.Concat(bytes.TrimSuffix(line[:begin], []byte{','}), []byte{'}'})
	for _, at := range escaped(event) {
		event = slices.Delete(event, at, at+1)
	}
	return event
}

// escaped returns where underscores too many are in the names of members that are
// called as the link, the last one first.
func escaped(event []byte) (at []int) {
	if !bytes.Contains(event, []byte(`"`+Member+`_`)) {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(event))
	if _, err := in.Token(); err != nil {
		return nil
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil
		}
		end := int(in.InputOffset())
		if text, ok := name.(string); ok && strings.HasPrefix(text, Member+"_") && strings.Trim(text[len(Member):], "_") == "" {
			at = append([]int{end - len(`_"`)}, at...)
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return nil
		}
	}
	return at
}
