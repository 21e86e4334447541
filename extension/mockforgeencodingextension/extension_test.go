// SPDX-License-Identifier: Apache-2.0

package mockforgeencodingextension

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/encoding"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

func newEncoder(t *testing.T) encoding.LogsMarshalerExtension {
	t.Helper()
	f := NewFactory()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	sub, err := conf.Sub(f.Type().String())
	require.NoError(t, err)
	cfg := f.CreateDefaultConfig()
	require.NoError(t, sub.Unmarshal(cfg))
	set := extension.Settings{ID: component.NewID(f.Type()), TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	ext, err := f.Create(context.Background(), set, cfg)
	require.NoError(t, err)
	return ext.(encoding.LogsMarshalerExtension)
}

// TestMarshal: the lines that come out are the lines that went in, member by
// member, whatever producer they are grouped by.
func TestMarshal(t *testing.T) {
	a := `{"event_type":"z.a","source":{"system":"one"},"metadata":{"z":1,"a":[1.5,null,"<>&é"],"m":{}}}`
	b := `{"z":9223372036854775807,"event_type":"b","source":{"system":"two"}}`
	batch := eventlog.NewDecoder(eventlog.Options{}).NewBatch(time.Now())
	require.NoError(t, batch.AddAll([]byte(a+"\n"+b)))
	got, err := newEncoder(t).MarshalLogs(batch.Logs())
	require.NoError(t, err)
	assert.Equal(t, a+"\n"+b, string(got))
}

func TestMarshalOthers(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	records.AppendEmpty().Body().SetStr("plain\ntext")
	records.AppendEmpty()
	got, err := newEncoder(t).MarshalLogs(logs)
	require.NoError(t, err)
	assert.Equal(t, "\"plain\\ntext\"\nnull", string(got))

	got, err = newEncoder(t).MarshalLogs(plog.NewLogs())
	require.NoError(t, err)
	assert.Empty(t, got)
}
