// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/exporter/jsonlfileexporter/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

var signingKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))

// keyFile has the signing key.
func keyFile(t testing.TB, mode os.FileMode) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(signingKey)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "key.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), mode))
	return path
}

// chained opens a file with integrity, and adds and tidies as the exporter does.
type chained struct {
	*file
	*seen
	t testing.TB
}

func openChained(t testing.TB, cfg *Config) *chained {
	t.Helper()
	s := &seen{}
	w := newFile(cfg, s.observer())
	w.key = signingKey
	require.NoError(t, w.open())
	t.Cleanup(func() { _ = w.close() })
	return &chained{file: w, seen: s, t: t}
}

func (c *chained) add(n ...int) error {
	if err := c.ready(); err != nil {
		return err
	}
	b := batch{chain: c.chain}
	for _, n := range n {
		body := pcommon.NewValueMap()
		body.Map().PutInt("n", int64(n))
		b.add(body, time.Now(), true)
	}
	return c.file.add(&b)
}

func (c *chained) mustAdd(n ...int) {
	c.t.Helper()
	require.NoError(c.t, c.add(n...))
}

func (c *chained) tidy() {
	c.t.Helper()
	require.NoError(c.t, c.archive.tidy(c.t.Context(), time.Now()))
}

// proven verifies the files of a folder, and returns how many are in each state.
func proven(t testing.TB, dir string) map[evidence.State]int {
	t.Helper()
	found, sum := verify(t, dir)
	require.Zero(t, sum.Count[evidence.Wrong], "%v", found)
	return sum.Count
}

func verify(t testing.TB, dir string) (found []evidence.Finding, sum evidence.Summary) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	sum, err = evidence.Verify(context.Background(), paths, []ed25519.PublicKey{signingKey.Public().(ed25519.PublicKey)},
		func(f evidence.Finding) { found = append(found, f) })
	require.NoError(t, err)
	return found, sum
}

func chainedConfig(t testing.TB) *Config {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Path = filepath.Join(t.TempDir(), "events.jsonl")
	cfg.Rotation.MaxSize, cfg.Rotation.MaxFiles = 300, 0 // two lines
	return cfg
}

// TestChained: over rotation, compression and restarts it is one chain, sealed.
func TestChained(t *testing.T) {
	cfg := chainedConfig(t)
	want := []int{}
	for n := range 7 {
		c := openChained(t, cfg)
		c.mustAdd(n)
		if n%2 == 0 {
			c.tidy()
		}
		require.NoError(t, c.close())
		want = append(want, n)
	}
	files := archived(t, cfg.Path)
	require.Len(t, files, 3)
	assert.Equal(t, want, numbers(t, append(files, cfg.Path)...))
	assert.Equal(t, map[evidence.State]int{evidence.Proven: 3, evidence.Unsealed: 1}, proven(t, filepath.Dir(cfg.Path)))
	assert.Equal(t, os.FileMode(0o600), mode(t, strings.TrimSuffix(files[0], gzipSuffix)+evidence.SealSuffix))
}

// TestChainTakenBack: after a batch that failed, the next one is chained to the
// line that is there.
func TestChainTakenBack(t *testing.T) {
	cfg := chainedConfig(t)
	cfg.Rotation.MaxSize = 0
	c := openChained(t, cfg)
	c.mustAdd(0)
	c.fsync = func(*os.File) error { return errors.New("input/output error") }
	require.Error(t, c.add(1, 2))
	c.fsync = (*os.File).Sync
	c.mustAdd(1)
	require.NoError(t, c.undo())
	c.mustAdd(3)
	assert.Equal(t, []int{0, 3}, numbers(t, c.path))
	proven(t, filepath.Dir(c.path))
}

// TestForgedMember: an event's own member is never taken for the chain's, and
// none comes up twice.
func TestForgedMember(t *testing.T) {
	forged := `{"seq":7,"at":"2025-01-27T12:00:00Z","prev":"` + strings.Repeat("0", 64) + `"}`
	for in, want := range map[string]string{
		`{"a":1}`:                       `{"a":1,`,
		`{}`:                            `{`,
		`{"_integrity":` + forged + `}`: `{"_integrity_":` + forged + `,`,
		`{"_integrity":1,"_integrity_":2,"_integrityx":3,"b":{"_integrity":` + forged + `}}`: `{"_integrity_":1,"_integrity__":2,"_integrityx":3,"b":{"_integrity":` + forged + `},`,
	} {
		var b batch
		b.add(ordered(t, in), time.Unix(0, 0), true)
		got := string(b.lines)
		assert.True(t, strings.HasPrefix(got, want+`"_integrity":{"seq":1,`), got)
		assert.True(t, json.Valid(b.lines))
		chain, ok := evidence.After(bytes.TrimSpace(b.lines))
		require.True(t, ok)
		assert.Equal(t, b.chain, chain)
	}
}

// ordered returns an object of at most one level of known names, in its order.
func ordered(t *testing.T, text string) pcommon.Value {
	t.Helper()
	body := pcommon.NewValueMap()
	d := json.NewDecoder(strings.NewReader(text))
	var fill func(m pcommon.Map)
	fill = func(m pcommon.Map) {
		for d.More() {
			name, err := d.Token()
			require.NoError(t, err)
			value, err := d.Token()
			require.NoError(t, err)
			switch value := value.(type) {
			case json.Delim:
				fill(m.PutEmptyMap(name.(string)))
			case float64:
				m.PutInt(name.(string), int64(value))
			default:
				require.NoError(t, m.PutEmpty(name.(string)).FromRaw(value))
			}
		}
		_, err := d.Token()
		require.NoError(t, err)
	}
	_, err := d.Token()
	require.NoError(t, err)
	fill(body.Map())
	return body
}

