// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"maps"
	"sync"
	"time"
)

// ledger has what the sources sent, and what of it was acknowledged.
type ledger struct {
	mu           sync.Mutex
	sent         map[key]int
	acknowledged map[key]bool
}

func newLedger() *ledger {
	return &ledger{sent: make(map[key]int), acknowledged: make(map[key]bool)}
}

// send notes that events go out, perhaps again.
func (l *ledger) send(keys []key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		l.sent[k]++
	}
}

// acknowledge notes that the collector has taken responsibility.
func (l *ledger) acknowledge(keys []key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		l.acknowledged[k] = true
	}
}

// copies returns what was sent how often, and what was acknowledged.
func (l *ledger) copies() (sent map[key]int, acknowledged map[key]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.sent), maps.Clone(l.acknowledged)
}

// arrival is one event, once, at a time.
type arrival struct {
	at  time.Time
	key key
}

// countSince counts a protocol's arrivals at a time or after it.
func countSince(all []arrival, at time.Time, protocol string) (n int) {
	for i := len(all) - 1; i >= 0 && !all[i].at.Before(at); i-- {
		if all[i].key.protocol() == protocol {
			n++
		}
	}
	return n
}

// arrivals is what a destination got.
type arrivals struct {
	mu       sync.Mutex
	counts   map[key]int
	all      []arrival
	last     map[string]int  // the largest number of each stream
	disorder map[string]bool // sources whose events came first in another order
	withheld map[string]int  // by protocol: taken without an answer that says so
	forget   *key            // for the test of the test: this one is not counted
}

func newArrivals() *arrivals {
	return &arrivals{counts: make(map[key]int), last: make(map[string]int), disorder: make(map[string]bool), withheld: make(map[string]int)}
}

// add counts events. Where the destination says nothing of it to the collector,
// they are withheld.
func (a *arrivals) add(keys []key, withheld bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for _, k := range keys {
		if a.forget != nil && *a.forget == k {
			continue
		}
		if withheld {
			a.withheld[k.protocol()]++
		}
		a.all = append(a.all, arrival{now, k})
		a.counts[k]++
		if a.counts[k] > 1 {
			continue
		}
		if last, ok := a.last[k.stream()]; ok && k.n < last {
			a.disorder[k.source] = true
		} else {
			a.last[k.stream()] = k.n
		}
	}
}

func (a *arrivals) total() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

func (a *arrivals) since(at time.Time, protocol string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return countSince(a.all, at, protocol)
}

// missing returns what was acknowledged and is neither here nor excused.
func (a *arrivals) missing(acknowledged map[key]bool, excused func(key) bool) (missing []key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range acknowledged {
		if a.counts[k] == 0 && !excused(k) {
			missing = append(missing, k)
		}
	}
	return missing
}
