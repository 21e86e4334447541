// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/stretchr/testify/require"
)

// checkpointed is how the checkpoint names a file, by its first bytes, and how
// far it is read. The database keeps older ones beside the last: the last is the
// farthest.
var checkpointed = regexp.MustCompile(`"first_bytes":"([A-Za-z0-9+/=]+)"\},"Offset":(\d+),`)

// linesBehindCheckpoint counts the lines of the source's files that the last
// checkpoint does not know as read: a process that begins there may read them
// again.
func (r *run) linesBehindCheckpoint() (lines int) {
	r.t.Helper()
	places := r.checkpoints()
	paths, err := filepath.Glob(r.collector.input() + "*")
	require.NoError(r.t, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(r.t, err)
		read := 0
		for head, offset := range places {
			if bytes.HasPrefix(data, []byte(head)) {
				read = max(read, offset)
			}
		}
		lines += bytes.Count(data[min(read, len(data)):], []byte("\n"))
	}
	return lines
}

// checkpoints returns the farthest place by a file's first bytes.
func (r *run) checkpoints() map[string]int {
	r.t.Helper()
	paths, err := filepath.Glob(filepath.Join(r.collector.dir, "checkpoints", "*"))
	require.NoError(r.t, err)
	places := make(map[string]int)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(r.t, err)
		for _, found := range checkpointed.FindAllSubmatch(data, -1) {
			head, err := base64.StdEncoding.DecodeString(string(found[1]))
			offset, offsetErr := strconv.Atoi(string(found[2]))
			if err == nil && offsetErr == nil { // else a page that is used again
				places[string(head)] = max(places[string(head)], offset)
			}
		}
	}
	return places
}
