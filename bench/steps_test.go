// SPDX-License-Identifier: Apache-2.0

//go:build !race && go1.26

package bench

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector"
	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector"
	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter"
	"github.com/mockforge/otelcol-mockforge/exporter/webhookexporter"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventgen"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
	"github.com/mockforge/otelcol-mockforge/internal/tally"
	"github.com/mockforge/otelcol-mockforge/processor/siemfilterprocessor"
)

const (
	// rounds is how often a batch of the generator has each type.
	rounds = 10
	// large batches let what a batch costs stand back behind its events.
	large = 1000
)

// steps are in the order of an event's way.
func steps(t *testing.T) []step {
	t.Helper()
	return []step{
		{"decode, the guide's event", func() (int, func(), func()) {
			data := siemtest.GuideEvent(t)
			return perBatch, nil, func() { decodeEventlog(t, data) }
		}},
		{"decode, all types", func() (int, func(), func()) {
			events := generated(t)
			data := events()
			return types * rounds, nil, func() { decodeAll(t, data) }
		}},
		{"tag and filter, untagged", func() (int, func(), func()) {
			next, data := tagAndFilter(t, consumertest.NewNop()), siemtest.GuideEvent(t)
			var logs plog.Logs
			return perBatch, func() { logs = decodeEventlog(t, data) }, func() { consume(t, next, logs) }
		}},
		{"tag and filter, tagged", func() (int, func(), func()) {
			next, logs := tagAndFilter(t, consumertest.NewNop()), decodeEventlog(t, siemtest.GuideEvent(t))
			return perBatch, nil, func() { consume(t, next, logs) }
		}},
		{"tag and filter, all types", func() (int, func(), func()) {
			next, events := tagAndFilter(t, consumertest.NewNop()), generated(t)
			data := events()
			var logs plog.Logs
			return types * rounds, func() { logs = decodeAll(t, data) }, func() { consume(t, next, logs) }
		}},
		{"filter", func() (int, func(), func()) {
			next := create(t, siemfilterprocessor.NewFactory(), guideFilter(), consumertest.NewNop())
			logs := decodeEventlog(t, siemtest.GuideEvent(t))
			return perBatch, nil, func() { consume(t, next, logs) }
		}},
		{"encode", func() (int, func(), func()) {
			events := generated(t)
			logs := decodeAll(t, events())
			var buf []byte
			return types * rounds, nil, func() {
				buf = buf[:0]
				for _, rl := range logs.ResourceLogs().All() {
					for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
						buf = eventlog.AppendJSON(buf, record.Body())
					}
				}
			}
		}},
		{"journal, append", func() (int, func(), func()) {
			c := journal(t, t.TempDir(), nil)
			start(t, c)
			var logs plog.Logs
			return large, func() { logs = largeBatch(t) }, func() { consume(t, c, logs) }
		}},
		{"journal, append and deliver from memory", func() (int, func(), func()) {
			taken := make(chan int)
			c := journal(t, t.TempDir(), taken)
			start(t, c)
			var logs plog.Logs
			return large, func() { logs = largeBatch(t); pause() }, func() {
				ctx, onTheWay := tally.New(context.Background())
				require.NoError(t, c.ConsumeLogs(ctx, logs))
				onTheWay.Settle() // as the receiver does: from now on the records are the journal's
				require.Equal(t, large, <-taken)
			}
		}},
		{"journal, deliver from disk", func() (int, func(), func()) {
			dir := t.TempDir()
			writer := journal(t, dir, nil)
			require.NoError(t, writer.Start(t.Context(), componenttest.NewNopHost()))
			consume(t, writer, largeBatch(t))
			require.NoError(t, writer.Shutdown(context.Background()))
			var c connector.Logs
			taken := make(chan int)
			return large, func() {
					require.NoError(t, os.Remove(filepath.Join(dir, "cursors.json"))) // it begins anew
					c = journal(t, dir, taken)
				}, func() {
					require.NoError(t, c.Start(context.Background(), componenttest.NewNopHost()))
					require.Equal(t, large, <-taken)
					require.NoError(t, c.Shutdown(context.Background()))
				}
		}},
		{"jsonl_file", func() (int, func(), func()) {
			factory := jsonlfileexporter.NewFactory()
			cfg := configure(t, factory, map[string]any{"path": filepath.Join(t.TempDir(), "events.jsonl"), "fsync": "never"})
			return export(t, factory, cfg)
		}},
		{"siem_alert, 10 rules", func() (int, func(), func()) {
			next, events := alerts(t), generated(t)
			for range 20 { // until the windows are full
				consume(t, next, decodeAll(t, events()))
			}
			var logs plog.Logs
			return types * rounds, func() { logs = decodeAll(t, events()) }, func() { consume(t, next, logs) }
		}},
		{"webhook, json_array", func() (int, func(), func()) { return webhook(t, "json_array") }},
		{"webhook, ndjson", func() (int, func(), func()) { return webhook(t, "ndjson") }},
	}
}

