// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cut returns the messages of a connection, those with an error marked.
func cut(r io.Reader, limit int) (messages []string, err error) {
	f := newFrames(r, limit)
	add := func(fr frame) {
		text := string(fr.data)
		if fr.err != nil {
			text = "!" + text + "! " + fr.err.Error()
		}
		messages = append(messages, text)
	}
	for {
		for {
			fr, ok, err := f.next()
			if err != nil {
				if fr, ok := f.tail(); ok {
					add(fr)
				}
				return messages, err
			}
			if !ok {
				break
			}
			add(fr)
		}
		if f.fill() != nil {
			if fr, ok := f.tail(); ok {
				add(fr)
			}
			return messages, nil
		}
	}
}

func TestFrames(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		want []string
		err  string
	}{
		"nothing":                        {in: ""},
		"line breaks alone":              {in: "\n\r\n\x00"},
		"lines":                          {in: "<1>a\n<2>b\n", want: []string{"<1>a", "<2>b"}},
		"cr lf":                          {in: "<1>a\r\n<2>b\r\n", want: []string{"<1>a", "<2>b"}},
		"nul before the line break":      {in: "<1>a\x00\n", want: []string{"<1>a"}},
		"empty lines":                    {in: "\n\n<1>a\n\n\n<2>b", want: []string{"<1>a", "<2>b"}},
		"end of stream":                  {in: "<1>a", want: []string{"<1>a"}},
		"lines and end of stream":        {in: "<1>a\n<2>b", want: []string{"<1>a", "<2>b"}},
		"octets":                         {in: "4 <1>a5 <2>bc", want: []string{"<1>a", "<2>bc"}},
		"octets with line breaks in":     {in: "6 <1>a\nb4 <2>b", want: []string{"<1>a\nb", "<2>b"}},
		"octets, line break counted":     {in: "5 <1>a\n4 <2>b", want: []string{"<1>a", "<2>b"}},
		"octets, line break not":         {in: "4 <1>a\n4 <2>b\n", want: []string{"<1>a", "<2>b"}},
		"digits begin a later line":      {in: "<1>a\n5 <2>b\n", want: []string{"<1>a", "5 <2>b"}},
		"octets cut short":               {in: "4 <1>a9 <2>b", want: []string{"<1>a", "!<2>b! found 4 bytes at the end of the connection, expected 9"}},
		"count cut short":                {in: "4 <1>a12", want: []string{"<1>a", "!12! octet count: found 2 bytes at the end of the connection, expected a count"}},
		"count and no more":              {in: "4 <1>a12 ", want: []string{"<1>a"}},
		"octets out of step":             {in: "4 <1>ab<2>b", want: []string{"<1>a", "!b<2>b! octet count: found byte 0x62 at its place 0, expected up to 10 digits and a space"}, err: "octet count: found byte 0x62 at its place 0"},
		"count too long":                 {in: "12345678901 <1>a", want: []string{"!12345678901 <1>a! octet count: found byte 0x31 at its place 10, expected up to 10 digits and a space"}, err: "expected up to 10 digits and a space"},
		"count too large":                {in: "9999999999 <1>a", want: []string{"!9999999999 <1>a! octet count: found 9999999999, expected at most 2147483647"}, err: "octet count"},
		"long line":                      {in: "<1>" + strings.Repeat("x", 30) + "\n<2>b\n", want: []string{"!<1>" + strings.Repeat("x", 17) + "! found a message of more than 20 bytes, expected at most 20", "<2>b"}},
		"long line to the end":           {in: "<1>" + strings.Repeat("x", 30), want: []string{"!<1>" + strings.Repeat("x", 17) + "! found a message of more than 20 bytes, expected at most 20"}},
		"line as long as may be":         {in: "<1>" + strings.Repeat("x", 17) + "\n<2>b\n", want: []string{"<1>" + strings.Repeat("x", 17), "<2>b"}},
		"many octets":                    {in: "33 <1>" + strings.Repeat("x", 30) + "4 <2>b", want: []string{"!<1>" + strings.Repeat("x", 17) + "! found a message of 33 bytes, expected at most 20", "<2>b"}},
		"as many octets as may be":       {in: "20 <1>" + strings.Repeat("x", 17) + "4 <2>b", want: []string{"<1>" + strings.Repeat("x", 17), "<2>b"}},
		"neither a count nor a priority": {in: "hello\n12\n", want: []string{"hello", "12"}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once":      strings.NewReader(tt.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"data and end": iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				got, err := cut(r, 20)
				if tt.err != "" {
					assert.ErrorContains(t, err, tt.err, how)
					if how == "byte by byte" {
						continue // what comes later is not read any more
					}
				} else {
					assert.NoError(t, err, how)
				}
				assert.Equal(t, tt.want, got, how)
			}
		})
	}
}

