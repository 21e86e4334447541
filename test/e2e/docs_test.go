// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestDocumentedSettings validates every block of YAML in the components'
// READMEs and the pages on destinations, alerts and scaling, on top of the default settings.
func TestDocumentedSettings(t *testing.T) {
	readmes, err := filepath.Glob("../../*/*/README.md")
	require.NoError(t, err)
	pages, err := filepath.Glob("../../docs/destinations/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	pages = append(pages, "../../docs/alerts.md", "../../docs/archive.md", "../../docs/scaling.md")
	blocks := 0
	for _, readme := range append(readmes, pages...) {
		text, err := os.ReadFile(readme)
		require.NoError(t, err)
		for i, block := range yamlBlock.FindAllSubmatch(text, -1) {
			blocks++
			t.Run(fmt.Sprintf("%s/%d", strings.TrimPrefix(readme, "../../"), i), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "block.yaml")
				require.NoError(t, os.WriteFile(file, block[1], 0o600))
				cmd := exec.CommandContext(t.Context(), binary, "validate", "--config", defaultConfig, "--config", file)
				cmd.Env = append(os.Environ(), exampleEnv...)
				out, err := cmd.CombinedOutput()
				assert.NoError(t, err, string(out))
			})
		}
	}
	assert.GreaterOrEqual(t, blocks, 6)
}
