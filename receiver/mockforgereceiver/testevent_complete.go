// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// completeTestEvent makes a whole event of a part of one, in MockForge's order:
// what is missing comes from the catalogue of event types. The mark that it is a
// test is always there.
func completeTestEvent(part []byte, now time.Time) ([]byte, error) {
	given := make(map[string]json.RawMessage)
	if err := json.Unmarshal(part, &given); err != nil || given == nil {
		return nil, errors.New("found no JSON object, expected one such as {\"event_type\":\"auth.failure\"}")
	}
	var kind string
	if json.Unmarshal(given["event_type"], &kind) != nil || strings.TrimSpace(kind) == "" {
		return nil, errors.New("event_type: found no text, expected an event type such as auth.failure")
	}
	delete(given, "test")
	var out bytes.Buffer
	put := func(name string, value []byte) {
		quoted, _ := json.Marshal(name) // a string always has a form
		out.WriteByte(',')
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(value)
	}
	for _, member := range defaultsOf(kind, now) {
		if value, ok := given[member.name]; ok && string(value) != "null" {
			put(member.name, value)
		} else if member.value != "" {
			put(member.name, []byte(member.value))
		}
		delete(given, member.name)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		put(name, given[name])
	}
	put("test", []byte("true"))
	out.WriteByte('}')
	whole := out.Bytes()
	whole[0] = '{' // in the place of the first comma
	return whole, nil
}

// member is a member of an event with its value in JSON; "" for none.
type member struct{ name, value string }

// defaultsOf are the members of an event in MockForge's order, with what stands
// in for those that are missing.
func defaultsOf(kind string, now time.Time) []member {
	severity, metadata := "", "{}"
	if known, ok := event.Lookup(kind); ok {
		severity = strconv.Quote(known.Severity.String())
		metadata = `{"description":` + strconv.Quote(known.Description) + `}`
	}
	return []member{
		{"timestamp", strconv.Quote(now.UTC().Format("2006-01-02T15:04:05.000Z"))},
		{"event_type", ""},
		{"severity", severity},
		{"source", `{"system":"mockforge","component":"test-event"}`},
		{"actor", "null"},
		{"target", "null"},
		{"outcome", "null"},
		{"metadata", metadata},
		{"compliance", `{"soc2_cc":[],"iso27001":[]}`},
	}
}
