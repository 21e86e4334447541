// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// TestCrashBetweenSteps: a process dies between any two steps of putting aside,
// sealing, compressing and removing. After the next start all of it is proven
// and no event is lost.
func TestCrashBetweenSteps(t *testing.T) {
	write := func(t *testing.T, path, text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	for name, crash := range map[string]func(t *testing.T, c *chained, newest string){
		"before anything": func(*testing.T, *chained, string) {},
		"before the new file": func(t *testing.T, c *chained, _ string) {
			t.Helper()
			require.NoError(t, c.put())
			_, err := c.archive.take(c.path, time.Now())
			require.NoError(t, err)
		},
		"before the seal": func(t *testing.T, _ *chained, newest string) {
			t.Helper()
			require.NoError(t, os.Remove(newest+".seal"))
		},
		"with nothing in the seal": func(t *testing.T, _ *chained, newest string) {
			t.Helper()
			require.NoError(t, os.Remove(newest+".seal"))
			write(t, newest+".seal.part", "")
		},
		"within the seal": func(t *testing.T, _ *chained, newest string) {
			t.Helper()
			require.NoError(t, os.Rename(newest+".seal", newest+".seal.part"))
			require.NoError(t, os.Truncate(newest+".seal.part", 100))
		},
		"before the seal had its name": func(t *testing.T, _ *chained, newest string) {
			t.Helper()
			require.NoError(t, os.Rename(newest+".seal", newest+".seal.part"))
		},
		"two without a seal, and no new file": func(t *testing.T, c *chained, newest string) {
			t.Helper()
			require.NoError(t, os.Remove(newest+".seal"))
			require.NoError(t, c.put())
			_, err := c.archive.take(c.path, time.Now())
			require.NoError(t, err)
		},
		"within the compression": func(t *testing.T, _ *chained, newest string) { t.Helper(); write(t, newest+partSuffix, "\x1f\x8b\x08") },
		"before the original went": func(t *testing.T, _ *chained, newest string) {
			t.Helper()
			require.NoError(t, compressTo(t.Context(), newest+gzipSuffix, newest))
		},
		"before the file went": func(t *testing.T, c *chained, newest string) {
			t.Helper()
			stamp, _, ok := evidence.ParseName("events.jsonl", filepath.Base(newest))
			require.True(t, ok)
			require.NoError(t, c.archive.entomb(rotated{stamp: stamp}, "retention", time.Now()))
		},
		"within the removal": func(t *testing.T, _ *chained, newest string) { t.Helper(); write(t, newest+".seal.part", "{}") },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := chainedConfig(t)
			cfg.Rotation.Compress = false
			c := openChained(t, cfg)
			c.mustAdd(0, 1)
			c.mustAdd(2, 3)
			c.mustAdd(4)
			c.tidy()
			files := archived(t, cfg.Path)
			require.Len(t, files, 2)
			crash(t, c, files[1])
			require.NoError(t, c.lock.Close()) // as the end of the process does

			cfg.Rotation.Compress = true
			again := openChained(t, cfg)
			again.tidy()
			again.mustAdd(5, 6)
			again.mustAdd(7)
			again.tidy()
			files = archived(t, cfg.Path)
			assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7}, numbers(t, append(files, cfg.Path)...))
			state := proven(t, filepath.Dir(cfg.Path))
			assert.Equal(t, len(files), state[evidence.Proven])
			parts, err := filepath.Glob(filepath.Join(filepath.Dir(cfg.Path), "*.part"))
			require.NoError(t, err)
			assert.Empty(t, parts)
		})
	}
}

// FuzzCrash: whatever batches are written, wherever in one the process dies,
// and whenever files are sealed: after the next start it is one chain, in which
// every batch is that was acknowledged.
func FuzzCrash(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 5, 250, 7})
	f.Add([]byte{0, 255, 0, 255})
	f.Fuzz(func(t *testing.T, ops []byte) { crashes(t, ops[:min(len(ops), 24)]) })
}

// TestCrashesAtRandom is FuzzCrash with other operations at each run.
func TestCrashesAtRandom(t *testing.T) {
	for range 20 {
		ops := make([]byte, 24)
		for i := range ops {
			ops[i] = byte(rand.IntN(256))
		}
		t.Run(hex.EncodeToString(ops), func(t *testing.T) { crashes(t, ops) })
	}
}

func crashes(t *testing.T, ops []byte) {
	t.Helper()
	cfg := chainedConfig(t)
	cfg.Fsync = FsyncNever
	c := openChained(t, cfg)
	var want []int
	for _, op := range ops {
		numbersOf := []int{len(want), len(want) + 1}[:1+op%2]
		switch {
		case op < 128:
			c.mustAdd(numbersOf...)
			want = append(want, numbersOf...)
		case op < 160:
			c.tidy()
		default: // a batch that stops after some bytes, never acknowledged
			require.NoError(t, c.ready())
			before := c.size
			c.mustAdd(numbersOf...)
			if c.size < before { // it is in a new file
				before = 0
			}
			cut := before + (c.size-before)*int64(op-160)/96
			path := c.path
			require.NoError(t, c.f.Close())
			require.NoError(t, c.lock.Close())
			require.NoError(t, os.Truncate(path, cut))
			c = openChained(t, cfg)
		}
	}
	c.mustAdd(-1)
	require.NoError(t, c.rotate())
	c.tidy()
	state := proven(t, filepath.Dir(cfg.Path))
	assert.Equal(t, len(archived(t, cfg.Path)), state[evidence.Proven])
	got := numbers(t, archived(t, cfg.Path)...)
	for _, n := range want {
		assert.Contains(t, got, n)
	}
	require.NoError(t, c.close())
}

// TestChainAtEveryByte: a process dies after any byte of a batch.
func TestChainAtEveryByte(t *testing.T) {
	cfg := chainedConfig(t)
	cfg.Rotation.MaxSize = 0
	c := openChained(t, cfg)
	c.mustAdd(0)
	before := int(c.size)
	c.mustAdd(1, 2)
	text, err := os.ReadFile(c.path)
	require.NoError(t, err)
	require.NoError(t, c.close())
	for at := before; at <= len(text); at++ {
		require.NoError(t, os.WriteFile(cfg.Path, text[:at], 0o600))
		again := openChained(t, cfg)
		again.mustAdd(1, 2)
		require.NoError(t, again.close())
		proven(t, filepath.Dir(cfg.Path))
		assert.Subset(t, numbers(t, cfg.Path), []int{0, 1, 2})
	}
}

// TestSealedOnce: a seal is not written again, and compressing leaves it.
func TestSealedOnce(t *testing.T) {
	cfg := chainedConfig(t)
	c := openChained(t, cfg)
	for n := range 5 {
		c.mustAdd(n)
	}
	c.tidy()
	seals := func() []byte {
		paths, err := filepath.Glob(filepath.Join(filepath.Dir(cfg.Path), "*.seal"))
		require.NoError(t, err)
		var all [][]byte
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			all = append(all, text)
		}
		return slices.Concat(all...)
	}
	before := seals()
	require.Equal(t, 2, bytes.Count(before, []byte{'\n'}))
	c.tidy()
	assert.Equal(t, before, seals())
	for _, path := range archived(t, cfg.Path) {
		assert.True(t, strings.HasSuffix(path, gzipSuffix))
	}
}
