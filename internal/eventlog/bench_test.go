// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

// BenchmarkDecode compares with the way a component without this package would
// take: encoding/json to a map, the map to the Body. That way has no index, no
// order, no checks, and no exact integers.
func BenchmarkDecode(b *testing.B) {
	data, err := os.ReadFile("testdata/decode/guide.json")
	if err != nil {
		b.Fatal(err)
	}
	observed := time.Now()
	const perBatch = 100
	b.Run("eventlog", func(b *testing.B) {
		d := NewDecoder(Options{RedactCredentials: true})
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for i := 0; i < b.N; i += perBatch {
			batch := d.NewBatch(observed)
			for range perBatch {
				if err := batch.AddAll(data); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("maps", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for i := 0; i < b.N; i += perBatch {
			logs := plog.NewLogs()
			records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
			for range perBatch {
				var m map[string]any
				if err := json.Unmarshal(data, &m); err != nil {
					b.Fatal(err)
				}
				if err := records.AppendEmpty().Body().FromRaw(m); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
