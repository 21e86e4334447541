// SPDX-License-Identifier: Apache-2.0

package mockforgeprovider

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

const (
	toA = "security: {monitoring: {collector: {protocol: file, destinations: [{path: /tmp/a}]}}}"
	toB = "security: {monitoring: {collector: {protocol: file, destinations: [{path: /tmp/b}]}}}"
	bad = "security: {monitoring: {collector: {protocol: flie, destinations: [{path: /tmp/b}]}}}"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScheme(t *testing.T) {
	assert.NoError(t, confmaptest.ValidateProviderScheme(NewFactory().Create(confmap.ProviderSettings{})))
}

// running is a provider with one file.
type running struct {
	confmap.Provider
	path   string
	log    *observer.ObservedLogs
	events chan *confmap.ChangeEvent
}

func run(t *testing.T, text string) running {
	t.Helper()
	core, log := observer.New(zap.WarnLevel)
	r := running{
		Provider: NewFactory().Create(confmap.ProviderSettings{Logger: zap.New(core)}),
		path:     filepath.Join(t.TempDir(), "config.yaml"), log: log, events: make(chan *confmap.ChangeEvent, 10),
	}
	t.Cleanup(func() { assert.NoError(t, r.Shutdown(t.Context())) })
	r.write(t, text)
	return r
}

func (r running) write(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(r.path, []byte(text), 0o600))
}

// retrieve gives the path of the only exporter.
func (r running) retrieve(t *testing.T) any {
	t.Helper()
	got, err := r.Retrieve(t.Context(), "mockforge:"+r.path, func(e *confmap.ChangeEvent) { r.events <- e })
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, got.Close(t.Context())) })
	conf, err := got.AsConf()
	require.NoError(t, err)
	return conf.Get("exporters::jsonl_file/mf_0::path")
}

func TestLastGood(t *testing.T) {
	r := run(t, toA)
	assert.Equal(t, "/tmp/a", r.retrieve(t))
	for _, text := range []string{bad, "", "security: {}"} {
		r.write(t, text)
		assert.Equal(t, "/tmp/a", r.retrieve(t), text)
	}
	require.NoError(t, os.Remove(r.path))
	assert.Equal(t, "/tmp/a", r.retrieve(t))
	assert.GreaterOrEqual(t, r.log.FilterMessage("MockForge's settings are invalid; the old ones stay").Len(), 4)
	r.write(t, toB)
	assert.Equal(t, "/tmp/b", r.retrieve(t))
}

func TestWatch(t *testing.T) {
	r := run(t, toA)
	r.retrieve(t)
	r.write(t, bad)
	require.Eventually(t, func() bool {
		return r.log.FilterMessage("MockForge's settings became invalid; the old ones stay").Len() == 1
	}, 10*time.Second, 10*time.Millisecond)
	assert.Empty(t, r.events, "a bad file is no change")
	r.write(t, toB)
	require.NoError(t, (<-r.events).Error)
	assert.Equal(t, "/tmp/b", r.retrieve(t))
}

func TestFirstFileIsWrong(t *testing.T) {
	r := run(t, bad)
	_, err := r.Retrieve(t.Context(), "mockforge:"+r.path, nil)
	require.ErrorContains(t, err, r.path+":1:47: ")
	assert.ErrorContains(t, err, "did you mean file?")
	_, err = r.Retrieve(t.Context(), "mockforge:"+r.path+".no", nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = r.Retrieve(t.Context(), "file:"+r.path, nil)
	require.ErrorContains(t, err, "uri: found")
}

func TestTooLarge(t *testing.T) {
	r := run(t, toA)
	require.NoError(t, os.Truncate(r.path, maxFile+1))
	_, err := r.Retrieve(t.Context(), "mockforge:"+r.path, nil)
	assert.ErrorContains(t, err, "found more than 4194304 bytes")
}

func TestEnvironmentAlone(t *testing.T) {
	t.Setenv("MOCKFORGE_SIEM_PROTOCOL", "syslog")
	t.Setenv("MOCKFORGE_SIEM_HOST", "siem.example.com")
	got, err := NewFactory().Create(confmap.ProviderSettings{}).Retrieve(t.Context(), "mockforge:", nil)
	require.NoError(t, err)
	conf, err := got.AsConf()
	require.NoError(t, err)
	assert.Equal(t, "${env:MOCKFORGE_SIEM_HOST}", conf.Get("exporters::syslog/mf_0::endpoint"))
}
