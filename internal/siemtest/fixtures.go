// SPDX-License-Identifier: Apache-2.0

// Package siemtest holds fixtures for tests. Product code never imports it.
package siemtest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// Arrival is when decoded events arrive: 250 ms after the guide's.
var Arrival = time.Date(2025, 1, 27, 10, 30, 0, 250e6, time.UTC)

// GuideEvent returns the JSON of the guide's section "Event Format".
func GuideEvent(t testing.TB) []byte {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	data, err := os.ReadFile(filepath.Join(filepath.Dir(here), "..", "eventlog", "testdata", "decode", "guide.json"))
	require.NoError(t, err)
	return data
}

// Decode returns the records of events; environment stands in where they name
// none.
func Decode(t testing.TB, environment, data string) plog.Logs {
	t.Helper()
	b := eventlog.NewDecoder(eventlog.Options{Environment: environment}).NewBatch(Arrival)
	require.NoError(t, b.AddAll([]byte(data)))
	return b.Logs()
}

// Record returns the only record of logs.
func Record(t testing.TB, logs plog.Logs) plog.LogRecord {
	t.Helper()
	require.Equal(t, 1, logs.LogRecordCount())
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
}

// LoadConfig loads the settings of a component from testdata/config.yaml over
// its defaults, as the collector does.
func LoadConfig[C component.Config](t testing.TB, factory component.Factory, name string) C {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := conf.Sub(component.NewIDWithName(factory.Type(), name).String())
	require.NoError(t, err)
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, sub.Unmarshal(cfg))
	typed, ok := cfg.(C)
	require.True(t, ok)
	return typed
}
