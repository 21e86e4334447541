// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"net/http"
	"sync"
)

// maxKeptBuffer is the size up to which a request's buffer is used again.
const maxKeptBuffer = 1 << 20

// bodies reads the bodies of requests into buffers that are used again.
type bodies struct {
	buffers sync.Pool
}

func newBodies() *bodies {
	return &bodies{buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

// read hands the whole body to use, which must not keep it.
func (b *bodies) read(r *http.Request, use func(body []byte)) error {
	buf, _ := b.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxKeptBuffer {
			buf.Reset()
			b.buffers.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(bodyOf(r)); err != nil {
		return err
	}
	use(buf.Bytes())
	return nil
}
