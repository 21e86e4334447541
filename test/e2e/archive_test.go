// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const siemctlBinary = "../../bin/siemctl"

// signingKeys makes keys as docs/archive.md says.
func signingKeys(t *testing.T) (private, public string) {
	t.Helper()
	dir := t.TempDir()
	private, public = filepath.Join(dir, "archive.pem"), filepath.Join(dir, "archive.pub.pem")
	for _, args := range [][]string{
		{"genpkey", "-algorithm", "ed25519", "-out", private},
		{"pkey", "-in", private, "-pubout", "-out", public},
	} {
		out, err := exec.CommandContext(t.Context(), "openssl", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return private, public
}

// verify runs siemctl over all files of the archive.
func verify(t *testing.T, c *collector, public string) (output string, code int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), "siem-events*"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), siemctlBinary, append([]string{"verify", "--public-key", public}, paths...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestArchive is the example: events of each severity in files of their own,
// proven over rotation, compression and kill -9; and one byte that is changed is
// found.
func TestArchive(t *testing.T) {
	private, public := signingKeys(t)
	small := filepath.Join(t.TempDir(), "small.yaml")
	require.NoError(t, os.WriteFile(small, []byte("exporters: {jsonl_file: {rotation: {max_size: 2KiB}}}\n"), 0o600))
	o := options{
		dir: t.TempDir(), ports: freePorts(t, portCount),
		configs: []string{"../../examples/archive.yaml", small}, env: []string{"MOCKFORGE_ARCHIVE_KEY=" + private},
	}
	c := start(t, o)
	severities := []string{"critical", "high", "medium", "low", "odd"}
	const rounds = 30
	for round := range rounds {
		if round == rounds/2 {
			c.kill()
			c = start(t, o)
		}
		var batch []string
		for _, severity := range severities {
			batch = append(batch, fmt.Sprintf(`{"event_type":"auth.failure","severity":%q,"n":%d,"_integrity":{"seq":1}}`, severity, round))
		}
		status, answer := c.post(strings.Join(batch, "\n"))
		require.Equal(t, http.StatusOK, status, answer)
		c.settle(t)
	}
	closed := func(class, suffix string) []string {
		paths, err := filepath.Glob(strings.TrimSuffix(c.file, ".jsonl") + "." + class + "-*.jsonl" + suffix)
		require.NoError(t, err)
		return paths
	}
	require.Eventually(t, func() bool {
		return len(closed("*", "")) == 0 && len(closed("*", ".gz")) == len(closed("*", ".seal"))
	}, startTimeout, 20*time.Millisecond, "all that is closed is sealed and compressed")
	c.stop(t)

	for class, severity := range map[string]string{"critical": "critical", "high": "high", "medium": "medium", "low": "low", "unknown": "odd"} {
		files := closed(class, ".gz")
		require.NotEmpty(t, files, class)
		events := 0
		for _, path := range append(files, strings.TrimSuffix(c.file, ".jsonl")+"."+class+".jsonl") {
			for line := range strings.Lines(readFile(t, path)) {
				assert.Contains(t, line, `"severity":"`+severity+`"`)
				assert.Contains(t, line, `"_integrity_":{"seq":1}`, "the event's own member is not the chain's")
				events++
			}
		}
		assert.GreaterOrEqual(t, events, rounds, class)
	}
	output, code := verify(t, c, public)
	require.Zero(t, code, output)
	assert.Contains(t, output, "5 still open, 0 removed on purpose, 0 not read, 0 broken")
	t.Log(output)

	// One byte of the second event of a closed file.
	victim := closed("critical", ".gz")[0]
	lines := strings.SplitAfter(readFile(t, victim), "\n")
	lines[1] = strings.Replace(lines[1], "auth.failure", "auth.failurE", 1)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(strings.Join(lines, "")))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(victim, packed.Bytes(), 0o600))
	output, code = verify(t, c, public)
	assert.Equal(t, 1, code)
	assert.Contains(t, output, victim+":2: broken: found a line of SHA-256 ")
	assert.Equal(t, 1, strings.Count(output, ": broken: found "), output)
}

// TestArchiveKeyIsOpen: a key that others can read ends the start.
func TestArchiveKeyIsOpen(t *testing.T) {
	private, _ := signingKeys(t)
	require.NoError(t, os.Chmod(private, 0o644))
	c := start(t, options{configs: []string{"../../examples/archive.yaml"}, env: []string{"MOCKFORGE_ARCHIVE_KEY=" + private}, noWait: true})
	select {
	case <-c.exited:
	case <-time.After(startTimeout):
		t.Fatal("it runs")
	}
	assert.Contains(t, c.log.String(), "integrity::signing_key_file: "+private+": found mode 0644, expected a file that its owner alone can use")
}
