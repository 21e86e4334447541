// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const unit = "../../deploy/systemd/otelcol-mockforge.service"

// TestUnitCommands runs the unit's commands on the binary: with validate where it
// would run for ever, which takes the same flags.
func TestUnitCommands(t *testing.T) {
	text, err := os.ReadFile(unit)
	require.NoError(t, err)
	commands := 0
	for line := range strings.Lines(string(text)) {
		key, command, _ := strings.Cut(strings.TrimSpace(line), "=")
		args := strings.Fields(command)
		if key != "ExecStart" && key != "ExecReload" || args[0] != "/usr/bin/otelcol-mockforge" {
			continue
		}
		commands++
		flags := strings.ReplaceAll(strings.Join(args[1:], "\n"), "/etc/otelcol-mockforge/config.yaml", defaultConfig)
		args = strings.Split(flags, "\n")
		if key == "ExecStart" {
			args = append([]string{"validate"}, args...)
		}
		out, err := exec.CommandContext(t.Context(), binary, args...).CombinedOutput()
		assert.NoError(t, err, "%s: %s", line, out)
	}
	assert.Equal(t, 2, commands)
}

// TestUnit asks systemd, where there is one: the unit has no mistake, and an
// exposure of at most 1.5.
func TestUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not there")
	}
	path, err := filepath.Abs(binary)
	require.NoError(t, err)
	text, err := os.ReadFile(unit)
	require.NoError(t, err)
	here := filepath.Join(t.TempDir(), filepath.Base(unit))
	require.NoError(t, os.WriteFile(here, []byte(strings.ReplaceAll(string(text), "/usr/bin/otelcol-mockforge", path)), 0o600))
	out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", here).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Empty(t, string(out))
	out, err = exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold=15", here).CombinedOutput()
	assert.NoError(t, err, string(out))
}

// TestSecretFromAFile: as systemd's LoadCredential= gives it. A line's end in the file
// would be part of the secret.
func TestSecretFromAFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "splunk_token"), []byte("s3cret-of-a-file"), 0o600))
	cmd := exec.CommandContext(t.Context(), binary, "print-config", "--mode=unredacted", "--feature-gates=otelcol.printInitialConfig",
		"--config", defaultConfig, "--config", "../../examples/splunk.yaml",
		"--config", "yaml:{exporters: {splunk_hec: {token: '${file:${env:CREDENTIALS_DIRECTORY}/splunk_token}'}}}")
	cmd.Env = append(append(os.Environ(), exampleEnv...), "CREDENTIALS_DIRECTORY="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "token: s3cret-of-a-file\n")
}
