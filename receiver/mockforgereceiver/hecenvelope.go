// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// The members of an envelope: Splunk's "Format events for HTTP Event Collector",
// section "Event metadata".
const (
	hecEvent  = "event"
	hecTime   = "time"
	hecFields = "fields"
)

var hecMetadata = [...]struct{ member, attr string }{
	{"host", eventlog.AttrSplunkHost},
	{"source", eventlog.AttrSplunkSource},
	{"sourcetype", eventlog.AttrSplunkSourcetype},
	{"index", eventlog.AttrSplunkIndex},
}

// envelope is one HEC object. Names are matched as they are, which a struct
// would not do.
type envelope map[string]json.RawMessage

// addEnvelopes adds the events of a request: envelopes one after the other. The
// batch is of no use when one is refused.
func addEnvelopes(batch *eventlog.Batch, data []byte, maxEvents int) *hecReply {
	decoder := json.NewDecoder(bytes.NewReader(data))
	e := make(envelope)
	for {
		clear(e)
		switch err := decoder.Decode(&e); {
		case errors.Is(err, io.EOF):
			if batch.Taken() == 0 {
				return &hecReply{hecCode: hecNoData, reason: string(eventlog.ReasonEmpty)}
			}
			return nil
		case err != nil || e == nil:
			return invalid(batch, eventlog.ReasonSyntax, "found no JSON object, expected an envelope")
		case batch.Taken() == maxEvents:
			refused := invalid(batch, eventlog.ReasonTooLarge, fmt.Sprintf("found more than %d events, expected no more in a request", maxEvents))
			refused.hecCode = hecInvalidFormat.as(http.StatusRequestEntityTooLarge)
			return refused
		}
		if refused := e.addTo(batch); refused != nil {
			at := batch.Taken()
			refused.event = &at
			return refused
		}
	}
}

func invalid(batch *eventlog.Batch, reason eventlog.Reason, detail string) *hecReply {
	at := batch.Taken()
	return &hecReply{hecCode: hecInvalidFormat, reason: string(reason), detail: detail, event: &at}
}

// addTo adds the event with what the envelope says of it. All of the envelope is
// read before, so that a refused one adds nothing.
func (e envelope) addTo(batch *eventlog.Batch) *hecReply {
	event, refused := e.event()
	if refused != nil {
		return refused
	}
	sent, err := hecTimeOf(e[hecTime])
	if err != nil {
		return &hecReply{hecCode: hecInvalidFormat, reason: string(eventlog.ReasonSyntax), detail: err.Error()}
	}
	metadata, err := e.metadata()
	if err != nil {
		return &hecReply{hecCode: hecInvalidFormat, reason: string(eventlog.ReasonSyntax), detail: err.Error()}
	}
	fields, err := readHECFields(e[hecFields])
	if err != nil {
		return &hecReply{hecCode: hecInvalidFields, reason: string(eventlog.ReasonSyntax), detail: err.Error()}
	}
	record, err := batch.Add(event, sent)
	switch {
	case errors.Is(err, eventlog.ErrDropped):
		return nil
	case err != nil:
		refused := undecodable(err)
		return &hecReply{hecCode: hecInvalidFormat.as(refused.status), reason: refused.reason, detail: refused.answer.Error}
	}
	attrs := record.Attributes()
	for i, m := range hecMetadata {
		if metadata[i] != "" {
			attrs.PutStr(m.attr, metadata[i])
		}
	}
	fields.putTo(attrs)
	if fields.capped {
		batch.Warn(attrs, eventlog.WarnSplunkFieldsCapped)
	}
	return nil
}

// event is the JSON of the event: an object as it is, or out of a string, which
// is how MockForge sends it.
func (e envelope) event() ([]byte, *hecReply) {
	raw, ok := e[hecEvent]
	switch {
	case !ok || string(raw) == "null":
		return nil, &hecReply{hecCode: hecEventRequired, reason: string(eventlog.ReasonEmpty)}
	case raw[0] != '"':
		return raw, nil
	case !utf8.Valid(raw):
		// Unquoting would replace it, which no sender would learn.
		return nil, &hecReply{hecCode: hecInvalidFormat, reason: string(eventlog.ReasonUTF8), detail: "event: found no UTF-8, expected UTF-8"}
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, &hecReply{hecCode: hecInvalidFormat, reason: string(eventlog.ReasonSyntax), detail: "event: found a broken string, expected JSON"}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &hecReply{hecCode: hecEventBlank, reason: string(eventlog.ReasonEmpty)}
	}
	return []byte(text), nil
}

func (e envelope) metadata() (values [len(hecMetadata)]string, err error) {
	for i, m := range hecMetadata {
		raw, ok := e[m.member]
		if !ok {
			continue
		}
		if err := json.Unmarshal(raw, &values[i]); err != nil || len(values[i]) > maxHECText {
			return values, fmt.Errorf("%s: found something else, expected a string of at most %d bytes", m.member, maxHECText)
		}
	}
	return values, nil
}

// hecTimeOf reads seconds since 1970, as a number or a string with or without
// decimals; zero when there is none. Later than the year 2262, which
// milliseconds in the place of seconds would be, is no time.
func hecTimeOf(raw json.RawMessage) (time.Time, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" {
		return time.Time{}, nil
	}
	// A float64 has not enough digits for nanoseconds; ParseDuration does not go
	// by one.
	since, err := time.ParseDuration(text + "s")
	if err != nil || strings.Trim(text, "0123456789.") != "" {
		return time.Time{}, errors.New("time: found no time, expected seconds since 1970, such as 1737973800.25")
	}
	return time.Unix(0, int64(since)).UTC(), nil
}
