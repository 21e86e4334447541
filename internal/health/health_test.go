// SPDX-License-Identifier: Apache-2.0

package health

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
)

type extension struct {
	component.StartFunc
	component.ShutdownFunc
	registry Registry
}

func (e *extension) HealthRegistry() *Registry { return &e.registry }

type host struct{ component.Host }

var found = &extension{}

func (host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("siem_health"): found}
}

func TestFind(t *testing.T) {
	assert.Same(t, &found.registry, Find(host{}))
	none := Find(componenttest.NewNopHost())
	assert.Nil(t, none)
	none.Add(Source{})()
	assert.Empty(t, none.Destinations())
	assert.Empty(t, none.Intakes())
}

func TestRegistry(t *testing.T) {
	var r Registry
	removeB := r.Add(Source{Destinations: func() []Destination { return []Destination{{Pipeline: "logs/b"}} }})
	r.Add(Source{
		Destinations: func() []Destination { return []Destination{{Pipeline: "logs/c"}, {Pipeline: "logs/a"}} },
		Intakes:      func() []Intake { return []Intake{{Protocol: "syslog_tcp"}, {Protocol: "http"}} },
	})
	assert.Equal(t, []Destination{{Pipeline: "logs/a"}, {Pipeline: "logs/b"}, {Pipeline: "logs/c"}}, r.Destinations())
	assert.Equal(t, []Intake{{Protocol: "http"}, {Protocol: "syslog_tcp"}}, r.Intakes())
	removeB()
	assert.Equal(t, []Destination{{Pipeline: "logs/a"}, {Pipeline: "logs/c"}}, r.Destinations())
}

func TestBooksBalance(t *testing.T) {
	b := Books{Received: 28, Delivered: 1, Filtered: 2, Sampled: 3, RateLimited: 4, DeadLettered: 5, Damaged: 6, Queued: 7}
	assert.Zero(t, b.Unaccounted())
	b.Delivered++
	assert.EqualValues(t, -1, b.Unaccounted(), "counted twice")

	i := Intake{Accepted: 10, Journaled: 5, Dropped: map[string]uint64{"a": 2, "b": 2}}
	assert.EqualValues(t, 1, i.Unaccounted())
}
