// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// several has records of three producers, one of them twice, with all that
// stands beside records in OTLP.
func several(t *testing.T) plog.Logs {
	t.Helper()
	logs := plog.NewLogs()
	for i, system := range []string{"a", "a", "", "b"} {
		rl := logs.ResourceLogs().AppendEmpty()
		if system != "" {
			rl.Resource().Attributes().PutStr("service.name", system)
			rl.Resource().SetDroppedAttributesCount(3)
			rl.SetSchemaUrl("https://opentelemetry.io/schemas/1.0.0")
		}
		for j := range 2 {
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName("scope")
			sl.SetSchemaUrl(strings.Repeat("x", j))
			for k := range i {
				record := sl.LogRecords().AppendEmpty()
				record.Body().SetStr(fmt.Sprint(i, j, k))
				record.Attributes().PutEmptyBytes("b").FromRaw([]byte{1, 2})
				record.SetTimestamp(17)
				record.SetTraceID([16]byte{1})
			}
		}
	}
	return logs
}

// TestEncode: each payload has one record and all that stands around it.
func TestEncode(t *testing.T) {
	payloads, err := encode(several(t))
	require.NoError(t, err)
	require.Len(t, payloads, 12)
	var unmarshaler plog.ProtoUnmarshaler
	last, err := unmarshaler.UnmarshalLogs(payloads[11])
	require.NoError(t, err)
	want := plog.NewLogs()
	several(t).ResourceLogs().At(3).CopyTo(want.ResourceLogs().AppendEmpty())
	scopes := want.ResourceLogs().At(0).ScopeLogs()
	scopes.RemoveIf(func(sl plog.ScopeLogs) bool { return sl.SchemaUrl() == "" })
	n := 0
	scopes.At(0).LogRecords().RemoveIf(func(plog.LogRecord) bool { n++; return n < 3 })
	require.NoError(t, plogtest.CompareLogs(want, last))
}

// TestDecode: neighbours of one producer come together, in their order.
func TestDecode(t *testing.T) {
	payloads, err := encode(several(t))
	require.NoError(t, err)
	logs, err := decode(payloads)
	require.NoError(t, err)
	var got []string
	for _, rl := range logs.ResourceLogs().All() {
		name := ""
		if v, ok := rl.Resource().Attributes().Get("service.name"); ok {
			name = v.Str()
		}
		for _, sl := range rl.ScopeLogs().All() {
			var bodies []string
			for _, record := range sl.LogRecords().All() {
				bodies = append(bodies, record.Body().Str())
			}
			got = append(got, fmt.Sprintf("%s %q: %s", name, sl.SchemaUrl(), strings.Join(bodies, ", ")))
		}
	}
	assert.Equal(t, []string{
		`a "": 1 0 0`, `a "x": 1 1 0`, // where one was before: another schema is another scope
		` "": 2 0 0, 2 0 1`, ` "x": 2 1 0, 2 1 1`,
		`b "": 3 0 0, 3 0 1, 3 0 2`, `b "x": 3 1 0, 3 1 1, 3 1 2`,
	}, got)
	again, err := encode(logs)
	require.NoError(t, err)
	assert.Equal(t, payloads, again)

	// As the release before wrote it: fields on both sides of the children.
	var before [][]byte
	var marshaler plog.ProtoMarshaler
	for _, payload := range payloads {
		var unmarshaler plog.ProtoUnmarshaler
		one, err := unmarshaler.UnmarshalLogs(payload)
		require.NoError(t, err)
		data, err := marshaler.MarshalLogs(one)
		require.NoError(t, err)
		before = append(before, data)
	}
	assert.NotEqual(t, payloads, before)
	old, err := decode(before)
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(logs, old))
}

func TestDecodeNothing(t *testing.T) {
	for _, logs := range []plog.Logs{plog.NewLogs(), siemtest.Decode(t, "", `{"event_type":"a"}`)} {
		payloads, err := encode(logs)
		require.NoError(t, err)
		assert.Len(t, payloads, logs.LogRecordCount())
	}
	_, err := decode([][]byte{{0x0a, 0x05, 0x01}})
	require.ErrorIs(t, err, errWire)
}

// FuzzWire: what Collector's own decoder reads, decode reads, and as many
// records come of it; nothing panics.
func FuzzWire(f *testing.F) {
	var marshaler plog.ProtoMarshaler
	data, err := marshaler.MarshalLogs(several(&testing.T{}))
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte{0x0a, 0x00})
	f.Add([]byte{0x08, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		var unmarshaler plog.ProtoUnmarshaler
		logs, err := unmarshaler.UnmarshalLogs(data)
		joined, joinErr := decode([][]byte{data})
		if err != nil || joinErr != nil {
			return
		}
		assert.Equal(t, logs.LogRecordCount(), joined.LogRecordCount())
		payloads, err := encode(logs)
		if err != nil {
			return // the decoder took what the encoder does not write
		}
		require.Len(t, payloads, logs.LogRecordCount())
		back, err := decode(payloads)
		require.NoError(t, err)
		assert.Equal(t, logs.LogRecordCount(), back.LogRecordCount())
	})
}

// BenchmarkCodec is a batch of a request into payloads, and payloads into a
// batch of a destination.
func BenchmarkCodec(b *testing.B) {
	logs := siemtest.Decode(b, "production", strings.Repeat(string(siemtest.GuideEvent(b)), 100))
	payloads, err := encode(logs)
	require.NoError(b, err)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encode(logs); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(payloads); err != nil {
				b.Fatal(err)
			}
		}
	})
}
