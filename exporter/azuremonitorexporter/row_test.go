// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

var (
	ingestionSchema = (*logsIngestion)(nil).schema()
	collectorSchema = (*dataCollector)(nil).schema()
)

func encodeAll(t *testing.T, logs plog.Logs, s schema) string {
	t.Helper()
	r, refused := encode(logs, s, ingestionMaxBody)
	require.Nil(t, refused)
	body := r.body(0, r.len())
	require.True(t, json.Valid(body), string(body))
	return string(body)
}

func TestRows(t *testing.T) {
	for name, tt := range map[string]struct{ event, ingestion, collector string }{
		"documented members, in their order": {
			`{"timestamp":"2025-01-27T10:30:00.123456789Z","event_type":"auth.failure","severity":"medium","actor":{"username":"é<\"","n":9007199254740993},"target":null,"outcome":{"success":false},"metadata":{"f":1.5},"compliance":{"soc2_cc":["CC6"]}}`,
			`[{"TimeGenerated":"2025-01-27T10:30:00.123456Z","timestamp":"2025-01-27T10:30:00.123456789Z","event_type":"auth.failure","severity":"medium","actor":{"username":"é<\"","n":9007199254740993},"target":null,"outcome":{"success":false},"metadata":{"f":1.5},"compliance":{"soc2_cc":["CC6"]}}]`,
			`[{"timestamp":"2025-01-27T10:30:00.123456789Z","event_type":"auth.failure","severity":"medium","actor":{"username":"é<\"","n":9007199254740993},"target":null,"outcome":{"success":false},"metadata":{"f":1.5},"compliance":{"soc2_cc":["CC6"]}}]`,
		},
		"others, reserved names and names that are no columns": {
			`{"event_id":"e-1","timestamp":"2025-01-27T10:30:00Z","event_type":"a","id":1,"TimeGenerated":"x","RawData":[1],"tenant":true,"a \"b\"":null}`,
			`[{"TimeGenerated":"2025-01-27T10:30:00.000000Z","RecordUid":"e-1","timestamp":"2025-01-27T10:30:00Z","event_type":"a","AdditionalFields":{"event_id":"e-1","id":1,"TimeGenerated":"x","RawData":[1],"tenant":true,"a \"b\"":null}}]`,
			`[{"RecordUid":"e-1","timestamp":"2025-01-27T10:30:00Z","event_type":"a","AdditionalFields":{"event_id":"e-1","id":1,"TimeGenerated":"x","RawData":[1],"tenant":true,"a \"b\"":null}}]`,
		},
		"a value that its column cannot hold": {
			`{"event_type":"a","severity":5,"actor":"x","timestamp":1}`,
			`[{"TimeGenerated":"2025-01-27T10:30:00.250000Z","event_type":"a","actor":"x","AdditionalFields":{"severity":5,"timestamp":1}}]`,
			`[{"timestamp":"2025-01-27T10:30:00.250000Z","event_type":"a","actor":"x","AdditionalFields":{"severity":5,"timestamp":1}}]`,
		},
		"no time, nulls": {
			`{"event_type":"a","severity":null,"timestamp":null}`,
			`[{"TimeGenerated":"2025-01-27T10:30:00.250000Z","event_type":"a","severity":null,"timestamp":null}]`,
			`[{"timestamp":"2025-01-27T10:30:00.250000Z","event_type":"a","severity":null,"AdditionalFields":{"timestamp":null}}]`,
		},
	} {
		logs := siemtest.Decode(t, "", tt.event)
		assert.Equal(t, tt.ingestion, encodeAll(t, logs, ingestionSchema), name)
		assert.Equal(t, tt.collector, encodeAll(t, logs, collectorSchema), name)
	}
}

func TestRowsOfOtherBodies(t *testing.T) {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	at := pcommon.NewTimestampFromTime(siemtest.Arrival)
	for _, set := range []func(pcommon.Value){
		func(v pcommon.Value) { v.SetStr("a line\nof \"text\"") },
		func(v pcommon.Value) { v.SetInt(5) },
		func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetBool(true) },
		func(pcommon.Value) {},
	} {
		record := records.AppendEmpty()
		record.SetObservedTimestamp(at)
		set(record.Body())
	}
	const time = `{"TimeGenerated":"2025-01-27T10:30:00.250000Z","message":`
	assert.Equal(t, `[`+time+`"a line\nof \"text\""},`+time+`"5"},`+time+`"[true]"},`+time+`""}]`, encodeAll(t, logs, ingestionSchema))
}

