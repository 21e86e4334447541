// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/duration"
	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

const killedEnv = "JSONL_FILE_KILLED"

// killedConfig rotates, seals, compresses and removes all the time.
func killedConfig(dir, key string) *Config {
	cfg := testConfig(filepath.Join(dir, "events.jsonl"))
	cfg.Fsync = FsyncNever // a kill loses nothing that was written
	cfg.Rotation = RotationConfig{MaxSize: 600, Compress: true}
	keep := defaultRetention()
	keep.Low = duration.Span(50 * time.Millisecond)
	cfg.Retention = configoptional.Some(keep)
	cfg.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: key})
	return cfg
}

// TestKilled kills a process that writes at random moments. After each all that
// is there is proven.
func TestKilled(t *testing.T) {
	const kills = 25
	dir, key := t.TempDir(), keyFile(t, 0o600)
	var total map[evidence.State]int
	for range kills {
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run", "^TestKilledChild$")
		cmd.Env = append(os.Environ(), killedEnv+"="+dir+":"+key)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool { // it has begun
			_, err := os.Stat(filepath.Join(dir, "begun"))
			return err == nil
		}, time.Minute, time.Millisecond)
		time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		require.NoError(t, os.Remove(filepath.Join(dir, "begun")))

		e := newExporterFor(t, killedConfig(dir, key))
		require.NoError(t, e.open())
		for _, f := range e.files {
			require.NoError(t, e.tidyFile(t.Context(), f))
		}
		require.NoError(t, e.close())
		total = proven(t, dir)
	}
	t.Log(total)
	assert.Greater(t, total[evidence.Proven], 10)
	assert.Greater(t, total[evidence.Removed], 5)
}

// TestKilledChild is the process that TestKilled kills.
func TestKilledChild(t *testing.T) {
	dir, key, ok := strings.Cut(os.Getenv(killedEnv), ":")
	if !ok {
		return
	}
	e := newStarted(t, killedConfig(dir, key), nil)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "begun"), nil, 0o600))
	for {
		numbers := make([]plog.SeverityNumber, 1+rand.IntN(4))
		for i := range numbers {
			numbers[i] = []plog.SeverityNumber{0, 9, 9, 13, 17, 18}[rand.IntN(6)]
		}
		require.NoError(t, e.push(context.Background(), graded(time.Now(), numbers...)))
	}
}
