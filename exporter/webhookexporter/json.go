// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import "github.com/mockforge/otelcol-mockforge/internal/eventlog"

// appendKey appends a comma and the name of a member.
func appendKey(dst []byte, name string) []byte {
	return append(eventlog.AppendString(append(dst, ','), name), ':')
}

// member appends a comma and a member that is a string, unless it is empty.
func member(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return eventlog.AppendString(appendKey(dst, name), value)
}
