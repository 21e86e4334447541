// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// The layout of a segment: internal/journal/frame.go. It is read here by other
// code, so that what the collector says of damage is held against something.
const (
	segmentHeader = 28
	frameHeader   = 32
)

// frame is one event in a segment, from one byte to another.
type frame struct {
	from, to int64
	seq      uint64
	key      key
}

type segment struct {
	path   string
	data   []byte
	frames []frame
}

// lastSegment reads the segment that is written to. No process may have it.
func (r *run) lastSegment() segment {
	r.t.Helper()
	paths, err := filepath.Glob(r.inJournal("*.segment"))
	require.NoError(r.t, err)
	require.NotEmpty(r.t, paths)
	s := segment{path: paths[len(paths)-1]}
	s.data, err = os.ReadFile(s.path)
	require.NoError(r.t, err)
	for from := segmentHeader; from+frameHeader <= len(s.data); {
		to := from + frameHeader + int(binary.LittleEndian.Uint32(s.data[from+4:]))
		if to > len(s.data) || string(s.data[from+1:from+3]) != "MF" {
			break // a torn tail
		}
		s.frames = append(s.frames, frame{
			from: int64(from), to: int64(to), seq: binary.LittleEndian.Uint64(s.data[from+8:]),
			key: r.keyIn(s.data[from+frameHeader : to]),
		})
		from = to
	}
	require.NotEmpty(r.t, s.frames)
	return s
}

func (r *run) keyIn(payload []byte) key {
	r.t.Helper()
	var unmarshaler plog.ProtoUnmarshaler
	logs, err := unmarshaler.UnmarshalLogs(payload)
	require.NoError(r.t, err)
	require.Equal(r.t, 1, logs.LogRecordCount())
	k, err := keyOf(eventlog.AppendJSON(nil, logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body()))
	require.NoError(r.t, err)
	return k
}

// noteDamage notes whose events stand between two bytes, for each destination
// that has not got them.
func (r *run) noteDamage(s segment, from, to int64) {
	r.t.Helper()
	data, err := os.ReadFile(r.inJournal("cursors.json"))
	require.NoError(r.t, err)
	var saved struct {
		Cursors map[string]struct{ Position uint64 }
	}
	require.NoError(r.t, json.Unmarshal(data, &saved))
	for name := range r.destinations() {
		position := saved.Cursors[name].Position
		for _, f := range s.frames {
			if f.from < to && f.to > from && f.seq >= position {
				r.hit[name] = append(r.hit[name], f.key)
			}
		}
	}
}
