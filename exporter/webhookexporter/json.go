// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// quote appends a string in JSON.
func quote(dst []byte, s string) []byte {
	return eventlog.AppendJSON(dst, pcommon.NewValueStr(s))
}

// appendKey appends a comma and the name of a member.
func appendKey(dst []byte, name string) []byte { return quote(append(dst, ','), name) }

// member appends a comma and a member that is a string, unless it is empty.
func member(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return quote(append(appendKey(dst, name), ':'), value)
}
