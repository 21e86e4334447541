// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"path/filepath"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/duration"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// RetentionConfig says how long events are kept after they arrived, by
// severity; 0 for ever. Events without one are kept as long as those that are
// kept longest.
type RetentionConfig struct {
	// Critical is 7 years by default.
	Critical duration.Span `mapstructure:"critical"`
	// High is 7 years by default.
	High duration.Span `mapstructure:"high"`
	// Medium is 2 years by default.
	Medium duration.Span `mapstructure:"medium"`
	// Low is 90 days by default.
	Low duration.Span `mapstructure:"low"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const (
	day  = duration.Span(24 * time.Hour)
	year = 366 * day // as internal/duration has it
)

// defaultRetention is MockForge's best practice.
func defaultRetention() RetentionConfig {
	return RetentionConfig{Critical: 7 * year, High: 7 * year, Medium: 2 * year, Low: 90 * day}
}

// keep returns how long events of a severity are kept; 0 for ever.
func (cfg *RetentionConfig) keep(severity event.Severity) time.Duration {
	spans := [...]duration.Span{
		event.SeverityLow: cfg.Low, event.SeverityMedium: cfg.Medium, event.SeverityHigh: cfg.High, event.SeverityCritical: cfg.Critical,
	}
	if severity != event.SeverityUnknown {
		return time.Duration(spans[severity])
	}
	longest := cfg.Low
	for _, span := range spans[event.SeverityLow:] {
		if span == 0 {
			return 0
		}
		longest = max(longest, span)
	}
	return time.Duration(longest)
}

// classes are the severities that have a file each, the index being that of the
// file.
const classes = int(event.SeverityCritical) + 1

// classOf returns the class of an event.
func classOf(record plog.LogRecord) int {
	return int(event.SeverityFromNumber(int32(record.SeverityNumber())))
}

// classPath is the file of a class: events.critical.jsonl of events.jsonl.
func classPath(path string, severity event.Severity) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "." + severity.String() + ext
}

// arrival is when an event arrived. One that says nothing of it, or of the
// future, arrived now.
func arrival(record plog.LogRecord, now time.Time) time.Time {
	at := record.ObservedTimestamp()
	if at == 0 || at.AsTime().After(now) {
		return now
	}
	return at.AsTime()
}
