// SPDX-License-Identifier: Apache-2.0

// Package events makes MockForge events that look like those of its code, the
// same ones for the same seed. internal/eventgen makes events that are true to their
// type; these are for parsers and filters: with escapes, text beyond ASCII, parts that
// are null and severities that are not the type's, and 18 of 100 pass the bench's job.
package events

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// Generator makes events, one after the other. It is for one goroutine.
type Generator struct {
	rand  *rand.Rand
	types []event.Type
	clock time.Time
	count uint64
	buf   []byte
}

// New returns a generator. Generators of one seed make the same events.
func New(seed uint64) *Generator {
	return &Generator{
		rand:  rand.New(rand.NewPCG(seed, 37)), //nolint:gosec // the same events each time
		types: event.Catalogue(),
		clock: time.Date(2025, 1, 27, 10, 30, 0, 0, time.UTC),
	}
}

// Next returns one event, about 700 bytes of JSON without a line break. All 37
// types come alike often. metadata.request_id tells each event from the others.
// The bytes are valid until the next call.
func (g *Generator) Next() []byte {
	t := g.types[g.rand.IntN(len(g.types))]
	g.clock = g.clock.Add(time.Duration(g.rand.IntN(20)) * time.Millisecond)
	g.count++
	b := g.buf[:0]
	b = append(b, `{"timestamp":"`...)
	b = g.clock.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","event_type":"`...)
	b = append(b, t.Name...)
	b = append(b, `","severity":"`...)
	b = append(b, g.severity(t).String()...)
	prefix, _, _ := strings.Cut(t.Name, ".")
	b = append(b, `","source":{"system":"mockforge","component":"`...)
	b = append(b, prefix...)
	b = append(b, `","version":"0.3.2"},`...)
	b = g.actor(b)
	b = g.target(b)
	b = g.outcome(b)
	b = g.metadata(b)
	b = append(b, carried(t.Name)...)
	b = append(b, '}')
	g.buf = b
	return g.buf
}

// severity is the type's, and of one event in eight another one.
func (g *Generator) severity(t event.Type) event.Severity {
	if g.rand.IntN(8) > 0 {
		return t.Severity
	}
	return event.SeverityLow + event.Severity(g.rand.IntN(4))
}

func (g *Generator) actor(b []byte) []byte {
	if g.rand.IntN(16) == 0 {
		return append(b, `"actor":null,`...)
	}
	user := g.rand.IntN(1000)
	b = append(b, `"actor":{"user_id":"user-`...)
	b = strconv.AppendInt(b, int64(user), 10)
	b = append(b, `","username":"`...)
	b = append(b, names[user%len(names)]...)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(user), 10)
	b = append(b, `","ip_address":"10.`...)
	for i := range 3 {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(g.rand.IntN(256)), 10)
	}
	b = append(b, `","user_agent":"`...)
	b = append(b, g.pick(agents)...)
	return append(b, `"},`...)
}

func (g *Generator) target(b []byte) []byte {
	if g.rand.IntN(16) == 0 {
		return append(b, `"target":null,`...)
	}
	b = append(b, `"target":{"resource_type":"api","resource_id":"/api/v1/workspaces/`...)
	b = strconv.AppendInt(b, int64(g.rand.IntN(500)), 10)
	b = append(b, `/mocks/`...)
	b = strconv.AppendInt(b, int64(g.rand.IntN(10000)), 10)
	b = append(b, `","method":"`...)
	b = append(b, g.pick(methods)...)
	return append(b, `"},`...)
}

func (g *Generator) outcome(b []byte) []byte {
	if g.rand.IntN(2) == 0 {
		return append(b, `"outcome":{"success":true,"reason":null},`...)
	}
	b = append(b, `"outcome":{"success":false,"reason":"`...)
	b = append(b, g.pick(reasons)...)
	return append(b, `"},`...)
}

func (g *Generator) metadata(b []byte) []byte {
	b = append(b, `"metadata":{"request_id":"req-`...)
	b = strconv.AppendUint(b, g.count, 10)
	b = append(b, `","environment":"`...)
	b = append(b, g.pick(environments)...)
	b = append(b, `","session_id":"`...)
	for range 4 {
		b = strconv.AppendUint(b, uint64(g.rand.Uint32())|1<<31, 16)
	}
	b = append(b, `","auth_method":"jwt","attempt_count":`...)
	b = strconv.AppendInt(b, int64(g.rand.IntN(10)), 10)
	b = append(b, `,"status_code":`...)
	b = strconv.AppendInt(b, int64(200+g.rand.IntN(300)), 10)
	b = append(b, `,"risk_score":`...)
	b = strconv.AppendFloat(b, float64(g.rand.IntN(100))/10, 'f', 1, 64)
	b = append(b, `,"lockout_triggered":`...)
	b = strconv.AppendBool(b, g.rand.IntN(4) == 0)
	return append(b, `},`...)
}

func (g *Generator) pick(of []string) string { return of[g.rand.IntN(len(of))] }

// carried are the tags that MockForge's code gives events of a type.
func carried(eventType string) string {
	switch prefix, name, _ := strings.Cut(eventType, "."); {
	case prefix == "authz" && strings.HasPrefix(name, "access_"):
		return `"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.4"]}`
	case prefix == "auth", prefix == "authz", prefix == "access":
		return `"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.2"]}`
	case prefix == "config":
		return `"compliance":{"soc2_cc":["CC7"],"iso27001":["A.12.1"]}`
	default:
		return `"compliance":{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}`
	}
}

var (
	names   = []string{"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"}
	methods = []string{"GET", "POST", "PUT", "DELETE", "PATCH"}
	reasons = []string{"Invalid credentials", "Token expired", "Permission denied: \\\"admin\\\" is required", "Rate limit of 100 requests a minute exceeded"}
	agents  = []string{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
		"curl/8.11.1", "Caf\u00e9Client/2.1 (+https://example.com/bot)", "python-requests/2.32.3",
	}
	environments = []string{
		"production", "production", "production", "production", "staging", "staging", "staging", "development", "development",
	}
)
