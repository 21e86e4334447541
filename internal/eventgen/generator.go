// SPDX-License-Identifier: Apache-2.0

package eventgen

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// Options say which events are made.
type Options struct {
	// Seed makes events come again: the same options give the same events, but for
	// their times where Start is zero.
	Seed uint64
	// Types are the types of the events: the whole catalogue by default.
	Types []event.Type
	// Start is the time of the first event; those after it are up to 20 ms apart.
	// Zero gives each event the time at which it is made.
	Start time.Time
}

// Generator makes events. It is not safe for concurrent use.
type Generator struct {
	random *rand.Rand
	types  []event.Type // of this round, in its order
	next   int          // in types
	now    func() time.Time
	at     time.Time // of the event that is made
	user   int       // its actor's number
}

// New returns a Generator.
func New(options Options) *Generator {
	g := &Generator{
		random: rand.New(rand.NewPCG(options.Seed, 0x6d6f636b666f7267)), //nolint:gosec // nothing here is a secret
		types:  append([]event.Type(nil), options.Types...),
		now:    time.Now,
	}
	if len(g.types) == 0 {
		g.types = event.Catalogue()
	}
	if !options.Start.IsZero() {
		at := options.Start
		g.now = func() time.Time {
			t := at
			at = at.Add(time.Duration(g.random.IntN(20_001)) * time.Microsecond)
			return t
		}
	}
	return g
}

// Next returns an event as compact JSON on one line, about 700 bytes in
// MockForge's order, with an event_id that no other has. Each round of the types
// has every type once, in an order of its own.
func (g *Generator) Next() []byte {
	if g.next == 0 {
		g.random.Shuffle(len(g.types), func(i, j int) { g.types[i], g.types[j] = g.types[j], g.types[i] })
	}
	t := g.types[g.next]
	g.next = (g.next + 1) % len(g.types)
	g.at, g.user = g.now().UTC(), g.random.IntN(userCount)

	const typical = 832
	component, _, _ := strings.Cut(t.Name, ".")
	d := details[t.Name]
	dst := make([]byte, 0, typical)
	dst = append(dst, `{"timestamp":`...)
	dst = appendTime(dst, g.at)
	dst = append(dst, `,"event_type":"`+t.Name+`","severity":"`+t.Severity.String()+
		`","source":{"system":"mockforge","component":"`+component+`","version":"0.3.213"},"actor":`...)
	dst = g.appendActor(dst, &d)
	dst = append(dst, `,"target":{"resource_type":"`+d.resource+`","resource_id":`...)
	dst = d.id(g, dst)
	dst = append(dst, `,"method":`...)
	dst = d.method(g, dst)
	dst = append(dst, `},"outcome":`...)
	dst = g.appendOutcome(dst, &d)
	dst = append(dst, `,"metadata":`...)
	dst = g.appendMetadata(dst, &d)
	dst = append(dst, `,"compliance":`+carried[t.Category]+`,"event_id":"`...)
	return append(g.appendUUID(dst), `"}`...)
}

func (g *Generator) appendActor(dst []byte, d *detail) []byte {
	if d.who == service {
		return append(dst, "null"...)
	}
	given, family := givenNames[g.user%len(givenNames)], familyNames[g.user/len(givenNames)]
	dst = append(dst, `{"user_id":"user-`...)
	dst = strconv.AppendInt(dst, int64(1000+g.user), 10)
	dst = append(dst, `","username":"`+given+"."+family+`","ip_address":"`...)
	if d.who == outsider {
		dst = append(dst, outside[g.random.IntN(len(outside))]...)
		dst = strconv.AppendInt(dst, int64(1+g.random.IntN(254)), 10)
	} else {
		dst = append(dst, "10.20."...)
		dst = strconv.AppendInt(dst, int64(g.user/200), 10)
		dst = append(dst, '.')
		dst = strconv.AppendInt(dst, int64(10+g.user%200), 10)
	}
	return append(dst, `","user_agent":"`+userAgents[g.user%len(userAgents)]+`"}`...)
}

func (g *Generator) appendOutcome(dst []byte, d *detail) []byte {
	if g.random.IntN(100) < d.success {
		return append(dst, `{"success":true,"reason":null}`...)
	}
	dst = append(dst, `{"success":false,"reason":`...)
	return append(d.reason(g, dst), '}')
}

// appendMetadata adds to what a type has of its own what every event has.
func (g *Generator) appendMetadata(dst []byte, d *detail) []byte {
	separator := byte('{')
	for _, fields := range [][]field{d.metadata, everywhere} {
		for _, f := range fields {
			dst = append(dst, separator, '"')
			dst = append(dst, f.name...)
			dst = append(dst, `":`...)
			dst = f.value(g, dst)
			separator = ','
		}
	}
	return append(dst, '}')
}

// appendUUID appends a UUID of version 4 (RFC 9562 section 5.4).
func (g *Generator) appendUUID(dst []byte) []byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], g.random.Uint64())
	binary.BigEndian.PutUint64(id[8:], g.random.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, part)
	}
	return dst
}

func appendTime(dst []byte, t time.Time) []byte {
	return t.AppendFormat(dst, `"2006-01-02T15:04:05.000Z"`)
}
