// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// line is a line of a file that holds an event.
type line struct {
	file   string
	number int // from 1
	event  []byte
}

// place is how compilers write it.
func (l *line) place() string { return fmt.Sprintf("%s:%d", l.file, l.number) }

// fileReader reads the lines of a file of JSON lines, plain or compressed by gzip.
type fileReader struct {
	name   string
	file   *os.File
	on     *countingReader
	lines  *bufio.Reader
	number int
}

type countingReader struct {
	io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

var gzipMagic = []byte{0x1f, 0x8b}

// openLines opens the first size bytes of a file. It tells gzip by what is in it,
// whatever the file's name is.
func openLines(name string, size int64) (*fileReader, error) {
	file, err := os.Open(filepath.Clean(name))
	if err != nil {
		return nil, err
	}
	r := &fileReader{name: name, file: file, on: &countingReader{Reader: io.LimitReader(file, size)}}
	r.lines = bufio.NewReaderSize(r.on, 1<<16)
	if magic, _ := r.lines.Peek(len(gzipMagic)); bytes.Equal(magic, gzipMagic) {
		unzipped, err := gzip.NewReader(r.lines)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
		}
		r.lines = bufio.NewReaderSize(unzipped, 1<<16)
	}
	return r, nil
}

func (r *fileReader) close() error { return r.file.Close() }

// next returns the next line that is not empty, and io.EOF behind the last one.
func (r *fileReader) next() (line, error) {
	for {
		text, err := r.lines.ReadBytes('\n')
		if len(text) == 0 && err != nil {
			if !errors.Is(err, io.EOF) {
				err = fmt.Errorf("%s:%d: %w", r.name, r.number+1, err)
			}
			return line{}, err
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return line{}, fmt.Errorf("%s:%d: %w", r.name, r.number+1, err)
		}
		r.number++
		if text = bytes.TrimSpace(text); len(text) > 0 {
			return line{file: r.name, number: r.number, event: text}, nil
		}
	}
}

// eventOf returns the event of a line: that of an archive, or of a dead letter of
// siem_journal. destination is the dead letter's, "" of an archive's.
func eventOf(text []byte) (event []byte, destination string, err error) {
	var parts struct {
		EventType   json.RawMessage `json:"event_type"`
		Destination string          `json:"destination"`
		Record      json.RawMessage `json:"record"`
		Event       json.RawMessage `json:"event"`
	}
	if json.Unmarshal(text, &parts) != nil {
		return nil, "", errors.New("found no JSON object, expected an event or a dead letter")
	}
	if parts.EventType == nil && parts.Record != nil && parts.Destination != "" {
		if parts.Event == nil {
			return nil, "", errors.New("event: found nothing, expected the event of the dead letter; its record is no MockForge event")
		}
		return parts.Event, parts.Destination, nil
	}
	return evidence.Event(text), "", nil
}
