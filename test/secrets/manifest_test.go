// SPDX-License-Identifier: Apache-2.0

package secrets

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var ourType = regexp.MustCompile(`(?m)^type: (\S+)$`)

// manifest lists the types of our components, by their metadata.
func manifest(t *testing.T) (types []string) {
	t.Helper()
	files, err := filepath.Glob("../../*/*/metadata.yaml")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		m := ourType.FindSubmatch(data)
		require.NotNil(t, m, file)
		types = append(types, string(m[1]))
	}
	require.NotEmpty(t, types)
	return types
}
