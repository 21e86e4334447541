// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"fmt"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// request is a body that is being put together.
type request struct {
	layout *layout
	body   []byte
	events int
	uid    string // of the one event in it
}

// add appends a record; false when the body is full. A record that no body can
// hold is an error.
func (r *request) add(rec record) (bool, *httpsend.Error) {
	l := r.layout
	if r.events == l.maxEvents {
		return false, nil
	}
	began := len(r.body)
	if r.events == 0 {
		r.body = append(r.body, l.before...)
	} else {
		r.body = append(r.body, l.between...)
	}
	start := len(r.body)
	r.body = l.entry(r.body, rec)
	size := len(r.body) - start
	switch {
	case l.maxEntry > 0 && size > l.maxEntry:
		r.body = r.body[:began]
		return false, tooLarge(size, l.maxEntry)
	case len(r.body)+len(l.behind) > l.maxBody:
		r.body = r.body[:began]
		if r.events == 0 {
			return false, tooLarge(size, l.maxBody-len(l.before)-len(l.behind))
		}
		return false, nil
	}
	r.events++
	r.uid = ""
	if r.events == 1 {
		r.uid = rec.uid()
	}
	return true, nil
}

func tooLarge(found, limit int) *httpsend.Error {
	return httpsend.NewRefused(fmt.Sprintf("the event is not sent: found %d bytes, expected at most %d", found, limit))
}

// finish returns the whole body.
func (r *request) finish() []byte { return append(r.body, r.layout.behind...) }

// reset begins another one. The last body is left alone: net/http may read it
// after the answer.
func (r *request) reset() {
	*r = request{layout: r.layout, body: make([]byte, 0, min(cap(r.body), maxHint))}
}

// maxHint bounds the memory that a large body makes the next one take.
const maxHint = 1 << 20