var types = len(event.Catalogue())

// generated returns what makes batches of events of all types, one a line.
func generated(*testing.T) func() []byte {
	g := eventgen.New(eventgen.Options{Seed: 1, Start: siemtest.Arrival})
	return func() []byte {
		var data bytes.Buffer
		for range types * rounds {
			data.Write(append(g.Next(), '\n'))
		}
		return data.Bytes()
	}
}

func decodeAll(t *testing.T, data []byte) plog.Logs {
	t.Helper()
	batch := decoder.NewBatch(siemtest.Arrival)
	require.NoError(t, batch.AddAll(data))
	return batch.Logs()
}

func largeBatch(t *testing.T) plog.Logs {
	t.Helper()
	return decodeAll(t, bytes.Repeat(siemtest.GuideEvent(t), large))
}

func consume(t *testing.T, next consumer.Logs, logs plog.Logs) {
	t.Helper()
	if err := next.ConsumeLogs(context.Background(), logs); err != nil {
		t.Fatal(err)
	}
}

func configure(t *testing.T, factory component.Factory, settings map[string]any) component.Config {
	t.Helper()
	cfg := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(settings).Unmarshal(cfg))
	return cfg
}

// start starts a component until the test ends.
func start(t *testing.T, c component.Component) {
	t.Helper()
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, c.Shutdown(context.Background())) })
}

// pause lets a destination end what it does behind a batch and wait for the next.
func pause() { time.Sleep(20 * time.Millisecond) }

// journal is a siem_journal with one destination, or with none. It is not started.
func journal(t *testing.T, dir string, taken chan<- int) connector.Logs {
	t.Helper()
	factory := siemjournalconnector.NewFactory()
	cfg := configure(t, factory, map[string]any{
		"directory": dir, "start_at": "beginning", "retention": "1h", "batch": map[string]any{"max_events": large, "max_bytes": 16 << 20},
	})
	if taken == nil {
		return connect(t, factory, cfg, nil)
	}
	return connect(t, factory, cfg, func(_ context.Context, logs plog.Logs) error {
		taken <- logs.LogRecordCount()
		return nil
	})
}

func connect(t *testing.T, factory connector.Factory, cfg component.Config, take consumer.ConsumeLogsFunc) connector.Logs {
	t.Helper()
	behind := make(map[pipeline.ID]consumer.Logs)
	if take != nil {
		next, err := consumer.NewLogs(take)
		require.NoError(t, err)
		behind[pipeline.NewID(pipeline.SignalLogs)] = next
	}
	c, err := factory.CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(factory.Type()), cfg, connector.NewLogsRouter(behind))
	require.NoError(t, err)
	return c
}

// alerts starts a siem_alert with rules of every kind that look at many events
// and that do not fire.
func alerts(t *testing.T) connector.Logs {
	t.Helper()
	var rules []any
	for _, match := range []string{"event_type == 'auth.failure'", "event_type =~ 'authz.*'", "severity >= 'high'", "environment == 'production'", "outcome.success == false"} {
		for _, count := range []string{"count > 100000 in 20s by user_id", "count(distinct ip_address) >= 100000 in 40s"} {
			rules = append(rules, map[string]any{"name": match + count, "severity": "high", "condition": match + " AND " + count})
		}
	}
	factory := siemalertconnector.NewFactory()
	cfg := configure(t, factory, map[string]any{"rules": rules})
	c := connect(t, factory, cfg, consumertest.NewNop().ConsumeLogs)
	start(t, c)
	return c
}

// export starts an exporter for large batches.
func export(t *testing.T, factory exporter.Factory, cfg component.Config) (events int, prepare, run func()) {
	t.Helper()
	e, err := factory.CreateLogs(t.Context(), exportertest.NewNopSettings(factory.Type()), cfg)
	require.NoError(t, err)
	start(t, e)
	logs := largeBatch(t)
	return large, nil, func() { consume(t, e, logs) }
}

// webhook posts to a server in this process, whose allocations count too.
func webhook(t *testing.T, format string) (events int, prepare, run func()) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(server.Close)
	factory := webhookexporter.NewFactory()
	return export(t, factory, configure(t, factory, map[string]any{"endpoint": server.URL, "format": format}))
}