// TestWithoutIntegrityBefore: a file that was written without is put aside, and
// is rotated as it was then.
func TestWithoutIntegrityBefore(t *testing.T) {
	cfg := chainedConfig(t)
	w := open(t, cfg)
	require.NoError(t, add(w, line(0)))
	require.NoError(t, w.close())
	c := openChained(t, cfg)
	assert.Equal(t, 1, c.unchained)
	c.mustAdd(1)
	c.tidy()
	files := archived(t, cfg.Path)
	require.Len(t, files, 1)
	assert.Equal(t, []int{0, 1}, numbers(t, files[0], cfg.Path))
	assert.NoFileExists(t, strings.TrimSuffix(files[0], gzipSuffix)+evidence.SealSuffix)
	require.NoError(t, os.Remove(files[0]))
	proven(t, filepath.Dir(cfg.Path))
}

// TestSomebodyElseIsSeen: what is done to the open file while it is written to
// shows, whatever is done to it.
func TestSomebodyElseIsSeen(t *testing.T) {
	for name, change := range map[string]func(text []byte) []byte{
		"emptied":   func([]byte) []byte { return nil },
		"last line": func(text []byte) []byte { return text[:bytes.IndexByte(text, '\n')+1] },
		"appended":  func(text []byte) []byte { return append(text, "{\"n\":9}\n"...) },
		"changed":   func(text []byte) []byte { return bytes.Replace(text, []byte(`"n":0`), []byte(`"n":9`), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := chainedConfig(t)
			cfg.Rotation.MaxSize = 0
			c := openChained(t, cfg)
			c.mustAdd(0, 1)
			text, err := os.ReadFile(c.path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(c.path, change(text), 0o600))
			c.mustAdd(2)
			_, sum := verify(t, filepath.Dir(c.path))
			require.Equal(t, 1, sum.Count[evidence.Wrong])

			// It is not signed when it is put aside, and stays for somebody to see.
			require.NoError(t, c.rotate())
			err = c.archive.tidy(t.Context(), time.Now())
			if name == "emptied" {
				require.NoError(t, err, "what is left is a chain, that begins too late")
			} else {
				require.ErrorContains(t, err, "sealing ")
				assert.Equal(t, ".jsonl", filepath.Ext(archived(t, c.path)[0]))
			}
			_, sum = verify(t, filepath.Dir(c.path))
			assert.NotZero(t, sum.Count[evidence.Wrong])
		})
	}
}

// TestEditedSeal: a seal that somebody gave an older time has no file removed.
func TestEditedSeal(t *testing.T) {
	cfg := chainedConfig(t)
	require.NoError(t, os.WriteFile(cfg.Path, nil, 0o600))
	require.NoError(t, os.Chmod(cfg.Path, 0o640))
	c := openChained(t, cfg)
	c.mustAdd(0, 1)
	c.mustAdd(2)
	c.tidy()
	file := archived(t, cfg.Path)[0]
	path := strings.TrimSuffix(file, gzipSuffix) + evidence.SealSuffix
	assert.Equal(t, os.FileMode(0o640), mode(t, path), "who may read the file may check it")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	this := time.Now().UTC().Format("2006-")
	require.NoError(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte(`time":"`+this), []byte(`time":"1999-`)), 0o600))
	c.archive.keep = 24 * time.Hour
	require.ErrorContains(t, c.archive.tidy(t.Context(), time.Now()), "found a signature that is not that of its text and key")
	assert.FileExists(t, file)
	assert.Zero(t, c.removed)
}

func TestSigningKey(t *testing.T) {
	cfg := chainedConfig(t)
	for file, want := range map[string]string{
		keyFile(t, 0o640): "integrity::signing_key_file: ",
		"none.pem":        "integrity::signing_key_file: open none.pem: no such file",
	} {
		cfg.Integrity = configoptional.Some(IntegrityConfig{SigningKeyFile: file})
		e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), want)
		require.NoError(t, e.Shutdown(t.Context()))
		assert.NoFileExists(t, cfg.Path)
	}
}

// TestNoRemovalToOrder: who may write to the folder and has no key does not get a
// removal signed, neither by the times of files nor by files of his own.
func TestNoRemovalToOrder(t *testing.T) {
	cfg := chainedConfig(t)
	cfg.Rotation.Compress, cfg.Rotation.MaxFiles, cfg.Rotation.MaxAge = false, 3, 24*time.Hour
	c := openChained(t, cfg)
	for n := range 3 {
		c.mustAdd(n)
		require.NoError(t, c.rotate())
	}
	c.tidy()
	files, _, err := c.archive.list()
	require.NoError(t, err)
	require.Len(t, files, 3)
	old := time.Now().AddDate(-1, 0, 0)
	for _, r := range files {
		require.NoError(t, os.Chtimes(c.archive.name(r.stamp), old, old))
	}
	for n := range 3 {
		path := c.archive.name(time.Now().Add(time.Duration(n+1) * time.Hour))
		require.NoError(t, os.WriteFile(path, []byte("{}\n"), 0o600))
		require.NoError(t, os.WriteFile(path+".seal", []byte("{}\n"), 0o600))
	}
	_ = c.archive.tidy(t.Context(), time.Now()) // it complains of the seals
	for _, r := range files {
		assert.FileExists(t, c.archive.name(r.stamp))
	}
	_ = c.archive.tidy(t.Context(), time.Now().Add(25*time.Hour)) // the same
	for _, r := range files {
		assert.NoFileExists(t, c.archive.name(r.stamp), "it is old by its seal")
	}
}
