// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// archive makes lines of events with the ids from and up.
func archive(from, count int) (lines []string) {
	for i := range count {
		lines = append(lines, fmt.Sprintf(`{"event_type":"auth.failure","severity":"high","metadata":{"_integrity":"mine"},"event_id":"e-%d"}`, from+i))
	}
	return lines
}

func writeLines(t *testing.T, name string, lines []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	text := []byte(strings.Join(lines, "\n") + "\n")
	if strings.HasSuffix(name, ".gz") {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		_, err := w.Write(text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		text = zipped.Bytes()
	}
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

func TestReplayArchive(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	old, current := archive(1, 150), archive(151, 150)
	old[0] = strings.TrimSuffix(old[0], "}") + `,"_integrity":{"seq":1}}` // the sender's own, written without integrity
	sealed := make([]string, 0, len(current))
	var chain evidence.Chain
	for i, line := range current {
		text := strings.Replace(line, "}", `},"_integrity_":"theirs"`, 1)
		sealed = append(sealed, strings.TrimSpace(string(chain.Append([]byte(text), 0, time.Now()))))
		current[i] = strings.Replace(text, "_integrity_", "_integrity", 1)
	}
	stdout, _, err := run(t, "replay", "--url", url, writeLines(t, "old.jsonl.gz", old), writeLines(t, "current.jsonl", sealed))
	require.NoError(t, err)
	assert.Contains(t, stdout, "sent 300 events in 4 requests: 300 accepted, 0 refused")
	assert.Equal(t, append(old, current...), bodies(sink), "as they were, in their order, without what seals a line")
}

// TestReplayDeadLetters reads what the journal writes.
func TestReplayDeadLetters(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	events := archive(1, 2)
	letters := writeLines(t, "logs%2Fa.jsonl", []string{
		`{"time":"2025-01-27T10:30:00Z","destination":"logs/a","position":7,"reason":"no","status":400,"event":` + events[0] + `,"record":"CgA="}`,
		`{"time":"2025-01-27T10:30:00Z","destination":"logs/b","position":8,"reason":"no","event":` + events[1] + `,"record":"CgA="}`,
	})
	_, _, err := run(t, "replay", "--url", url, "--destination", "logs/b", letters)
	require.NoError(t, err)
	assert.Equal(t, events[1:], bodies(sink))
	_, _, err = run(t, "replay", "--url", url, letters)
	require.NoError(t, err)
	assert.Equal(t, append(events[1:2:2], events...), bodies(sink))
}

// TestReplayOwnOutput: a collector that writes the file is not fed for ever.
func TestReplayOwnOutput(t *testing.T) {
	lines := archive(1, 5000)
	path := writeLines(t, "a.jsonl", lines)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer file.Close()
	next, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		text := strings.Repeat(lines[0]+"\n", logs.LogRecordCount())
		_, err := file.WriteString(text)
		return err
	})
	require.NoError(t, err)
	stdout, _, err := run(t, "replay", "--url", receive(t, next, nil), writeLines(t, "old.jsonl.gz", lines), path)
	require.NoError(t, err)
	assert.Contains(t, stdout, "sent 10000 events")
}

func TestReplayRefused(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	lines := archive(1, 9)
	lines[4] = `{"severity":"high"}`
	lines[6] = `{"event_type":"torn`
	path := writeLines(t, "a.jsonl", lines)

	stdout, _, err := run(t, "replay", "--url", url, path)
	require.ErrorContains(t, err, path+":5: HTTP 400: ")
	require.ErrorContains(t, err, "event_type: found nothing, expected a non-empty string")
	require.ErrorContains(t, err, "\ngo on at "+path+":5: --from-line 5")
	assert.Contains(t, stdout, "4 accepted, 1 refused")
	assert.Equal(t, lines[:4], bodies(sink), "all before it")

	sink.Reset()
	_, _, err = run(t, "replay", "--url", url, "--from-line", "6", path)
	require.ErrorContains(t, err, path+":7: found no JSON object")
	assert.Equal(t, lines[5:6], bodies(sink))

	sink.Reset()
	stdout, stderr, err := run(t, "replay", "--url", url, "--skip-refused", path)
	require.ErrorContains(t, err, "2 events were refused, the first with: "+path+":5: ")
	assert.Contains(t, stdout, "sent 9 events in ")
	assert.Contains(t, stdout, "7 accepted, 2 refused")
	assert.Contains(t, stderr, path+":7: found no JSON object")
	assert.Equal(t, append(append(lines[:4:4], lines[5]), lines[7:]...), bodies(sink))
}

func TestReplayErrors(t *testing.T) {
	sink := new(consumertest.LogsSink)
	url := receive(t, sink, nil)
	good := writeLines(t, "a.jsonl", archive(1, 3))
	_, _, err := run(t, "replay", "--url", url, good, filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Empty(t, bodies(sink), "nothing is sent when a file is not there")

	torn := writeLines(t, "a.jsonl.gz", archive(1, 300))
	data, err := os.ReadFile(torn)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(torn, data[:len(data)-20], 0o600))
	_, _, err = run(t, "replay", "--url", url, torn)
	require.ErrorContains(t, err, "unexpected EOF")
	assert.NotEmpty(t, bodies(sink), "what could be read is sent")

	_, _, err = run(t, "replay", "--url", "http://127.0.0.1:1/", good)
	require.ErrorContains(t, err, "go on at "+good+":1: --from-line 1")
	_, _, err = run(t, "replay", "--from-line", "0", good)
	require.EqualError(t, err, "--from-line: found 0, expected at least 1")
}

// FuzzEventOf: whatever is in a file, a line gives an event that is JSON or an
// error, and a line without a seal comes out as it is.
func FuzzEventOf(f *testing.F) {
	f.Add([]byte(archive(1, 1)[0]))
	f.Add([]byte(`{"event_type":"a","_integrity":{"seq":1}}`))
	f.Add([]byte(`{"destination":"logs/a","record":"","event":{"event_type":"a"}}`))
	f.Add([]byte(`{"_integrity":1}`))
	f.Add([]byte(`{"_integrity_":1,"_integrity":{"seq":1,"at":"2025-01-27T12:00:00Z","prev":"` + strings.Repeat("0", 64) + `"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		event, _, err := eventOf(text)
		assert.Equal(t, before, text, "the line is not written to")
		if err == nil {
			assert.True(t, json.Valid(event), "%s", event)
		}
	})
}
