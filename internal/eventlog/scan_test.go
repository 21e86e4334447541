// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSkipPlain finds what a look at each byte finds: each byte at each place,
// and behind each other one.
func TestSkipPlain(t *testing.T) {
	slow := func(data []byte, i int) int {
		for i < len(data) && plain[data[i]] {
			i++
		}
		return i
	}
	random := rand.New(rand.NewPCG(1, 2))
	for c := range 256 {
		for at := range 20 {
			data := make([]byte, 20)
			for i := range data {
				data[i] = byte(0x20 + random.IntN(224)) // some of them are special, too
			}
			data[at] = byte(c)
			for from := range data {
				require.Equal(t, slow(data, from), skipPlain(data, from), "%q from %d", data, from)
			}
			quiet := []byte("plain text, 20 bytes")
			quiet[at] = byte(c)
			require.Equal(t, slow(quiet, 0), skipPlain(quiet, 0), "%q", quiet)
		}
	}
}
