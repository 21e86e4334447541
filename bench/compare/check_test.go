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
)

// TestCheck: an output that is the job's passes, and each way to be wrong fails.
func TestCheck(t *testing.T) {
	const event = `{"event_type":"auth.failure","severity":"medium","metadata":{"request_id":"req-1","environment":"production","n":1},"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.2"]}}`
	const out = `{"severity":"medium","event_type":"auth.failure","metadata":{"n":1,"environment":"production","request_id":"req-1"},"compliance":{"soc2_cc":["CC6","CC4"],"iso27001":["A.9.2","A.9.4","A.12.4"]}}` + "\n"
	id, hash, keep, err := expect([]byte(event))
	require.NoError(t, err)
	require.True(t, keep)
	s := &source{kept: map[string]uint64{id: hash}}
	for _, tt := range []struct{ name, out, problem string }{
		{"right", out, ""},
		{"nothing", "", "found 0 events, expected 1"},
		{"twice", out + out, "again"},
		{"not to be kept", strings.ReplaceAll(out, "req-1", "req-2"), "expected it to be dropped"},
		{"another number", strings.ReplaceAll(out, `"n":1`, `"n":2`), "else unchanged"},
		{"a number as text", strings.ReplaceAll(out, `"n":1`, `"n":"1"`), "else unchanged"},
		{"a tag is missing", strings.ReplaceAll(out, `,"CC4"`, ""), "with its tags"},
		{"half a line", out[:50], "unexpected end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.WriteFile(path, []byte(tt.out), 0o600))
			if err := s.check(path); tt.problem == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.problem)
			}
		})
	}
}

func TestExpectDrops(t *testing.T) {
	const event = `{"event_type":"auth.failure","severity":"medium","metadata":{"request_id":"1","environment":"production"},"compliance":{"soc2_cc":[],"iso27001":[]}}`
	for _, change := range [][2]string{{"auth.failure", "authx.failure"}, {"auth.failure", "data.exported"}, {"medium", "low"}, {"production", "staging"}} {
		_, _, keep, err := expect([]byte(strings.Replace(event, change[0], change[1], 1)))
		require.NoError(t, err)
		assert.False(t, keep, change[1])
	}
}

func TestMedian(t *testing.T) {
	of := func(c cost) int64 { return c.peak }
	assert.EqualValues(t, 2, median([]cost{{peak: 3}, {peak: 1}, {peak: 2}}, of))
	assert.EqualValues(t, 3, median([]cost{{peak: 4}, {peak: 1}, {peak: 2}, {peak: 9}}, of))
}

func TestTablesReplaceThoseBefore(t *testing.T) {
	page := []byte("# A\n<!-- compare -->\nold\n<!-- /compare -->\nend\n")
	page, err := between(page, "compare", table{title: "T", header: []string{"", "x"}, rows: [][]string{{"ours", "1"}}}.String())
	require.NoError(t, err)
	assert.Equal(t, "# A\n<!-- compare -->\n**T.** \n\n|  | x |\n| --- | --- |\n| ours | 1 |\n<!-- /compare -->\nend\n", string(page))
	_, err = between(bytes.ReplaceAll(page, []byte("/compare"), nil), "compare", "")
	require.ErrorContains(t, err, "found no marks")
}
