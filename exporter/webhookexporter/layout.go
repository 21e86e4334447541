// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"cmp"
	"context"
	"net/http"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// layout is what requests of a profile look like.
type layout struct {
	method      string
	url         string
	contentType string
	// before, between and behind stand around the entries of a body.
	before, between, behind string
	maxEvents               int // in a body
	maxBody                 int // bytes
	maxEntry                int // bytes; 0 is no limit but maxBody
	// entry appends a record.
	entry func(dst []byte, r record) []byte
	// authorize adds credentials to a request and returns them, so that they do
	// not come up in errors. nil where there are none but those of the settings.
	authorize func(ctx context.Context, header http.Header) (secret string, err *httpsend.Error)
	// refused tells the profile that its credentials were, and close that they
	// are needed no more. nil where it does not matter.
	refused, close func()
}

// newLayout returns the generic layout.
func newLayout(cfg *Config) *layout {
	l := &layout{
		method:      cmp.Or(cfg.Method, http.MethodPost),
		url:         cfg.ClientConfig.Endpoint,
		contentType: "application/json",
		maxEvents:   cfg.MaxEvents,
		maxBody:     cfg.MaxBodySize,
		entry: func(dst []byte, r record) []byte {
			return eventlog.AppendJSON(dst, r.object())
		},
	}
	switch cfg.Format {
	case FormatJSONArray:
		l.before, l.between, l.behind = "[", ",", "]"
	case FormatNDJSON:
		l.contentType, l.between, l.behind = "application/x-ndjson", "\n", "\n"
	default:
		l.maxEvents = 1
	}
	return l
}
