// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	mockforge "github.com/mockforge/otelcol-mockforge"
)

// The examples of agents and gateways, without TLS.
const (
	plainGateway = `
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${env:PORT}", tls: null}}}}
processors: {memory_limiter: {check_interval: 1s, limit_percentage: 80, spike_limit_percentage: 20}}
`
	plainAgent = `
exporters:
  loadbalancing:
    resolver: {static: {hostnames: ["127.0.0.1:%s"]}}
    protocol: {otlp: {tls: {insecure: true, ca_file: "", cert_file: "", key_file: ""}}}
`
)

func example(name string) string {
	text, err := mockforge.Configs.ReadFile("examples/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// scaleTier measures an agent and the gateway that it hands on to.
func (b *bench) scaleTier(ctx context.Context) (table, error) {
	t := table{title: "Agent and gateway", header: []string{"", "CPU s per million events", "peak memory"}}
	s, err := b.source(b.events)
	if err != nil {
		return table{}, err
	}
	t.note = fmt.Sprintf("The agent has the job from a file, and hands %d of %d events on; the gateway has them in its journal and in a file. By events that the agent reads and that the gateway gets; medians of %d.", len(s.kept), b.events, b.runs)
	var agents, gateways []cost
	for range b.runs {
		agent, gateway, err := b.tier(ctx, s)
		if err != nil {
			return table{}, fmt.Errorf("%s: %w", t.title, err)
		}
		agents, gateways = append(agents, agent), append(gateways, gateway)
	}
	for _, of := range []struct {
		name   string
		costs  []cost
		events int
	}{{"agent: file to journal to a gateway", agents, b.events}, {"gateway: OTLP to journal to a file", gateways, len(s.kept)}} {
		one := medians(of.costs)
		t.rows = append(t.rows, []string{of.name, fmt.Sprintf("%.2f", perMillion(one.cpu, of.events).Seconds()), fmt.Sprintf("%d MB", one.peak>>20)})
	}
	return t, nil
}

// tier runs both once. What the gateway's start takes is measured before.
func (b *bench) tier(ctx context.Context, s *source) (agent, gateway cost, err error) {
	c := configured("gateway", collector, "collector.yaml", "ours.yaml", "ours-durable.yaml").with(example("gateway.yaml"), plainGateway)
	start, _, err := b.serve(ctx, c, func(*process) error { return nil })
	if err != nil {
		return cost{}, cost{}, err
	}
	cpu, peak, err := b.serve(ctx, c, func(p *process) error {
		c := ours("file")[1].with(control, example("gateway-agent.yaml"), fmt.Sprintf(plainAgent, p.port))
		j := job{title: "agent", done: awaitCursors, unchecked: true}
		if agent, err = b.once(ctx, j, c, s, false); err != nil {
			return err
		}
		// One event more is that of the agent's start.
		return awaitLines(ctx, p, len(s.kept)+1)
	})
	return agent, cost{cpu: cpu - start, start: start, peak: peak}, err
}

// serve runs a contender while others need it.
func (b *bench) serve(ctx context.Context, c contender, use func(*process) error) (cpu time.Duration, peak int64, err error) {
	p, err := b.start(c, "")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, p.end()) }()
	if err := p.listening(ctx); err != nil {
		return 0, 0, err
	}
	if err := use(p); err != nil {
		return 0, 0, p.failed(err)
	}
	return p.stop()
}
