// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/plog"
)

// Options bound and complete what is decoded.
type Options struct {
	// MaxEventSize is the largest event in bytes of JSON; 0 for no limit.
	MaxEventSize int
	// MaxEvents is the most events in one batch; 0 for no limit.
	MaxEvents int
	// Environment is the deployment.environment.name of events that name none.
	Environment string
	// RedactCredentials replaces credentials in actor.username.
	RedactCredentials bool
	// AssignUIDs gives each record that has no log.record.uid one.
	AssignUIDs bool
	// Early drops events before a record is made of them; nil keeps all.
	Early Early
}

// Decoder makes log records of JSON events. It is safe for concurrent use.
type Decoder struct {
	options  Options
	scanners sync.Pool
}

// NewDecoder returns a Decoder.
func NewDecoder(options Options) *Decoder {
	return &Decoder{options: options, scanners: sync.Pool{New: func() any { return new(scanner) }}}
}

// Batch collects the records of one request.
type Batch struct {
	decoder  *Decoder
	observed time.Time
	logs     plog.Logs
	count    int
	warned   map[string]int64
	scratch  plog.LogRecord
	sent     time.Time
	uids     uids

	drops        Early
	head         Head // of the event at hand
	dropped      []int64
	droppedCount int

	// Records of one producer stand together, those of the last one at hand.
	last      producer
	records   plog.LogRecordSlice
	producers map[producer]plog.LogRecordSlice
}

// NewBatch starts an empty batch of events that arrived at the given time.
func (d *Decoder) NewBatch(observed time.Time) *Batch {
	return &Batch{decoder: d, observed: observed, logs: plog.NewLogs(), scratch: plog.NewLogRecord(), drops: d.options.Early}
}

// Logs returns the records, grouped by producer.
func (b *Batch) Logs() plog.Logs { return b.logs }

// Len returns the number of events added.
func (b *Batch) Len() int { return b.count }

// Warnings counts the events that carry each word of AttrWarnings.
func (b *Batch) Warnings() map[string]int64 { return b.warned }

// AddAll adds the events of a request: one object, an array of objects, or
// objects one after the other with or without line breaks (NDJSON). The error
// is an *Error with the index of the first event that is refused; the batch is
// then of no use.
func (b *Batch) AddAll(data []byte) error {
	if int64(len(data)) > math.MaxInt32 {
		return &Error{Reason: ReasonTooLarge, Found: fmt.Sprintf("%d bytes", len(data)), Expected: "less than 2 GiB"}
	}
	s, _ := b.decoder.scanners.Get().(*scanner)
	defer b.decoder.release(s)
	if err := b.addAll(s, data); err != nil {
		return indexed(err, b.Taken())
	}
	return nil
}

// Add adds the one event of a message, and returns its record. Sent is when its
// envelope says that it was sent, which stands in for a missing timestamp; it
// may be zero. After an error, which is an *Error or ErrDropped, the batch may go
// on.
func (b *Batch) Add(data []byte, sent time.Time) (plog.LogRecord, error) {
	s, _ := b.decoder.scanners.Get().(*scanner)
	defer b.decoder.release(s)
	b.sent = sent
	record, err := b.addOne(s, data)
	if err == ErrDropped { //nolint:errorlint // it is never wrapped, and asking costs more than the event
		return record, err
	}
	if err != nil {
		b.scratch = plog.NewLogRecord() // it may be half filled
		return record, indexed(err, -1)
	}
	return record, nil
}

func (b *Batch) addOne(s *scanner, data []byte) (record plog.LogRecord, err error) {
	pos := skipSpace(data, skipBOM(data))
	if pos == len(data) {
		return record, &Error{Reason: ReasonEmpty, Offset: pos, Found: "nothing", Expected: "a JSON object"}
	}
	if err = b.scan(s, data, pos); err != nil {
		return record, err
	}
	if behind := skipSpace(data, s.pos); behind < len(data) {
		return record, &Error{Reason: ReasonSyntax, Offset: behind, Found: describe(data, behind), Expected: "nothing after the object"}
	}
	return b.read(s, data)
}

// indexed adds to an error which event it is about.
func indexed(err error, index int) error {
	var refused *Error
	if errors.As(err, &refused) {
		refused.Index = index
	}
	return err
}

// release keeps a scanner for the next request, unless one huge event has made
// its tape huge too.
func (d *Decoder) release(s *scanner) {
	const maxKept = 1 << 14
	s.data = nil
	if cap(s.tape) <= maxKept {
		d.scanners.Put(s)
	}
}

