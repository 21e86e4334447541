// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"net"
	"net/http"
	"time"

	"github.com/stretchr/testify/assert"
)

// destinationFaults hit the server that events are delivered to. The other
// destination must feel nothing of it, and no event may change its place.
var destinationFaults = []fault{
	{name: "destination down, " + downFor.String(), ordered: true, act: func(r *run) {
		r.sink.down()
		r.allowBatch() // answers may have been cut off
		r.undelayed(downFor)
		r.sink.up()
		r.flows()
	}},
	{name: "destination answers 500", ordered: true, act: answers(http.StatusInternalServerError, "")},
	{name: "destination answers 503", ordered: true, act: answers(http.StatusServiceUnavailable, "")},
	{name: "destination answers 429, Retry-After: 1", ordered: true, act: answers(http.StatusTooManyRequests, "1")},
	{name: "destination resets connections", ordered: true, act: func(r *run) { r.troubled(reset(refused)) }},
	{name: "destination takes events, then resets", ordered: true, act: func(r *run) { r.troubled(reset(withheld)) }},
	{name: "destination hangs", ordered: true, act: func(r *run) { r.troubled(hang(refused)) }},
	{name: "destination takes events, then hangs", ordered: true, act: func(r *run) { r.troubled(hang(withheld)) }},
	{name: "destination answers 401", ordered: true, act: held(http.StatusUnauthorized)},
	{name: "destination redirects", ordered: true, act: held(http.StatusTemporaryRedirect)},
	{name: "poison events", buries: true, ordered: true, act: func(r *run) {
		r.sink.begin(poison)
		r.undelayed(troubleFor)
		r.flows()
	}},
}

var (
	downFor    = long(time.Minute, 4*time.Second)
	troubleFor = long(10*time.Second, 2*time.Second)
)

// undelayed lets a time pass, in which the destination that nothing is wrong
// with goes on getting events.
func (r *run) undelayed(d time.Duration) {
	r.t.Helper()
	before := r.file.total()
	r.wait(d)
	r.eventually("the other destination gets nothing", func() bool { return r.file.total() > before })
}

// troubled has the destination in trouble for a time, and at least three times.
func (r *run) troubled(tr trouble) {
	r.t.Helper()
	r.sink.begin(tr)
	r.undelayed(troubleFor)
	r.eventually("the destination is not asked again", func() bool { return r.sink.troubled() >= 3 })
	r.sink.begin(nil)
	r.flows()
}

func answers(status int, retryAfter string) func(*run) {
	return func(r *run) {
		r.troubled(func(w http.ResponseWriter, _ *http.Request, _ []key) fate {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(status)
			return refused
		})
	}
}

// held answers in a way that only an operator can mend. Nothing is tried in
// haste, nothing is given up, and nothing goes where a redirect points.
func held(status int) func(*run) {
	return func(r *run) {
		r.t.Helper()
		r.sink.begin(func(w http.ResponseWriter, _ *http.Request, _ []key) fate {
			w.Header().Set("Location", "http://"+r.sink.address+"/elsewhere") // the sink finds a request there wrong
			w.WriteHeader(status)
			return refused
		})
		r.eventually("the destination is not held", func() bool { return r.collector.cursors()[siem].State == "held" })
		r.undelayed(troubleFor)
		r.eventually("the destination is not asked again", func() bool { return r.sink.troubled() >= 3 })
		assert.Zero(r.t, r.collector.cursors()[siem].DeadLettered)
		r.sink.begin(nil)
		r.flows()
	}
}

// reset breaks the connection in the place of an answer.
func reset(f fate) trouble {
	return func(w http.ResponseWriter, _ *http.Request, _ []key) fate {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err) // the server knows no other than HTTP/1
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // closing sends RST
		}
		_ = conn.Close()
		return f
	}
}

// hang never answers. It ends when the collector has lost its patience.
func hang(f fate) trouble {
	return func(_ http.ResponseWriter, r *http.Request, _ []key) fate {
		<-r.Context().Done()
		return f
	}
}

// poison refuses requests with certain events in them, for good.
func poison(w http.ResponseWriter, _ *http.Request, keys []key) fate {
	for _, k := range keys {
		if k.n%50 == 7 {
			http.Error(w, "cannot index this", http.StatusBadRequest)
			return refused
		}
	}
	return kept
}
