// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestCatalogue(t *testing.T) {
	table, _, err := run(t, "catalogue")
	require.NoError(t, err)
	golden(t, "catalogue.txt", table)
	list, _, err := run(t, "catalogue", "--format", "json")
	require.NoError(t, err)
	golden(t, "catalogue.json", list)
	_, _, err = run(t, "catalogue", "--format", "xml")
	require.EqualError(t, err, `--format: found "xml", expected table or json`)
}
