// SPDX-License-Identifier: Apache-2.0

package health

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// Source tells about one component. Its functions are called from any goroutine,
// until it is removed.
type Source struct {
	Destinations func() []Destination // may be nil
	Intakes      func() []Intake      // may be nil
}

// Registry holds the sources. The zero value is ready, and a nil one holds none.
type Registry struct {
	mu      sync.Mutex
	sources map[*Source]struct{}
}

// provider is the extension, as far as this package knows it.
type provider interface {
	component.Component
	HealthRegistry() *Registry
}

// Find returns the registry of the host's siem_health extension; nil when there
// is none.
func Find(host component.Host) *Registry {
	for _, e := range host.GetExtensions() {
		if p, ok := e.(provider); ok {
			return p.HealthRegistry()
		}
	}
	return nil
}

// Add adds a source, and returns what removes it again.
func (r *Registry) Add(s Source) (remove func()) {
	if r == nil {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sources == nil {
		r.sources = make(map[*Source]struct{})
	}
	key := &s
	r.sources[key] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.sources, key)
	}
}

// Destinations returns the state of each destination, by journal and pipeline.
func (r *Registry) Destinations() []Destination {
	var all []Destination
	for _, s := range r.list() {
		if s.Destinations != nil {
			all = append(all, s.Destinations()...)
		}
	}
	slices.SortFunc(all, func(a, b Destination) int {
		return cmp.Or(cmp.Compare(a.Journal, b.Journal), cmp.Compare(a.Pipeline, b.Pipeline))
	})
	return all
}

// Intakes returns the counts of each way in, by receiver and protocol.
func (r *Registry) Intakes() []Intake {
	var all []Intake
	for _, s := range r.list() {
		if s.Intakes != nil {
			all = append(all, s.Intakes()...)
		}
	}
	slices.SortFunc(all, func(a, b Intake) int {
		return cmp.Or(cmp.Compare(a.Receiver, b.Receiver), cmp.Compare(a.Protocol, b.Protocol))
	})
	return all
}

// list returns the sources, so that none is asked under the lock.
func (r *Registry) list() []Source {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Source, 0, len(r.sources))
	for s := range r.sources {
		all = append(all, *s)
	}
	return all
}