const utf8BOM = "\xEF\xBB\xBF"

func skipBOM(data []byte) int {
	if strings.HasPrefix(string(data[:min(len(data), len(utf8BOM))]), utf8BOM) {
		return len(utf8BOM)
	}
	return 0
}

func (b *Batch) addAll(s *scanner, data []byte) error {
	pos := skipSpace(data, skipBOM(data))
	if pos == len(data) {
		return &Error{Reason: ReasonEmpty, Offset: pos, Found: "nothing", Expected: "a JSON object, an array of objects, or NDJSON"}
	}
	if data[pos] == '[' {
		return b.addArray(s, data, pos+1)
	}
	for pos < len(data) {
		if err := b.add(s, data, pos); err != nil {
			return err
		}
		pos = skipSpace(data, s.pos)
	}
	return nil
}

func (b *Batch) addArray(s *scanner, data []byte, pos int) error {
	pos = skipSpace(data, pos)
	if pos < len(data) && data[pos] == ']' {
		return endOfArray(data, pos+1)
	}
	for {
		if err := b.add(s, data, pos); err != nil {
			return err
		}
		pos = skipSpace(data, s.pos)
		if pos < len(data) && data[pos] == ']' {
			return endOfArray(data, pos+1)
		}
		if pos == len(data) || data[pos] != ',' {
			return &Error{Reason: ReasonSyntax, Offset: pos, Found: describe(data, pos), Expected: "',' or ']' after an element"}
		}
		pos = skipSpace(data, pos+1)
	}
}

func endOfArray(data []byte, pos int) error {
	if pos = skipSpace(data, pos); pos < len(data) {
		return &Error{Reason: ReasonSyntax, Offset: pos, Found: describe(data, pos), Expected: "nothing after the array"}
	}
	return nil
}

// add scans and adds the event that begins at pos.
func (b *Batch) add(s *scanner, data []byte, pos int) error {
	if limit := b.decoder.options.MaxEvents; limit > 0 && b.Taken() == limit {
		return &Error{
			Reason: ReasonTooLarge, Offset: pos,
			Found: fmt.Sprintf("more than %d events", limit), Expected: fmt.Sprintf("at most %d in a request", limit),
		}
	}
	if err := b.scan(s, data, pos); err != nil {
		return err
	}
	if _, err := b.read(s, data); err != nil && err != ErrDropped { //nolint:errorlint // it is never wrapped
		return err
	}
	return nil
}

// read makes a record of what was scanned.
func (b *Batch) read(s *scanner, data []byte) (plog.LogRecord, error) {
	root := s.tape[0]
	if err := check(data, root); err != nil {
		return plog.LogRecord{}, err
	}
	if err := b.early(s, data); err != nil {
		return plog.LogRecord{}, err
	}
	r := reader{record: b.scratch, redact: b.decoder.options.RedactCredentials, keys: &s.keys}
	r.scanned = scanned{event: string(data[root.start:root.end]), base: root.start, tape: s.tape}
	if err := r.read(s, b.observed, b.sent); err != nil {
		return plog.LogRecord{}, err
	}
	return b.keep(&r), nil
}

// scan looks no further than the largest event goes.
func (b *Batch) scan(s *scanner, data []byte, pos int) error {
	limit := b.decoder.options.MaxEventSize
	if limit <= 0 || len(data)-pos <= limit {
		return s.scan(data, pos)
	}
	err := s.scan(data[:pos+limit], pos)
	if err != nil && s.pos == pos+limit {
		return &Error{
			Reason: ReasonTooLarge, Offset: pos,
			Found: fmt.Sprintf("an event of more than %d bytes", limit), Expected: "no more",
		}
	}
	return err
}

// check refuses what scanned as JSON but is no event.
func check(data []byte, root node) error {
	if root.kind != kindObject {
		return &Error{
			Reason: ReasonNotObject, Offset: int(root.start),
			Found: kindNames[root.kind], Expected: "a JSON object",
		}
	}
	if text := data[root.start:root.end]; !utf8.Valid(text) {
		return invalidUTF8(text, int(root.start))
	}
	return nil
}

func invalidUTF8(text []byte, offset int) error {
	i := 0
	for {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 {
			return &Error{Reason: ReasonUTF8, Offset: offset + i, Found: describe(text, i), Expected: "UTF-8"}
		}
		i += size
	}
}

func (b *Batch) keep(r *reader) plog.LogRecord {
	for _, word := range r.warnings {
		b.warn(word)
	}
	return b.append(r.record, r.from)
}
