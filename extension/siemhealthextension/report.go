// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

// report is one look at everything. The JSON, the page and the metrics show it.
type report struct {
	Status         status              `json:"status"`
	Time           time.Time           `json:"time"`
	Started        time.Time           `json:"started"`
	Version        string              `json:"version"`
	UnhealthyAfter float64             `json:"unhealthy_after_seconds"`
	Destinations   []destinationReport `json:"destinations"`
	Intakes        []intakeReport      `json:"intakes"`
}

type destinationReport struct {
	Status  status `json:"status"`
	Healthy bool   `json:"healthy"`
	health.Destination
	// OldestQueuedAge is in seconds; 0 when nothing waits.
	OldestQueuedAge float64 `json:"oldest_queued_age_seconds"`
	Unaccounted     int64   `json:"unaccounted"`
}

type intakeReport struct {
	health.Intake
	Unaccounted int64 `json:"unaccounted"`
}

func (e *healthExtension) report(now time.Time) report {
	r := report{
		Status: statusOK, Time: now.UTC(), Started: e.started.UTC(), Version: e.set.BuildInfo.Version,
		UnhealthyAfter: e.cfg.UnhealthyAfter.Seconds(),
		Destinations:   []destinationReport{}, Intakes: []intakeReport{},
	}
	for _, d := range e.registry.Destinations() {
		one := destinationReport{Status: e.judge(d, now), Destination: d, Unaccounted: d.Books.Unaccounted()}
		one.Healthy = one.Status.Healthy()
		if d.OldestQueued != nil {
			one.OldestQueuedAge = max(0, now.Sub(*d.OldestQueued).Seconds())
		}
		if severity[one.Status] > severity[r.Status] {
			r.Status = one.Status
		}
		r.Destinations = append(r.Destinations, one)
	}
	for _, i := range e.registry.Intakes() {
		r.Intakes = append(r.Intakes, intakeReport{Intake: i, Unaccounted: i.Unaccounted()})
	}
	return r
}
