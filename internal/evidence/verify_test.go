// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func public(n byte) ed25519.PublicKey { return testKey(n).Public().(ed25519.PublicKey) }

// TestProven: plain and compressed, whole series and single files.
func TestProven(t *testing.T) {
	a := newTestArchive(t, 3)
	a.compress(a.files[0])
	found, sum := a.verify(public(1))
	require.Len(t, found, 4)
	for i, f := range found {
		assert.Equal(t, []State{Proven, Proven, Proven, Unsealed}[i], f.State, f)
		assert.Zero(t, f.Line)
	}
	assert.Equal(t, uint64(11), sum.Lines)
	assert.Equal(t, []ed25519.PublicKey{public(1)}, sum.Keys)
	assert.Equal(t, seriesName, found[3].Path)
	assert.Equal(t, "still open: 2 lines are chained, and signed by nobody yet", found[3].Text)

	found, sum = a.verifyPaths([]string{filepath.Join(a.dir, a.files[1])})
	require.Len(t, found, 3, "of the others the seals alone")
	assert.Equal(t, NotRead, found[0].State)
	assert.Equal(t, Proven, found[1].State)
	assert.Equal(t, uint64(3), sum.Lines)
}

// TestRemoved: what retention removed is told from what somebody removed.
func TestRemoved(t *testing.T) {
	a := newTestArchive(t, 3)
	a.entomb(a.files[0], testKey(1))
	a.entomb(a.files[1], testKey(1))
	found, sum := a.verify(public(1))
	require.Len(t, found, 4)
	assert.Zero(t, sum.Count[Wrong], "%v", found)
	assert.Equal(t, Finding{State: Removed, Path: a.files[1], Text: "removed for retention at 2025-04-28T12:00:00Z: numbers 4 to 6, the newest of 2025-01-27T12:00:05Z"}, found[1])
}