// TestFramesLargeMessages: the buffer grows as far as a message needs, and is
// used again.
func TestFramesLargeMessages(t *testing.T) {
	const size = 3 << 20
	large := "<1>" + strings.Repeat("x", size-3)
	got, err := cut(strings.NewReader(fmt.Sprintf("%d %s4 <2>b", size, large)), size)
	require.NoError(t, err)
	assert.True(t, len(got) == 2 && got[0] == large && got[1] == "<2>b")

	f := newFrames(strings.NewReader(strings.Repeat("<1>"+strings.Repeat("x", 700)+"\n", 10_000)), 1<<20)
	for f.fill() == nil {
		for {
			if _, ok, _ := f.next(); !ok {
				break
			}
		}
	}
	assert.Equal(t, maxReadBuffer, cap(f.buf))
}

// TestFramesByteByByte: a line is not looked through again for each byte, which
// would be half a terabyte here.
func TestFramesByteByByte(t *testing.T) {
	line := "<" + strings.Repeat("a", defaultMaxMessageSize-2)
	began := time.Now()
	got, err := cut(&pieces{data: []byte(line + "\n<b\n"), size: 1}, defaultMaxMessageSize)
	require.NoError(t, err)
	assert.Equal(t, []string{line, "<b"}, got)
	assert.Less(t, time.Since(began), 5*time.Second)
}

func TestFramesReadError(t *testing.T) {
	f := newFrames(io.MultiReader(strings.NewReader("<1>a\n<2>"), iotest.ErrReader(errors.New("reset"))), 20)
	require.NoError(t, f.fill())
	fr, ok, err := f.next()
	assert.True(t, ok)
	assert.NoError(t, err)
	assert.Equal(t, "<1>a", string(fr.data))
	assert.EqualError(t, f.fill(), "reset")
	fr, ok = f.tail()
	assert.True(t, ok)
	assert.Equal(t, "<2>", string(fr.data), "what came is not thrown away")
}

// FuzzFrames holds that how a stream is cut into reads changes nothing, that no
// message is larger than allowed, and that nothing whole is lost.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("<1>a\n<2>b"), 3)
	f.Add([]byte("4 <1>a5 <2>bc"), 1)
	f.Add([]byte("40 <1>a"), 2)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		const limit = 20
		want, wantErr := cut(bytes.NewReader(data), limit)
		got, gotErr := cut(&pieces{data: data, size: 1 + max(size, 0)%64}, limit)
		if wantErr != nil {
			require.Error(t, gotErr)
			return
		}
		require.NoError(t, gotErr)
		require.Equal(t, want, got)
		for _, m := range got {
			if !strings.HasPrefix(m, "!") {
				require.LessOrEqual(t, len(m), limit)
			}
		}
		if bytes.HasPrefix(data, []byte("<")) && !bytes.ContainsAny(data, "!") {
			for line := range bytes.SplitSeq(data, []byte("\n")) {
				if line = trimTrailer(bytes.TrimLeft(line, "\x00\r")); len(line) > 0 && len(line) < limit-1 {
					require.Contains(t, got, string(line))
				}
			}
		}
	})
}

// pieces gives its data in pieces of one size.
type pieces struct {
	data []byte
	size int
}

func (c *pieces) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.data[:min(len(c.data), c.size)])
	c.data = c.data[n:]
	return n, nil
}
