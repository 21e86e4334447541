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

// deadLetterPath is the file of a destination. A pipeline's name has a slash.
func deadLetterPath(dir, destination string) string {
	return filepath.Join(dir, "dead-letter", url.PathEscape(destination)+".jsonl")
}

// bury appends a line and syncs it.
func bury(dir string, l deadLetter) error {
	if logs, err := decode([][]byte{l.Record}); err == nil && logs.LogRecordCount() == 1 {
		if body := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body(); body.Type() == pcommon.ValueTypeMap {
			l.Event = eventlog.AppendJSON(nil, body)
		}
	}
	line, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	path := deadLetterPath(dir, l.Destination)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // in the folder of the settings
	if err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	if _, err = f.Write(append(line, '\n')); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close(), journal.SyncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("writing a dead letter: %w", err)
	}
	return nil
}

// exhume hands each dead letter of a destination to f, and puts the file aside
// when all went well. It returns how many there were.
func exhume(dir, destination string, f func(deadLetter) error) (int, error) {
	path := deadLetterPath(dir, destination)
	data, err := os.ReadFile(path) //nolint:gosec // in the folder of the settings
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading dead letters: %w", err)
	}
	count := 0
	for line := range bytes.Lines(data) {
		var l deadLetter
		if err := json.Unmarshal(line, &l); err != nil {
			return count, fmt.Errorf("%s: line %d: %w", path, count+1, err)
		}
		if err := f(l); err != nil {
			return count, err
		}
		count++
	}
	aside := fmt.Sprintf("%s.replayed-%s", path, time.Now().UTC().Format("20060102T150405.000000000Z"))
	return count, os.Rename(path, aside)
}
