// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// scale measures how the cost of an event grows with how many there are, with
// destinations, and with alert rules.
func (b *bench) scale(ctx context.Context) ([]table, error) {
	var tables []table
	for _, measure := range []func(context.Context) (table, error){b.scaleEvents, b.scaleDestinations, b.scaleRules, b.scaleTier} {
		t, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (b *bench) scaleEvents(ctx context.Context) (table, error) {
	t := table{title: "By events", header: []string{"events", "direct, µs an event", "durable, µs an event", "direct, peak memory", "durable, peak memory"}}
	t.note = fmt.Sprintf("The job from a file; medians of %d.", b.runs)
	sizes := []int{b.events / 100, b.events / 10, b.events}
	if b.long {
		sizes = append(sizes, 10*b.events)
	}
	for _, n := range sizes {
		costs, err := b.measure(ctx, job{title: fmt.Sprintf("%d events", n), contenders: ours("file"), events: n})
		if err != nil {
			return table{}, err
		}
		direct, durable := costs[oursDirect], costs[oursDurable]
		t.rows = append(t.rows, []string{
			strconv.Itoa(n), micros(direct.cpu, n), micros(durable.cpu, n),
			fmt.Sprintf("%d MB", direct.peak>>20), fmt.Sprintf("%d MB", durable.peak>>20),
		})
	}
	return t, nil
}

func micros(cpu time.Duration, events int) string {
	return fmt.Sprintf("%.2f", float64(cpu.Microseconds())/float64(events))
}

// control shows the journal's cursors, and dropNothing has all events go to it.
const (
	control     = "connectors: {siem_journal: {control: {endpoint: \"127.0.0.1:${env:PORT}\"}}}\n"
	dropNothing = "receivers: {mockforge: {filter: {include: [], exclude: [], conditions: []}}}\n"
)

func (b *bench) scaleDestinations(ctx context.Context) (table, error) {
	t := table{title: "By destinations", header: []string{"destinations", "µs an event", "peak memory"}}
	t.note = fmt.Sprintf("%d events from a file, nothing dropped, into so many files behind one journal; medians of %d.", b.events, b.runs)
	for _, n := range []int{1, 2, 3, 5, 9} {
		c := ours("file")[1].with(control, dropNothing, destinations(n))
		if err := b.scaleRow(ctx, &t, c, n); err != nil {
			return table{}, err
		}
	}
	return t, nil
}

// destinations are n files, the first of which is there already.
func destinations(n int) string {
	var exporters, pipelines strings.Builder
	for i := 2; i <= n; i++ {
		fmt.Fprintf(&exporters, "  jsonl_file/%d: {path: \"${env:OUT}-%d\", rotation: {max_size: 0}}\n", i, i)
		fmt.Fprintf(&pipelines, "    logs/file%d: {receivers: [siem_journal], exporters: [jsonl_file/%d]}\n", i, i)
	}
	if n == 1 {
		return "{}"
	}
	return "exporters:\n" + exporters.String() + "service:\n  pipelines:\n" + pipelines.String()
}

func (b *bench) scaleRules(ctx context.Context) (table, error) {
	t := table{title: "By alert rules", header: []string{"rules", "µs an event", "peak memory"}}
	t.note = fmt.Sprintf("%d events from a file, nothing dropped, to a file and to `siem_alert` behind one journal; medians of %d.", b.events, b.runs)
	for _, n := range []int{0, 10, 100, 1000} {
		c := ours("file")[1].with(control, dropNothing)
		if n > 0 {
			c = c.with(rules(n))
		}
		if err := b.scaleRow(ctx, &t, c, n); err != nil {
			return table{}, err
		}
	}
	return t, nil
}

// rules are n alert rules with windows, spread over the types of events.
func rules(n int) string {
	var s strings.Builder
	s.WriteString("connectors:\n  siem_alert:\n    rules:\n")
	types := event.Catalogue()
	for i := range n {
		fmt.Fprintf(&s, "      - {name: rule %d, condition: \"event_type == '%s' AND metadata.attempt_count > %d AND count > 5 in 5m by user_id\", severity: high, action: notify}\n",
			i, types[i%len(types)].Name, i%10)
	}
	s.WriteString(`exporters: {jsonl_file/alerts: {path: "${env:OUT}-alerts", rotation: {max_size: 0}}}
service:
  pipelines:
    logs/alerts: {receivers: [siem_journal], exporters: [siem_alert]}
    logs/alerts_file: {receivers: [siem_alert], exporters: [jsonl_file/alerts]}
`)
	return s.String()
}

func (b *bench) scaleRow(ctx context.Context, t *table, c contender, n int) error {
	costs, err := b.measure(ctx, job{
		title: fmt.Sprintf("%s: %d", t.title, n), contenders: []contender{c},
		events: b.events, done: awaitCursors, keepsAll: true,
	})
	if err != nil {
		return err
	}
	one := costs[c.name]
	t.rows = append(t.rows, []string{strconv.Itoa(n), micros(one.cpu, b.events), fmt.Sprintf("%d MB", one.peak>>20)})
	return nil
}

// awaitCursors waits until all pipelines behind the journal have n events.
func awaitCursors(ctx context.Context, p *process, n int) error {
	if err := p.listening(ctx); err != nil {
		return err
	}
	for last, progress := 0, time.Now(); ; {
		left, err := pending(ctx, p, n)
		if err != nil || left == 0 {
			return err
		}
		if left != last {
			last, progress = left, time.Now()
		}
		if time.Since(progress) > stall {
			return p.failed(fmt.Errorf("found %d events on their way after %s without progress, expected none", left, stall))
		}
		if err := p.sleep(ctx); err != nil {
			return err
		}
	}
}

// pending is how many of n events the pipelines behind the journal still wait
// for, all together.
func pending(ctx context.Context, p *process, n int) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+p.port+"/cursors", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, p.failed(err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	var status struct{ Cursors []struct{ Delivered int } }
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		return 0, err
	}
	left := 0
	for _, cursor := range status.Cursors {
		left += n - cursor.Delivered
	}
	return left, nil
}
