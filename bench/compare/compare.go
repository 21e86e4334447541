// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// perRequest is the larger of the two sizes of requests.
const perRequest = 100

// jobs are what the contenders are compared at, if they are asked for.
func (b *bench) jobs() []job {
	all := []job{
		{title: "A file of JSON lines", contenders: readers(), events: b.events},
		{title: "HTTP, 1 event a request", contenders: httpServers(), events: b.events / 5, feed: b.post(1)},
		{title: fmt.Sprintf("HTTP, %d events a request", perRequest), contenders: httpServers(), events: b.events, feed: b.post(perRequest)},
		{title: "Syslog over TCP, octet-counted", contenders: syslogServers(), events: b.events, feed: sendSyslog},
	}
	all = slices.DeleteFunc(all, func(j job) bool { return !strings.Contains(j.title, b.job) })
	if b.baseline != "" {
		for i := range all {
			all[i].contenders = beside(all[i].contenders[:2], b.baseline)
		}
	}
	return all
}

// compare measures all jobs.
func (b *bench) compare(ctx context.Context) ([]table, error) {
	var tables []table
	for _, j := range b.jobs() {
		var missing []string
		j.contenders, missing = b.present(j.contenders)
		costs, err := b.measure(ctx, j)
		if err != nil {
			return nil, err
		}
		t := b.costTable(j, costs)
		if len(missing) > 0 {
			t.note += " **Not measured, because the program is missing: " + strings.Join(missing, ", ") + ".**"
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// present returns the contenders whose programs are there, and the names of the
// others.
func (b *bench) present(all []contender) (there []contender, missing []string) {
	for _, c := range all {
		path, err := c.path(b.options)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			missing = append(missing, c.name)
			continue
		}
		there = append(there, c)
	}
	return there, missing
}

// costTable has a contender on a line, the one that costs least first.
func (b *bench) costTable(j job, costs map[string]cost) table {
	kept := len(b.sources[j.events].kept)
	t := table{
		title:  j.title,
		header: []string{"", "CPU s per million events", "times ours, direct", "times ours, durable", "events/s a core", "peak memory", "start, CPU s"},
		note:   fmt.Sprintf("%d events, of which %d are kept; medians of %d.", j.events, kept, b.runs),
	}
	slices.SortStableFunc(j.contenders, func(a, b contender) int { return int(costs[a.name].cpu - costs[b.name].cpu) })
	for _, c := range j.contenders {
		one := costs[c.name]
		t.rows = append(t.rows, []string{
			c.name,
			fmt.Sprintf("%.2f", perMillion(one.cpu, j.events).Seconds()),
			ratio(one.cpu, costs[oursDirect].cpu),
			ratio(one.cpu, costs[oursDurable].cpu),
			fmt.Sprintf("%.0f", float64(j.events)/one.cpu.Seconds()),
			fmt.Sprintf("%d MB", one.peak>>20),
			fmt.Sprintf("%.2f", one.start.Seconds()),
		})
	}
	return t
}

func perMillion(cpu time.Duration, events int) time.Duration {
	return time.Duration(float64(cpu) * 1e6 / float64(events))
}

func ratio(a, b time.Duration) string {
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}
