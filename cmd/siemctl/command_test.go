// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const guideWebhook = `security:
  monitoring:
    siem:
      enabled: true
      protocol: "https"
      destinations:
        - url: "https://siem.example.com/api/v1/events"
          headers:
            Authorization: "Bearer ${SIEM_API_KEY}"
          retry:
            max_attempts: 3
`

func run(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := newCommand(func(string) (string, bool) { return "", false })
	var out, errs bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetArgs(args)
	err = cmd.Execute()
	return out.String(), errs.String(), err
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestConvert(t *testing.T) {
	source := write(t, guideWebhook)
	stdout, stderr, err := run(t, "convert", source)
	require.NoError(t, err)
	assert.Contains(t, stderr, "differs: "+source+":11:27: ")
	assert.Contains(t, stderr, "SIEM_API_KEY is not set here")
	assert.True(t, strings.HasPrefix(stdout, "# Made from config.yaml by siemctl convert"))
	assert.Contains(t, stdout, "# "+source+":11:27: ", "the report is in front")
	var made struct {
		Exporters map[string]struct {
			Headers map[string]string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(stdout), &made))
	assert.Equal(t, "Bearer ${env:SIEM_API_KEY}", made.Exporters["webhook/mf_0"].Headers["Authorization"])

	output := filepath.Join(t.TempDir(), "collector.yaml")
	_, _, err = run(t, "convert", source, "-o", output)
	require.NoError(t, err)
	written, err := os.ReadFile(output)
	require.NoError(t, err)
	assert.Equal(t, stdout, string(written))
	_, _, err = run(t, "convert", source, "-o", output)
	require.ErrorIs(t, err, os.ErrExist, "nothing is overwritten")
}

func TestLint(t *testing.T) {
	source := write(t, guideWebhook)
	stdout, _, err := run(t, "lint", source)
	require.NoError(t, err)
	assert.Contains(t, stdout, "1 destinations, 3 warnings")
	_, _, err = run(t, "lint", "--strict", source)
	require.ErrorContains(t, err, "expected none with --strict")

	source = write(t, strings.Replace(guideWebhook, "url:", "ulr:", 1))
	_, stderr, err := run(t, "lint", source)
	require.Error(t, err)
	assert.Contains(t, stderr, source+":7:11: ")
	assert.Contains(t, stderr, "did you mean url?")
}
