// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/receiver/mockforgereceiver"
)

// receive starts the real receiver before next, and returns its URL.
func receive(t *testing.T, next consumer.Logs, change func(*mockforgereceiver.HTTPConfig)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	endpoint := l.Addr().String()
	require.NoError(t, l.Close())
	factory := mockforgereceiver.NewFactory()
	cfg := factory.CreateDefaultConfig().(*mockforgereceiver.Config)
	http := cfg.Protocols.HTTP.GetOrInsertDefault()
	http.ServerConfig.NetAddr.Endpoint = endpoint
	if change != nil {
		change(http)
	}
	r, err := factory.CreateLogs(context.Background(), receivertest.NewNopSettings(factory.Type()), cfg, next)
	require.NoError(t, err)
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	return fmt.Sprintf("http://%s/api/v1/events", endpoint)
}

// full is a pipeline that cannot take the first batches.
type full struct {
	*consumertest.LogsSink
	refuses atomic.Int32
}

func (f *full) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if f.refuses.Add(-1) >= 0 {
		return errors.New("the journal is full")
	}
	return f.LogsSink.ConsumeLogs(ctx, logs)
}

// bodies are the events that a sink has, as JSON.
func bodies(sink *consumertest.LogsSink) (all []string) {
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, record := range sl.LogRecords().All() {
					all = append(all, string(eventlog.AppendJSON(nil, record.Body())))
				}
			}
		}
	}
	return all
}
