// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// freeDecompression is how much of a body may come of any number of compressed
// bytes: short bodies compress well, and harm nobody.
const freeDecompression = 1 << 20

// wireBody counts the bytes of a body as they come, outside of confighttp's
// decompression.
type wireBody struct {
	io.ReadCloser
	read atomic.Int64
}

// Read reads and counts.
func (b *wireBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

type boundKey struct{}

// ratioBound is what a request carries to where its decompressed body is read.
type ratioBound struct {
	wire  *wireBody
	limit int64
}

// boundRatio notes for compressed requests how much comes over the wire.
func boundRatio(next http.Handler, limit int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Encoding") != "" {
			wire := &wireBody{ReadCloser: r.Body}
			r = r.WithContext(context.WithValue(r.Context(), boundKey{}, ratioBound{wire: wire, limit: limit}))
			r.Body = wire
		}
		next.ServeHTTP(w, r)
	})
}

// ratioReader reads a decompressed body until it has grown too much.
type ratioReader struct {
	ratioBound
	body io.Reader
	read int64
}

// bodyOf is the body of a request, within the bound of its ratio.
func bodyOf(r *http.Request) io.Reader {
	bound, ok := r.Context().Value(boundKey{}).(ratioBound)
	if !ok {
		return r.Body
	}
	return &ratioReader{ratioBound: bound, body: r.Body}
}

// Read reads, and fails with a *ratioError.
func (r *ratioReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.read += int64(n)
	// Divided, not multiplied: the limit may be anything.
	if r.read > freeDecompression && r.read/r.limit > r.wire.read.Load() {
		return n, &ratioError{limit: r.limit}
	}
	return n, err
}

type ratioError struct{ limit int64 }

// Error says what was found.
func (e *ratioError) Error() string {
	return fmt.Sprintf("found a body that grows more than %d-fold by decompression, expected no more", e.limit)
}
