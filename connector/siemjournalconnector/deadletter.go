// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/journal"
)

// deadLetter is one line of a dead-letter file.
type deadLetter struct {
	Time        time.Time `json:"time"`
	Destination string    `json:"destination"`
	// Position is the event's number in the journal.
	Position uint64 `json:"position"`
	// Reason is the destination's answer, Status its HTTP status, if any.
	Reason string `json:"reason"`
	Status int    `json:"status,omitempty"`
	// Event is the event's JSON; Record is OTLP's LogsData with the whole record.
	Event  json.RawMessage `json:"event,omitempty"`
	Record []byte          `json:"record"`
}

// deadLetters is the dead-letter file of one destination.
type deadLetters struct {
	mu   sync.Mutex
	path string
}

// newDeadLetters names the file. A pipeline's name has a slash.
func newDeadLetters(dir, destination string) *deadLetters {
	return &deadLetters{path: filepath.Join(dir, "dead-letter", url.PathEscape(destination)+".jsonl")}
}

// bury appends a line and syncs it.
func (d *deadLetters) bury(l deadLetter) error {
	if logs, err := decode([][]byte{l.Record}); err == nil && logs.LogRecordCount() == 1 {
		if body := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body(); body.Type() == pcommon.ValueTypeMap {
			l.Event = eventlog.AppendJSON(nil, body)
		}
	}
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	if err = errors.Join(appendLine(f, line), f.Close(), journal.SyncDir(filepath.Dir(d.path))); err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	return nil
}

// appendLine appends a line whole or not at all, and not to a torn one.
func appendLine(f *os.File, line []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if info.Size() > 0 {
		if _, err := f.ReadAt(last, info.Size()-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err = f.Write(append(line, '\n')); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(info.Size()))
	}
	return nil
}

// replay hands each dead letter to again and puts the file aside. It begins by
// taking the file away, so that what is refused again meanwhile is not lost in
// it. After an error the next replay goes on where this one ended. Lines that
// are no dead letters are skipped and stay in the file.
func (d *deadLetters) replay(again func(deadLetter) error) (replayed, skipped int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.path + ".replaying"
	if _, statErr := os.Stat(taken); errors.Is(statErr, fs.ErrNotExist) {
		if err := os.Rename(d.path, taken); errors.Is(err, fs.ErrNotExist) {
			return 0, 0, nil
		} else if err != nil {
			return 0, 0, err
		}
	}
	data, err := os.ReadFile(taken) //nolint:gosec // in the folder of the settings
	if err != nil {
		return 0, 0, fmt.Errorf("reading dead letters: %w", err)
	}
	for rest := data; len(rest) > 0; {
		line, behind, _ := bytes.Cut(rest, []byte{'\n'})
		var l deadLetter
		if json.Unmarshal(line, &l) != nil || len(l.Record) == 0 {
			skipped += min(len(line), 1)
		} else if err := again(l); err != nil {
			return replayed, skipped, errors.Join(err, journal.ReplaceFile(taken, rest))
		} else {
			replayed++
		}
		rest = behind
	}
	aside := d.path + ".replayed-" + time.Now().UTC().Format("20060102T150405.000000000Z")
	return replayed, skipped, os.Rename(taken, aside)
}
