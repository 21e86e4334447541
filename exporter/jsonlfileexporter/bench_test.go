// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// BenchmarkIntegrity says what chaining costs, without syncs, which would hide it.
func BenchmarkIntegrity(b *testing.B) {
	const events = 1000
	guide := string(siemtest.GuideEvent(b))
	logs := siemtest.Decode(b, "", strings.Repeat(guide, events))
	for _, way := range []struct {
		name                 string
		retention, integrity bool
	}{{"plain", false, false}, {"retention", true, false}, {"integrity", false, true}, {"both", true, true}} {
		b.Run("way="+way.name, func(b *testing.B) {
			cfg := createDefaultConfig().(*Config)
			cfg.Path = filepath.Join(b.TempDir(), "events.jsonl")
			cfg.Fsync, cfg.Rotation = FsyncNever, RotationConfig{}
			if way.retention {
				cfg.Retention = configoptional.Some(defaultRetention())
			}
			if way.integrity {
				cfg.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: keyFile(b, 0o600)})
			}
			set := exportertest.NewNopSettings(metadata.Type)
			telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
			require.NoError(b, err)
			e := newExporter(b.Context(), cfg, set, telemetry)
			require.NoError(b, e.open())
			b.SetBytes(int64(len(guide) * events))
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, e.push(b.Context(), logs))
				for _, f := range e.files { // it would fill the disk
					require.NoError(b, f.f.Truncate(0))
					f.size = 0
				}
			}
			b.StopTimer()
			require.NoError(b, e.close())
		})
	}
}