// TestTampering has every way of it that comes to mind, and where it must be
// found.
func TestTampering(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tamper func(a *testArchive)
		path   int // of the closed file, or 3 for the open one
		line   uint64
		text   string
	}{
		{"a byte of an event", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte("auth"), []byte("auti"), 1); return l })
		}, 1, 2, "to which the next one is chained"},
		{"a byte of the first event", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[0] = bytes.Replace(l[0], []byte("auth"), []byte("auti"), 1); return l })
		}, 1, 1, "to which the next one is chained"},
		{"a byte of the last event", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[2] = bytes.Replace(l[2], []byte("auth"), []byte("auti"), 1); return l })
		}, 1, 3, "as sealed"},
		{"a time of arrival", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte {
				l[1] = bytes.Replace(l[1], []byte("12:00:04Z"), []byte("12:00:05Z"), 1)
				return l
			})
		}, 1, 2, "to which the next one is chained"},
		{"what a line is chained to", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[1][len(l[1])-5] ^= 1; return l })
		}, 1, 2, "chained to no line"},
		{"what a first line is chained to", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[0][len(l[0])-5] ^= 1; return l })
		}, 1, 1, "the last line before this file"},
		{"a number", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte {
				l[1] = bytes.Replace(l[1], []byte(`"seq":5`), []byte(`"seq":7`), 1)
				return l
			})
		}, 1, 2, "found number 7, expected 5"},
		{"a link removed", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[1] = []byte("{\"n\":5}\n"); return l })
		}, 1, 2, "found no _integrity at its end"},
		{"a line removed", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { return append(l[:1], l[2:]...) })
		}, 1, 2, "found number 6, expected 5: 1 lines are missing before it"},
		{"the first line removed", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { return l[1:] })
		}, 1, 1, "found number 5, expected 4"},
		{"lines swapped", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[0], l[1] = l[1], l[0]; return l })
		}, 1, 1, "found number 5, expected 4"},
		{"a line doubled", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { return append(l[:1], l[0], l[1], l[2]) })
		}, 1, 2, "found number 4, expected 5"},
		{"truncated by a line", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { return l[:2] })
		}, 1, 3, "found the end, expected 1 more lines"},
		{"truncated in a line", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[2] = l[2][:20]; return l })
		}, 1, 3, "without its break"},
		{"emptied", func(a *testArchive) { a.write(a.files[1], nil) }, 1, 1, "found the end, expected 3 more lines"},
		{"a line appended", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte {
				c, ok := After(bytes.TrimSpace(l[2]))
				require.True(a.t, ok)
				return append(l, c.Append([]byte(`{"n":9}`), 0, noon))
			})
		}, 1, 4, "expected the end: the seal ends with number 6"},
		{"a break made a space", func(a *testArchive) {
			a.change(a.files[1], func(l [][]byte) [][]byte { l[0][len(l[0])-1] = ' '; return l })
		}, 1, 1, "found number 5, expected 4"},
		{"a file removed", func(a *testArchive) { a.remove(a.files[1]) }, 1, 0, "found no file, expected one"},
		{"a file and its seal removed", func(a *testArchive) { a.remove(a.files[1], a.files[1]+SealSuffix) }, 2, 0, "found it to begin with number 7, expected 4"},
		{"the first file and its seal removed", func(a *testArchive) { a.remove(a.files[0], a.files[0]+SealSuffix) }, 1, 0, "found it to begin with number 4, expected 1"},
		{"the last file and its seal removed", func(a *testArchive) { a.remove(a.files[2], a.files[2]+SealSuffix) }, 3, 1, "found number 10, expected 7: 3 lines are missing before it"},
		{"a seal removed", func(a *testArchive) { a.remove(a.files[1] + SealSuffix) }, 1, 0, "found no seal, expected one, as the file is closed"},
		{"a seal edited", func(a *testArchive) {
			seal := a.read(a.files[1] + SealSuffix)
			a.write(a.files[1]+SealSuffix, bytes.Replace(seal, []byte("12:00:05Z"), []byte("12:00:06Z"), 1))
		}, 1, 0, "the seal: found a signature that is not that of its text and key"},
		{"a seal spaced", func(a *testArchive) {
			seal := a.read(a.files[1] + SealSuffix)
			a.write(a.files[1]+SealSuffix, bytes.Replace(seal, []byte(`{"`), []byte(`{ "`), 1))
		}, 1, 0, "found other text than is written of a seal"},
		{"seals exchanged", func(a *testArchive) {
			one, two := a.read(a.files[1]+SealSuffix), a.read(a.files[2]+SealSuffix)
			a.write(a.files[1]+SealSuffix, two)
			a.write(a.files[2]+SealSuffix, one)
		}, 1, 0, "found the seal of"},
		{"sealed again with another key", func(a *testArchive) {
			a.change(a.files[2], func(l [][]byte) [][]byte { return l[:2] })
			a.seals = a.seals[:2]
			a.seal(a.files[2], a.read(a.files[2]), testKey(2))
		}, 2, 0, "found it signed by the key " + Fingerprint(public(2))},
		{"a removal by another key", func(a *testArchive) { a.entomb(a.files[1], testKey(2)) }, 1, 0, "found it signed by the key " + Fingerprint(public(2))},
		{"the removal of another file", func(a *testArchive) {
			a.entomb(a.files[1], testKey(1))
			removal := bytes.SplitAfter(a.read(a.files[1]+SealSuffix), []byte{'\n'})[1]
			a.write(a.files[1]+SealSuffix, append(bytes.SplitAfter(a.read(a.files[2]+SealSuffix), []byte{'\n'})[0], removal...))
		}, 1, 0, "the removal: found that of the seal"},
		{"an event of the open file", func(a *testArchive) {
			a.change(seriesName, func(l [][]byte) [][]byte { l[0] = bytes.Replace(l[0], []byte("auth"), []byte("auti"), 1); return l })
		}, 3, 1, "to which the next one is chained"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, keys := range [][]ed25519.PublicKey{nil, {public(1)}} {
				a := newTestArchive(t, 3)
				tt.tamper(a)
				found, sum := a.verify(keys...)
				require.Positive(t, sum.Count[Wrong], "%v", found)
				var first Finding
				for _, f := range found {
					if f.State == Wrong {
						first = f
						break
					}
				}
				name := append(a.files, seriesName)[tt.path]
				assert.Contains(t, []string{name, name + SealSuffix}, first.Path)
				assert.Equal(t, tt.line, first.Line, "%v", first)
				assert.Contains(t, first.Text, tt.text)
			}
		})
	}
}

