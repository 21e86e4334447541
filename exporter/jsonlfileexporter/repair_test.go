// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhole(t *testing.T) {
	long := `{"x":"` + strings.Repeat("x", 3*readAhead) + `"}`
	for _, tt := range []struct {
		name, in, want string
		unbroken       bool
	}{
		{name: "empty"},
		{name: "whole", in: "{}\n{\"a\":1}\n", want: "{}\n{\"a\":1}\n"},
		{name: "torn", in: "{}\n{\"a\":", want: "{}\n"},
		{name: "torn first line", in: `{"a":`},
		{name: "torn behind an inner brace", in: "{}\n{\"a\":{}", want: "{}\n"},
		{name: "torn behind a brace in a string", in: "{}\n{\"a\":\"}", want: "{}\n"},
		{name: "only the break is missing", in: "{}\n{\"a\":1}", want: "{}\n{\"a\":1}", unbroken: true},
		{name: "first line without a break", in: "{}", want: "{}", unbroken: true},
		{name: "zeros", in: "{}\n{\"a\":1\x00\x00\x00", want: "{}\n"},
		{name: "zeros alone", in: "\x00\x00\x00\x00"},
		{name: "no object", in: "{}\n12}", want: "{}\n"},
		{name: "long and torn", in: "{}\n" + long[:len(long)-1], want: "{}\n"},
		{name: "long and whole", in: "{}\n" + long, want: "{}\n" + long, unbroken: true},
		{name: "break at the edge", in: "{}\n" + strings.Repeat("x", readAhead), want: "{}\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			end, unbroken, err := whole(strings.NewReader(tt.in), int64(len(tt.in)))
			require.NoError(t, err)
			assert.Equal(t, tt.want, tt.in[:end])
			assert.Equal(t, tt.unbroken, unbroken)
		})
	}
	_, _, err := whole(strings.NewReader("127.0.0.1 localhost"), 19)
	assert.EqualError(t, err, `path: found a file that begins with "1", expected JSON objects, one on a line`)
}

// FuzzWhole: of a whole beginning nothing goes, whatever follows it, and what
// stays is followed by no part of a line.
func FuzzWhole(f *testing.F) {
	for _, seed := range []string{"", "{", "{}", `{"a":"}`, "\x00", "{}\n{", "\n", "}"} {
		f.Add([]byte(seed))
	}
	const before = "{\"n\":1}\n"
	f.Fuzz(func(t *testing.T, tail []byte) {
		data := append([]byte(before), tail...)
		end, unbroken, err := whole(bytes.NewReader(data), int64(len(data)))
		require.NoError(t, err)
		require.GreaterOrEqual(t, end, int64(len(before)))
		require.LessOrEqual(t, end, int64(len(data)))
		if unbroken {
			line := data[bytes.LastIndexByte(data, '\n')+1:]
			assert.True(t, json.Valid(line))
			assert.Equal(t, int64(len(data)), end)
			return
		}
		assert.Equal(t, byte('\n'), data[end-1])
		assert.NotContains(t, string(data[end:]), "\n", "no whole line is cut off")
	})
}

// TestCrashAtEveryByte: a process dies after any byte of a batch. The file is
// repaired, and when the journal gives the batch again every event is in it,
// on a line of its own.
func TestCrashAtEveryByte(t *testing.T) {
	var first, batch []byte
	for n := range 3 {
		first = fmt.Appendf(first, "{\"event_type\":\"auth.failure\",\"n\":%d}\n", n)
	}
	for n := 3; n < 7; n++ {
		batch = fmt.Appendf(batch, "{\"n\":%d,\"actor\":{\"username\":\"}é\\n{\"},\"list\":[{}]}\n", n)
	}
	dir := t.TempDir()
	for at := range len(batch) + 1 {
		path := filepath.Join(dir, fmt.Sprintf("%d.jsonl", at))
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(first), batch[:at]...), 0o600))
		w := open(t, testConfig(path))
		require.NoError(t, add(w, batch))
		require.NoError(t, w.close())

		counts := make(map[int]int)
		for _, n := range numbers(t, path) {
			counts[n]++
		}
		for n := range 7 {
			assert.Positive(t, counts[n], "event %d after a crash at byte %d", n, at)
			assert.LessOrEqual(t, counts[n], 2)
			if n < 3 {
				assert.Equal(t, 1, counts[n], "what was acknowledged is not touched")
			}
		}
	}
}
