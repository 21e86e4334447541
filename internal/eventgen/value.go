// SPDX-License-Identifier: Apache-2.0

package eventgen

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// value appends a JSON value that is drawn for an event.
type value func(g *Generator, dst []byte) []byte

// field is a member of metadata.
type field struct {
	name  string
	value value
}

// oneOf draws one of texts that need no escape in JSON. One that stands there
// twice is drawn twice as often.
func oneOf(texts ...string) value {
	return func(g *Generator, dst []byte) []byte {
		return append(append(append(dst, '"'), texts[g.random.IntN(len(texts))]...), '"')
	}
}

// listOf draws one or two of texts, as an array.
func listOf(texts ...string) value {
	return func(g *Generator, dst []byte) []byte {
		first := g.random.IntN(len(texts))
		dst = append(dst, `["`+texts[first]+`"`...)
		if second := (first + 1) % len(texts); g.random.IntN(2) == 0 {
			dst = append(dst, `,"`+texts[second]+`"`...)
		}
		return append(dst, ']')
	}
}

// number draws a whole number from low to high.
func number(low, high int) value {
	return func(g *Generator, dst []byte) []byte {
		return strconv.AppendInt(dst, int64(low+g.random.IntN(high-low+1)), 10)
	}
}

// tenths draws a number with one decimal from 0 to high.
func tenths(high int) value {
	return func(g *Generator, dst []byte) []byte {
		return strconv.AppendFloat(dst, float64(g.random.IntN(10*high+1))/10, 'f', 1, 64)
	}
}

// sometimes draws true in so many of 100.
func sometimes(percent int) value {
	return func(g *Generator, dst []byte) []byte {
		return strconv.AppendBool(dst, g.random.IntN(100) < percent)
	}
}

// numbered draws an id: a name and four digits.
func numbered(name string) value {
	return func(g *Generator, dst []byte) []byte {
		dst = append(dst, `"`+name...)
		return append(strconv.AppendInt(dst, int64(1000+g.random.IntN(9000)), 10), '"')
	}
}

// hex64 draws an id: a name and 64 bits.
func hex64(name string) value {
	return func(g *Generator, dst []byte) []byte {
		var id [8]byte
		binary.BigEndian.PutUint64(id[:], g.random.Uint64())
		return append(hex.AppendEncode(append(dst, `"`+name...), id[:]), '"')
	}
}

// later draws a time up to so many days after the event.
func later(days int) value {
	return func(g *Generator, dst []byte) []byte {
		return appendTime(dst, g.at.AddDate(0, 0, 1+g.random.IntN(days)).Truncate(time.Hour))
	}
}

// null is the value of what an event lacks.
func null(_ *Generator, dst []byte) []byte { return append(dst, "null"...) }
