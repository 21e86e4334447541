// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
)

// BenchmarkFanOut is one event from 64 senders to every destination, each of
// which encodes it as an exporter would.
func BenchmarkFanOut(b *testing.B) {
	for _, destinations := range []int{1, 9} {
		b.Run(fmt.Sprintf("destinations=%d", destinations), func(b *testing.B) {
			var wg sync.WaitGroup
			consumers := make(map[pipeline.ID]consumer.Logs)
			for i := range destinations {
				c, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
					var m plog.ProtoMarshaler
					_, err := m.MarshalLogs(logs)
					wg.Add(-logs.LogRecordCount())
					return err
				})
				require.NoError(b, err)
				consumers[pipeline.NewIDWithName(pipeline.SignalLogs, strconv.Itoa(i))] = c
			}
			cfg := createDefaultConfig().(*Config)
			cfg.Directory = b.TempDir()
			cfg.MaxSizeMiB = 1 << 20
			c, err := NewFactory().CreateLogsToLogs(b.Context(), connectortest.NewNopSettings(metadata.Type), cfg, connector.NewLogsRouter(consumers))
			require.NoError(b, err)
			require.NoError(b, c.Start(b.Context(), componenttest.NewNopHost()))
			event := string(siemtest.GuideEvent(b))
			b.ReportAllocs()
			b.ResetTimer()
			var senders sync.WaitGroup
			for sender := range 64 {
				senders.Go(func() {
					for i := sender; i < b.N; i += 64 {
						wg.Add(destinations)
						ctx, onTheWay := tally.New(context.Background())
						if err := c.ConsumeLogs(ctx, siemtest.Decode(b, "", event)); err != nil {
							b.Error(err)
						}
						onTheWay.Settle()
					}
				})
			}
			senders.Wait()
			wg.Wait()
			b.StopTimer()
			require.NoError(b, c.Shutdown(context.Background()))
		})
	}
}
