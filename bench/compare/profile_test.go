// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMerge adds up, and leaves out where the program was.
func TestMerge(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for n := range 2 {
		m := &profile.Mapping{ID: 1, Start: 0x1000, Limit: 0x2000, File: "/somewhere/bin/otelcol-mockforge"}
		l := &profile.Location{ID: 1, Mapping: m, Address: 0x1100}
		p := &profile.Profile{
			SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}},
			Mapping:    []*profile.Mapping{m}, Location: []*profile.Location{l},
			Sample: []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{int64(n + 1)}}},
		}
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		files = append(files, filepath.Join(dir, strconv.Itoa(n)))
		require.NoError(t, os.WriteFile(files[n], b.Bytes(), 0o600))
	}
	to := filepath.Join(dir, "sum")
	require.NoError(t, merge(to, files))
	sum, err := read(to)
	require.NoError(t, err)
	require.Len(t, sum.Sample, 1)
	assert.Equal(t, []int64{3}, sum.Sample[0].Value)
	assert.Equal(t, "otelcol-mockforge", sum.Mapping[0].File)
}