// TestResealed: with a key of one's own one can sign it all again. Only who
// knows the key sees it.
func TestResealed(t *testing.T) {
	a := newTestArchive(t, 2)
	a.seals = nil
	for _, name := range a.files {
		a.seal(name, a.read(name), testKey(2))
	}
	_, sum := a.verify()
	assert.Zero(t, sum.Count[Wrong])
	_, sum = a.verify(public(1))
	assert.Equal(t, 2, sum.Count[Wrong])
	_, sum = a.verify(public(1), public(2))
	assert.Zero(t, sum.Count[Wrong], "a key that was replaced")
}

// TestEveryByte: whatever byte of a closed file or its seal is changed, it is
// found; in the file, on that line or, where the change hides which, the next.
func TestEveryByte(t *testing.T) {
	a := newTestArchive(t, 2)
	for _, name := range []string{a.files[0], a.files[0] + SealSuffix} {
		text := a.read(name)
		for i := range text {
			changed := bytes.Clone(text)
			changed[i] ^= 1
			a.write(name, changed)
			found, sum := a.verify(public(1))
			require.Positive(t, sum.Count[Wrong], "byte %d of %s: %v", i, name, found)
			if name == a.files[0] {
				line := uint64(bytes.Count(text[:i], []byte{'\n'}) + 1)
				assert.Equal(t, line, found[0].Line, "byte %d: %v", i, found[0])
			}
		}
		a.write(name, text)
	}
}

// TestUnreadable: what is no gzip file is found, not an error of the command.
func TestUnreadable(t *testing.T) {
	a := newTestArchive(t, 1)
	a.compress(a.files[0])
	text := a.read(a.files[0] + GzipSuffix)
	for _, cut := range []int{0, 5, len(text) / 2, len(text) - 1} {
		a.write(a.files[0]+GzipSuffix, text[:cut])
		found, sum := a.verify(public(1))
		require.Equal(t, 1, sum.Count[Wrong], "%v", found)
		assert.Contains(t, found[0].Text, "reading")
	}
	a.write(a.files[0]+GzipSuffix, append(bytes.Clone(text), "appended"...))
	_, sum := a.verify(public(1))
	assert.Equal(t, 1, sum.Count[Wrong])
}

// TestEvent: what was chained comes back as it was, and nothing else is changed.
func TestEvent(t *testing.T) {
	var c Chain
	chain := func(text string) []byte {
		return bytes.TrimSuffix(c.Append([]byte(text), 0, noon), []byte{'\n'})
	}
	for _, event := range []string{`{}`, `{"a":1}`, `{"a":{"_integrity_":1},"b":"\"_integrity_"}`} {
		assert.Equal(t, event, string(Event(chain(event))))
	}
	assert.Equal(t, `{"_integrity":"mine","a":[{"_integrity__":3}],"_integrity_":{"b":1},"_integrity_x":2}`,
		string(Event(chain(`{"_integrity_":"mine","a":[{"_integrity__":3}],"_integrity__":{"b":1},"_integrity_x":2}`))))
	for _, other := range []string{`{"a":1,"_integrity":{"seq":1}}`, `{"a":1,"_integrity_":2}`, `{}`, ``} {
		assert.Equal(t, other, string(Event([]byte(other))), "a member of the sender's stays")
	}
}

func ExampleChain() {
	var c Chain
	line := c.Append([]byte(`{"event_type":"auth.failure"}`), 0, noon)
	fmt.Printf("%s", line)
	// Output: {"event_type":"auth.failure","_integrity":{"seq":1,"at":"2025-01-27T12:00:00Z","prev":"0000000000000000000000000000000000000000000000000000000000000000"}}
}
