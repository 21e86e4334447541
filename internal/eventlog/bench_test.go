// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// BenchmarkBody is JSON to Body alone, the part that encoding/json and FromRaw
// do too. bench/ measures the whole way.
func BenchmarkBody(b *testing.B) {
	data, err := os.ReadFile("testdata/decode/guide.json")
	require.NoError(b, err)
	b.Run("way=eventlog", func(b *testing.B) {
		var s scanner
		b.ReportAllocs()
		for b.Loop() {
			if err := s.scan(data, 0); err != nil {
				b.Fatal(err)
			}
			src := scanned{event: string(data), tape: s.tape}
			src.set(pcommon.NewValueEmpty(), 0)
		}
	})
	b.Run("way=maps", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(data, &m); err != nil {
				b.Fatal(err)
			}
			if err := pcommon.NewValueEmpty().FromRaw(m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkUIDs shows what an id for each event costs.
func BenchmarkUIDs(b *testing.B) {
	data, err := os.ReadFile("testdata/decode/guide.json")
	require.NoError(b, err)
	for name, assign := range map[string]bool{"uids=off": false, "uids=on": true} {
		b.Run(name, func(b *testing.B) {
			d := NewDecoder(Options{AssignUIDs: assign})
			b.ReportAllocs()
			for b.Loop() {
				batch := d.NewBatch(time.Time{})
				for range 100 {
					if _, err := batch.Add(data, time.Time{}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
