// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumertest"
)

// BenchmarkSyslog is a message from the stream to its record, beside the same
// events as NDJSON.
func BenchmarkSyslog(b *testing.B) {
	const messages = 1000
	r, err := newReceiver(createDefaultConfig().(*Config), settings(), consumertest.NewNop())
	require.NoError(b, err)
	in, err := r.newIntake("syslog_tcp", "tcp", "syslog", 0)
	require.NoError(b, err)
	b.Run("way=syslog", func(b *testing.B) {
		text := strings.Repeat(message+"\n", messages)
		reader := newSyslogReader(in)
		b.ReportAllocs()
		for b.Loop() {
			f := newFrames(strings.NewReader(text), defaultMaxMessageSize)
			n := 0
			for err := error(nil); err == nil; err = f.fill() {
				batch := in.decoder.NewBatch(time.Time{})
				for {
					fr, ok, _ := f.next()
					if !ok {
						break
					}
					reader.add(b.Context(), batch, fr, "192.0.2.1")
				}
				n += batch.Len()
			}
			if n != messages {
				b.Fatal(n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/event")
	})
	b.Run("way=ndjson", func(b *testing.B) {
		text := strings.Repeat(one+"\n", messages)
		b.ReportAllocs()
		for b.Loop() {
			data, err := io.ReadAll(strings.NewReader(text))
			if err != nil {
				b.Fatal(err)
			}
			if err := in.decoder.NewBatch(time.Time{}).AddAll(data); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*messages), "ns/event")
	})
}
