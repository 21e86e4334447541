// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc5424"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// syslogReader makes records of messages. It is for one goroutine.
type syslogReader struct {
	*intake
	machine syslog.Machine
}

func newSyslogReader(in *intake) *syslogReader {
	return &syslogReader{intake: in, machine: rfc5424.NewMachine()}
}

// errNoMessage is about a message that has a head alone.
var errNoMessage = notEvent("empty", "MSG: found nothing, expected a JSON object")

// maxEscapes is the most backslashes that structured data may have. The parser
// moves all that stands behind one, so its work grows with the square of them.
const maxEscapes = 1024

var errEscapes = notEvent("head", "STRUCTURED-DATA: found more than %d backslashes, expected no more", maxEscapes)

// add adds the record of one message that came from peer.
func (r *syslogReader) add(ctx context.Context, batch *eventlog.Batch, fr frame, peer string) {
	if fr.err != nil {
		r.text(ctx, batch, fr.data, fr.err, peer, nil)
		return
	}
	if escapes(fr.data) > maxEscapes {
		r.text(ctx, batch, fr.data, errEscapes, peer, nil)
		return
	}
	parsed, err := r.machine.Parse(fr.data)
	if err != nil {
		r.text(ctx, batch, fr.data, notEvent("head", "syslog: found no message of RFC 5424: %s", err), peer, nil)
		return
	}
	head, _ := parsed.(*rfc5424.SyslogMessage) // what this machine makes
	if head.Message == nil {
		r.text(ctx, batch, fr.data, errNoMessage, peer, head)
		return
	}
	var sent time.Time
	if head.Timestamp != nil {
		sent = *head.Timestamp
	}
	// MSG is the end of the message: cut out, not copied.
	record, err := batch.Add(fr.data[len(fr.data)-len(*head.Message):], sent)
	switch {
	case errors.Is(err, eventlog.ErrDropped):
		return
	case err != nil:
		r.text(ctx, batch, fr.data, fmt.Errorf("MSG: %w", err), peer, head)
		return
	}
	putHead(record.Attributes(), head, peer)
}

// text adds or drops a message that holds no event. It keeps the time and the
// severity that the head names.
func (r *syslogReader) text(ctx context.Context, batch *eventlog.Batch, data []byte, err error, peer string, head *rfc5424.SyslogMessage) {
	record, kept := r.unparsed(ctx, batch, string(data), err)
	if !kept {
		return
	}
	putHead(record.Attributes(), head, peer)
	if head == nil {
		return
	}
	record.SetSeverityNumber(syslogSeverities[*head.Severity])
	record.SetSeverityText(*head.SeverityShortLevel())
	if head.Timestamp != nil {
		record.SetTimestamp(pcommon.NewTimestampFromTime(*head.Timestamp))
	}
}

// syslogSeverities are the numbers of the log data model, appendix B.
var syslogSeverities = [8]plog.SeverityNumber{
	plog.SeverityNumberFatal, plog.SeverityNumberError3, plog.SeverityNumberError2, plog.SeverityNumberError,
	plog.SeverityNumberWarn, plog.SeverityNumberInfo2, plog.SeverityNumberInfo, plog.SeverityNumberDebug,
}

// putHead makes attributes of a message's head, named as in the log data model's
// example mappings.
func putHead(attrs pcommon.Map, head *rfc5424.SyslogMessage, peer string) {
	attrs.PutStr(eventlog.AttrPeerAddress, peer)
	if head == nil {
		return
	}
	attrs.PutInt(eventlog.AttrSyslogFacility, int64(*head.Facility))
	attrs.PutInt(eventlog.AttrSyslogSeverity, int64(*head.Severity))
	putString(attrs, eventlog.AttrSyslogHostname, head.Hostname)
	putString(attrs, eventlog.AttrSyslogAppName, head.Appname)
	putString(attrs, eventlog.AttrSyslogProcID, head.ProcID)
	putString(attrs, eventlog.AttrSyslogMsgID, head.MsgID)
	if head.StructuredData != nil {
		putStructuredData(attrs.PutEmptyMap(eventlog.AttrSyslogStructuredData), *head.StructuredData)
	}
}

func putString(attrs pcommon.Map, key string, value *string) {
	if value != nil {
		attrs.PutStr(key, *value)
	}
}

// maxStructured is the most elements, and parameters of each, that are indexed.
const maxStructured = 64

// putStructuredData sorts, since the parser keeps no order.
func putStructuredData(dst pcommon.Map, elements map[string]map[string]string) {
	for _, id := range firstKeys(elements) {
		params := dst.PutEmptyMap(id)
		for _, name := range firstKeys(elements[id]) {
			params.PutStr(name, elements[id][name])
		}
	}
}

func firstKeys[V any](m map[string]V) []string {
	keys := slices.Sorted(maps.Keys(m))
	return keys[:min(len(keys), maxStructured)]
}

// beforeStructured is how many fields stand before structured data.
const beforeStructured = 6

// escapes counts the backslashes of structured data (RFC 5424 section 6.3).
func escapes(message []byte) (n int) {
	for range beforeStructured {
		_, message, _ = bytes.Cut(message, []byte{' '})
	}
	for quoted, i := false, 0; i < len(message); i++ {
		switch c := message[i]; {
		case quoted && c == '\\':
			n++
			i++ // a quote there ends nothing
		case c == '"':
			quoted = !quoted
		case !quoted && (i == 0 || message[i-1] == ']') && c != '[':
			return n // no element begins: that was all
		}
	}
	return n
}
