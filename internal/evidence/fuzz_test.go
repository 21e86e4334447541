// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzSealFile: what is taken is what Sign writes, and only its own signature
// makes it hold.
func FuzzSealFile(f *testing.F) {
	a := newTestArchive(f, 2)
	a.entomb(a.files[0], testKey(1))
	for _, name := range a.files {
		f.Add(a.read(name + SealSuffix))
	}
	f.Add([]byte("{}\n"))
	f.Add([]byte("null\nnull\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSealFile(data)
		if err != nil {
			return
		}
		again := append(bytes.Clone(s.Line), '\n')
		assert.Equal(t, sha256.Sum256(s.Line), [32]byte(s.Hash))
		assert.True(t, bytes.HasPrefix(data, again), "each byte of the seal is read")
		if s.Check() != nil {
			return
		}
		line, err := s.Sign(testKey(1))
		require.NoError(t, err)
		assert.Equal(t, s.Line, line, "nobody else has signed here")
	})
}

// FuzzLink: a link is what appendLink writes and nothing else, and whatever an
// event holds, the line that is made of it has the chain's own link.
func FuzzLink(f *testing.F) {
	var c Chain
	f.Add([]byte(`{}`))
	f.Add(bytes.TrimSpace(c.Append([]byte(`{"a":1}`), 0, noon)))
	f.Add([]byte(`{"_integrity":{"seq":1,"at":"2025-01-27T12:00:00Z","prev":"` + strings.Repeat("0", 64) + `"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if l, ok := parseLink(line); ok {
			assert.True(t, bytes.HasSuffix(line, appendLink(nil, l)))
		}
		if len(line) < 2 || line[0] != '{' || line[len(line)-1] != '}' || bytes.ContainsRune(line, '\n') {
			return
		}
		c := Chain{Seq: 41, Hash: sha256.Sum256(line)}
		before := c
		text := c.Append(bytes.Clone(line), 0, noon)
		l, ok := parseLink(bytes.TrimSuffix(text, []byte{'\n'}))
		require.True(t, ok)
		assert.Equal(t, link{seq: 42, at: noon, prev: before.Hash}, l)
		after, ok := After(bytes.TrimSuffix(text, []byte{'\n'}))
		require.True(t, ok)
		assert.Equal(t, c, after)
	})
}

// FuzzScan: of lines in their chain, only the same lines hold.
func FuzzScan(f *testing.F) {
	var c Chain
	var text []byte
	for range 3 {
		start := len(text)
		text = c.Append(append(text, `{"n":1}`...), start, noon)
	}
	f.Add(text)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		extent, err := Scan(t.Context(), bytes.NewReader(data), new(Chain), &c)
		var broken *Broken
		if err != nil {
			require.ErrorAs(t, err, &broken)
			assert.LessOrEqual(t, broken.Line, uint64(bytes.Count(data, []byte{'\n'})+1))
			return
		}
		assert.Equal(t, text, data)
		assert.Equal(t, uint64(3), extent.Lines)
	})
}

// TestLongLines: a line takes no memory, however long it is, and its end may be
// anywhere in what is read at once.
func TestLongLines(t *testing.T) {
	for _, n := range []int{0, 100, 256<<10 - 200, 256<<10 - 100, 256 << 10, 3 << 20} {
		var c Chain
		text := c.Append([]byte(`{"x":"`+strings.Repeat("x", n)+`"}`), 0, noon)
		text = append(text, c.Append([]byte(`{}`), 0, noon)...)
		extent, err := Scan(t.Context(), bytes.NewReader(text), new(Chain), &c)
		require.NoError(t, err, n)
		assert.Equal(t, uint64(2), extent.Lines)
		assert.Equal(t, Hash(sha256.Sum256(text)), extent.ContentHash)
	}
	lines := newLineReader(strings.NewReader(strings.Repeat("x", 8<<20)))
	torn, err := lines.next()
	require.NoError(t, err)
	assert.True(t, torn)
	assert.LessOrEqual(t, cap(lines.tail), 2*maxLink)
}

func BenchmarkAppend(b *testing.B) {
	var c Chain
	event := []byte(`{"event_type":"auth.failure","padding":"` + strings.Repeat("x", 300) + `"}`)
	buf := make([]byte, 0, 1024)
	b.SetBytes(int64(len(event)))
	b.ReportAllocs()
	for b.Loop() {
		buf = c.Append(append(buf[:0], event...), 0, noon)
	}
}