// TestNoTime: the clock stands in.
func TestNoTime(t *testing.T) {
	logs := plog.NewLogs()
	logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().Body().SetStr("x")
	var rows []struct{ TimeGenerated time.Time }
	require.NoError(t, json.Unmarshal([]byte(encodeAll(t, logs, ingestionSchema)), &rows))
	assert.WithinDuration(t, time.Now(), rows[0].TimeGenerated, time.Minute)
}

// TestDocumentedColumns: the table and the rule on the page have the columns
// that are sent, with their types.
func TestDocumentedColumns(t *testing.T) {
	table, rule := siemtest.DocumentedAzure(t)
	want := map[string]string{columnTimeGenerated: "datetime", columnRecordUID: "string", columnAdditional: "dynamic"}
	for _, c := range table {
		assert.Equal(t, c.Type, rule.Columns[c.Name], c.Name)
		if k := memberType(c.Name); k != kustoNone {
			want[c.Name] = string(k)
		}
	}
	assert.Equal(t, want, rule.Columns)
	assert.Len(t, table, len(want))
	assert.Equal(t, "Custom-MockForgeSecurity", rule.Stream)
}

// TestTooLarge: what the service would refuse or cut is not sent; what is before
// it is.
func TestTooLarge(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	many := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 1<<10)+`",`, 70), ",")
	for name, tt := range map[string]struct {
		event  string
		reason string
	}{
		"text":    {`{"event_type":"a","severity":"` + long + `"}`, "severity: found 71680 bytes, expected at most 65536: Azure Monitor would cut it"},
		"dynamic": {`{"event_type":"a","metadata":[` + many + `]}`, "metadata: found 71891 bytes, expected at most 65536: Azure Monitor would cut it"},
		"others":  {`{"event_type":"a","x":"` + long + `"}`, "AdditionalFields: found 71688 bytes, expected at most 65536: Azure Monitor would cut it"},
	} {
		logs := siemtest.Decode(t, "", `{"event_type":"first"}`+"\n"+tt.event+"\n"+`{"event_type":"last"}`)
		r, refused := encode(logs, ingestionSchema, ingestionMaxBody)
		require.NotNil(t, refused, name)
		assert.Equal(t, tt.reason, refused.Reason)
		assert.Equal(t, httpsend.Refused, refused.Outcome())
		assert.Equal(t, 1, r.len())
	}
	small := siemtest.Decode(t, "", `{"event_type":"a","timestamp":"2025-01-27T10:30:00Z"}`)
	size := len(encodeAll(t, small, ingestionSchema))
	_, refused := encode(small, ingestionSchema, size)
	assert.Nil(t, refused)
	_, refused = encode(small, ingestionSchema, size-1)
	require.NotNil(t, refused)
	assert.Equal(t, fmt.Sprintf("event: found %d bytes, expected at most %d in a request", size-2, size-3), refused.Reason)
}

// TestFit: bodies are as full as they may be, and hold each row once.
func TestFit(t *testing.T) {
	var events []string
	for i := range 50 {
		events = append(events, fmt.Sprintf(`{"event_type":"a","metadata":{"n":%d,"x":%q}}`, i, strings.Repeat("x", i*7%40)))
	}
	logs := siemtest.Decode(t, "", strings.Join(events, "\n"))
	for _, limit := range []int{180, 300, 1000, 1 << 20} {
		r, refused := encode(logs, ingestionSchema, limit)
		require.Nil(t, refused)
		n := 0
		for from := 0; from < r.len(); {
			to := r.fit(from, limit)
			body := r.body(from, to)
			assert.Len(t, body, r.size(from, to))
			assert.LessOrEqual(t, len(body), limit)
			if to < r.len() {
				assert.Greater(t, r.size(from, to+1), limit, "one more would fit")
			}
			var rows []struct{ Metadata struct{ N int } }
			require.NoError(t, json.Unmarshal(body, &rows))
			for _, row := range rows {
				assert.Equal(t, n, row.Metadata.N)
				n++
			}
			from = to
		}
		assert.Equal(t, 50, n)
	}
}

func BenchmarkEncode(b *testing.B) {
	events := strings.Repeat(strings.ReplaceAll(string(siemtest.GuideEvent(b)), "\n", "")+"\n", 1000)
	logs := siemtest.Decode(b, "", events)
	for name, s := range map[string]schema{"ingestion": ingestionSchema, "collector": collectorSchema} {
		b.Run("api="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, refused := encode(logs, s, collectorMaxBody)
				if refused != nil {
					b.Fatal(refused)
				}
				b.SetBytes(int64(len(r.text)))
				for from := 0; from < r.len(); {
					to := r.fit(from, ingestionMaxBody)
					r.body(from, to)
					from = to
				}
			}
		})
	}
}
