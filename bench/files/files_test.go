// SPDX-License-Identifier: Apache-2.0

// Package files compares the jsonl_file exporter with the Collector project's
// file exporter.
package files

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter"
	"github.com/mockforge/otelcol-mockforge/extension/mockforgeencodingextension"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// ways write to a file that rotates at 100 MB. Contrib's never syncs.
var ways = []struct {
	name     string
	factory  exporter.Factory
	settings map[string]any
}{
	{"jsonl_file,fsync=never", jsonlfileexporter.NewFactory(), jsonl("never")},
	{"jsonl_file,fsync=always", jsonlfileexporter.NewFactory(), jsonl("always")},
	{"file", fileexporter.NewFactory(), map[string]any{
		"encoding": "mockforge_encoding",
		"rotation": map[string]any{"max_megabytes": 100, "max_backups": 2},
	}},
}

func jsonl(fsync string) map[string]any {
	return map[string]any{
		"fsync":    fsync,
		"rotation": map[string]any{"max_size": "100MiB", "max_files": 2, "compress": false},
	}
}

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

func BenchmarkWrite(b *testing.B) {
	encoding := mockforgeencodingextension.NewFactory()
	ext, err := encoding.Create(b.Context(), extensiontest.NewNopSettings(encoding.Type()), encoding.CreateDefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	h := host{component.NewID(encoding.Type()): ext}
	for _, events := range []int{1, 100, 1000} {
		for _, way := range ways {
			b.Run(fmt.Sprintf("events=%d/way=%s", events, way.name), func(b *testing.B) {
				write(b, way.factory, way.settings, h, events)
			})
		}
	}
}

func write(b *testing.B, factory exporter.Factory, settings map[string]any, h component.Host, events int) {
	b.Helper()
	cfg := factory.CreateDefaultConfig()
	conf := confmap.NewFromStringMap(settings)
	must(b, conf.Merge(confmap.NewFromStringMap(map[string]any{"path": filepath.Join(b.TempDir(), "events.jsonl")})))
	must(b, conf.Unmarshal(cfg))
	e, err := factory.CreateLogs(b.Context(), exportertest.NewNopSettings(factory.Type()), cfg)
	must(b, err)
	must(b, e.Start(b.Context(), h))
	guide := string(siemtest.GuideEvent(b))
	logs := siemtest.Decode(b, "", strings.Repeat(guide, events))
	b.SetBytes(int64(len(guide) * events))
	b.ReportAllocs()
	for b.Loop() {
		if err := e.ConsumeLogs(context.Background(), logs); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	must(b, e.Shutdown(context.Background()))
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

