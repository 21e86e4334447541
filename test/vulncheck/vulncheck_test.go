// SPDX-License-Identifier: Apache-2.0

// Package vulncheck holds what CI's look for known vulnerabilities does: one that is
// called is an error, and a database that cannot be asked is said.
package vulncheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const script = "../../internal/tools/vulncheck.sh"

// advisory is in the form of OSV: everybody who calls net/url's Parse has it.
const advisory = `{"schema_version": "1.3.1", "id": "GO-2099-0001", "modified": "2099-01-01T00:00:00Z", "published": "2099-01-01T00:00:00Z",
	"summary": "An invented one", "details": "For a test.",
	"affected": [{"package": {"name": "stdlib", "ecosystem": "Go"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
		"ecosystem_specific": {"imports": [{"path": "net/url", "symbols": ["Parse"]}]}}],
	"database_specific": {"url": "https://pkg.go.dev/vuln/GO-2099-0001", "review_status": "REVIEWED"}}`

// database is one that has that advisory alone.
func database(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"index/db.json":        `{"modified": "2099-01-01T00:00:00Z"}`,
		"index/modules.json":   `[{"path": "stdlib", "vulns": [{"id": "GO-2099-0001", "modified": "2099-01-01T00:00:00Z"}]}]`,
		"index/vulns.json":     `[{"id": "GO-2099-0001", "modified": "2099-01-01T00:00:00Z"}]`,
		"ID/GO-2099-0001.json": advisory,
	})
	return "file://" + dir
}

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
}

// program is a module whose main has one line.
func program(t *testing.T, line string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod":  "module example.com/program\n\ngo 1.25\n",
		"main.go": "package main\n\nimport \"net/url\"\n\nfunc main() {\n\t" + line + "\n}\n",
	})
	return dir
}

func run(t *testing.T, database, folder string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script, folder)
	cmd.Env = append(os.Environ(), "VULNDB="+database)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestCalled(t *testing.T) {
	out, err := run(t, database(t), program(t, `_, _ = url.Parse("http://localhost")`))
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, out)
	assert.Contains(t, out, "GO-2099-0001")
	assert.Contains(t, out, "Your code is affected by 1 vulnerability")
}

func TestNotCalled(t *testing.T) {
	out, err := run(t, database(t), program(t, `_ = url.PathEscape("a b")`))
	require.NoError(t, err, out)
	assert.Contains(t, out, "Your code is affected by 0 vulnerabilities")
}

func TestNoDatabase(t *testing.T) {
	for _, database := range []string{"http://127.0.0.1:1", "file://" + t.TempDir()} {
		out, err := run(t, database, program(t, ""))
		require.NoError(t, err, out)
		assert.Contains(t, out, "NOT CHECKED for known vulnerabilities: "+database+" cannot be asked (curl: ")
	}
}
