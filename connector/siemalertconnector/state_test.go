// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

var storageID = component.MustNewID("file_storage")

// memory is a storage extension.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

func (m *memory) GetClient(_ context.Context, kind component.Kind, _ component.ID, _ string) (storage.Client, error) {
	if kind != component.KindConnector {
		return nil, fmt.Errorf("found kind %s", kind)
	}
	return m, nil
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data[key], nil
}

func (m *memory) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

func (m *memory) Batch(_ context.Context, operations ...*storage.Operation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	for _, o := range operations {
		switch o.Type {
		case storage.Get:
			o.Value = m.data[o.Key]
		case storage.Set:
			m.data[o.Key] = o.Value
		case storage.Delete:
			delete(m.data, o.Key)
		}
	}
	return nil
}

func (m *memory) Close(context.Context) error { return nil }

// copied is the storage as a power cut leaves it.
func (m *memory) copied() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{data: maps.Clone(m.data)}
}

func (m *memory) host() host {
	return host{extensions: map[component.ID]component.Component{storageID: m}}
}

func kept(rules ...RuleConfig) *Config {
	cfg := config(rules...)
	cfg.Storage = &storageID
	return cfg
}

func byUser(agg string) RuleConfig {
	return text(agg, "event_type == 'auth.failure' AND "+agg+" >= 6 in 5m by user_id")
}

// TestRestart: windows, silence and what is suppressed outlive a restart.
func TestRestart(t *testing.T) {
	m := &memory{data: make(map[string][]byte)}
	cfg := kept(byUser("count"), byUser("sum(metadata.n)"), byUser("count(distinct metadata.n)"))
	const more = `,"actor":{"user_id":"u"},"metadata":{"n":%d}`
	fired := 0
	for i := range 12 {
		r := start(t, cfg, m.host())
		n := i
		if i == 3 {
			n = 2 // not one more distinct value
		}
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, fmt.Sprintf(more, n), i)))
		r.stop(t)
		names := r.sinks["all"].names()
		fired += len(names)
		switch i {
		case 4:
			assert.Equal(t, []string{"sum(metadata.n)"}, names, "0+1+2+2+4")
		case 5:
			assert.Equal(t, []string{"count"}, names)
		case 6:
			assert.Equal(t, []string{"count(distinct metadata.n)"}, names)
		}
	}
	assert.Equal(t, 3, fired, "each once")

	r := start(t, cfg, m.host())
	defer r.stop(t)
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, `,"actor":{"user_id":"u"}`, 304)))
	assert.Empty(t, r.sinks["all"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, `,"actor":{"user_id":"u"}`, 305)))
	require.Equal(t, []string{"count"}, r.sinks["all"].names(), "silent for as long as the window")
	assert.Equal(t, "7", attrText(r.sinks["all"].alerts[0], "alert.suppressed"))
}

// TestKilled: what was saved last counts, and the alerts on their way arrive.
func TestKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon.Add(2 * time.Hour))) // the bubble begins in 2000, before the events
		m := &memory{data: make(map[string][]byte)}
		r := start(t, kept(byUser("count")), m.host())
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 0, 1, 2)))
		time.Sleep(10*time.Second + time.Millisecond)
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 3)))
		cut := m.copied()
		r.stop(t)

		// A sender that got no answer brings the last of them again.
		r = start(t, kept(byUser("count")), cut.host())
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 2, 3, 4)))
		assert.Empty(t, r.sinks["all"].names())
		r.sinks["all"].set(func(int) error { return errors.New("down") })
		require.Error(t, r.ConsumeLogs(t.Context(), failures(t, "", 5)))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		cut = cut.copied()
		r.stop(t)

		r = start(t, kept(byUser("count")), cut.host())
		time.Sleep(10*time.Second + time.Millisecond)
		assert.Equal(t, []string{"count"}, r.sinks["all"].names(), "though nobody brings events")
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 5)))
		assert.Len(t, r.sinks["all"].names(), 1)
		r.stop(t)
	})
}

func TestStateOfOtherRules(t *testing.T) {
	m := &memory{data: make(map[string][]byte)}
	r := start(t, kept(byUser("count"), text("old", "event_type == 'auth.failure' AND count > 9 in 5m")), m.host())
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 0, 1, 2, 3, 4)))
	r.stop(t)
	assert.Contains(t, m.data, "rule/old")

	changed := byUser("count")
	changed.Condition.text = "event_type == 'auth.failure' AND count >= 6 in 1h"
	r = start(t, kept(changed), m.host())
	assert.NotContains(t, m.data, "rule/old")
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 5)))
	assert.Empty(t, r.sinks["all"].names(), "another condition begins afresh")
	r.stop(t)

	m.data["rule/count"] = []byte("damaged")
	r = start(t, kept(changed), m.host())
	assert.Equal(t, 1, r.logged.FilterMessage("a rule begins afresh").Len())
	m.mu.Lock()
	m.err = errors.New("disk full")
	m.mu.Unlock()
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 6)))
	r.stop(t)
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("was not saved").Len())
}

func TestNoStorage(t *testing.T) {
	r := &alertConnector{cfg: kept(byUser("count"))}
	assert.EqualError(t, r.openStorage(t.Context(), host{}), `storage: found "file_storage", expected a storage extension that the service runs`)
}

// TestSuppressSingle: a rule without a window is silent for as long as it says.
func TestSuppressSingle(t *testing.T) {
	rule := text("Single", "event_type == 'auth.failure'")
	rule.SuppressFor = new(time.Duration)
	*rule.SuppressFor = time.Minute
	m := &memory{data: make(map[string][]byte)}
	fired := make(map[int]string)
	for _, second := range []int{0, 1, 59, 60, 119, 200} {
		r := start(t, kept(rule), m.host())
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", second)))
		r.stop(t)
		for _, a := range r.sinks["all"].alerts {
			fired[second] = attrText(a, "alert.suppressed")
		}
	}
	assert.Equal(t, map[int]string{0: "0", 60: "2", 200: "1"}, fired)
}
