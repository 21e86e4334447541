// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

// status is what becomes of events now, in one word.
type status string

// From good to bad.
const (
	// statusOK: the destination takes what there is.
	statusOK status = "ok"
	// statusFailing: it took nothing the last time.
	statusFailing status = "failing"
	// statusDown: it has taken nothing for longer than unhealthy_after.
	statusDown status = "down"
)

var severity = map[status]int{statusOK: 0, statusFailing: 1, statusDown: 2}

// Healthy says that nothing is to be done.
func (s status) Healthy() bool { return s == statusOK }

// judge gives a destination its status.
func (e *healthExtension) judge(d health.Destination, now time.Time) status {
	failing := d.FailingSince != nil
	switch {
	case failing && now.Sub(*d.FailingSince) > e.cfg.UnhealthyAfter, now.Sub(e.waitingSince(d, now)) > e.cfg.UnhealthyAfter:
		return statusDown
	case failing:
		return statusFailing
	default:
		return statusOK
	}
}

// waitingSince is since when events have waited without one being taken. An
// exporter that hangs reports no error. What waited before the start does not
// count, since nobody offered it; nor does the age of a backlog that gets smaller.
func (e *healthExtension) waitingSince(d health.Destination, now time.Time) time.Time {
	if d.OldestQueued == nil {
		return now
	}
	since := *d.OldestQueued
	if e.started.After(since) {
		since = e.started
	}
	if d.LastSuccess != nil && d.LastSuccess.After(since) {
		since = *d.LastSuccess
	}
	return since
}
