// SPDX-License-Identifier: Apache-2.0

package event

import "strings"

// Severity ranks an event; a higher value is worse. The zero value is unknown.
type Severity uint8

// The severities of MockForge, in rising order.
const (
	SeverityUnknown Severity = iota
	SeverityLow
	SeverityMedium
	SeverityHigh
	SeverityCritical
)

// severities is the one table of severities. The OpenTelemetry numbers follow
// the log data model, whose appendix B maps syslog's Critical to 18 (ERROR2);
// 21 (FATAL) would come back as Emergency at a syslog server.
var severities = [...]struct {
	name    string
	aliases []string
	otel    int32
}{
	SeverityUnknown:  {name: "unknown"},
	SeverityLow:      {name: "low", aliases: []string{"info", "informational"}, otel: 9},
	SeverityMedium:   {name: "medium", aliases: []string{"warning"}, otel: 13},
	SeverityHigh:     {name: "high", aliases: []string{"error"}, otel: 17},
	SeverityCritical: {name: "critical", otel: 18},
}

// ParseSeverity reads a severity name or alias in any case; SeverityUnknown and
// false when it is neither.
func ParseSeverity(s string) (Severity, bool) {
	for i := SeverityLow; i <= SeverityCritical; i++ {
		if strings.EqualFold(s, severities[i].name) {
			return i, true
		}
		for _, alias := range severities[i].aliases {
			if strings.EqualFold(s, alias) {
				return i, true
			}
		}
	}
	return SeverityUnknown, false
}

// SeverityNames lists the names ParseSeverity takes, without aliases, in rising
// order.
func SeverityNames() []string {
	names := make([]string, 0, len(severities)-1)
	for _, s := range severities[SeverityLow:] {
		names = append(names, s.name)
	}
	return names
}

// SeverityFromNumber returns the severity an OpenTelemetry SeverityNumber
// stands for: the highest one whose number it reaches.
func SeverityFromNumber(n int32) Severity {
	for i := SeverityCritical; i > SeverityUnknown; i-- {
		if n >= severities[i].otel {
			return i
		}
	}
	return SeverityUnknown
}

// Number returns the OpenTelemetry SeverityNumber (log data model, section
// "Field: SeverityNumber"); 0 for SeverityUnknown.
func (s Severity) Number() int32 { return severities[s].otel }

// String returns the name that stands on the wire.
func (s Severity) String() string { return severities[s].name }
