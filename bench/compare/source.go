// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mockforge/otelcol-mockforge/bench/compare/events"
	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
)

// seed of the events.
const seed = 9

// source is a file of events and what the job makes of them.
type source struct {
	path   string
	events int
	kept   map[string]uint64 // by id: the hash of the event as it must come out
	one    string            // file with one kept event alone
}

// source returns a file of so many events; each is made once.
func (b *bench) source(count int) (s *source, err error) {
	if made := b.sources[count]; made != nil {
		return made, nil
	}
	s = &source{path: filepath.Join(b.dir, fmt.Sprintf("in-%d.jsonl", count)), events: count, kept: make(map[string]uint64)}
	f, err := os.Create(s.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, g := bufio.NewWriterSize(f, 1<<20), events.New(seed)
	for range count {
		line := append(g.Next(), '\n')
		if _, err := w.Write(line); err != nil {
			return nil, err
		}
		id, hash, keep, err := expect(line)
		if err != nil {
			return nil, err
		}
		if !keep {
			continue
		}
		if s.kept[id] = hash; s.one == "" {
			s.one = s.path + ".one"
			if err := os.WriteFile(s.one, line, 0o600); err != nil {
				return nil, err
			}
		}
	}
	b.sources[count] = s
	return s, w.Flush()
}

// jsonEvent is an event as the standard library has it.
type jsonEvent = map[string]any

// expect says what must become of an event. It is the job in plain Go, beside
// the ways that are measured.
func expect(line []byte) (id string, hash uint64, keep bool, err error) {
	var e jsonEvent
	if err := json.Unmarshal(line, &e); err != nil {
		return "", 0, false, err
	}
	eventType, severity := e["event_type"].(string), e["severity"].(string)
	category, _, _ := strings.Cut(eventType, ".")
	metadata := e["metadata"].(jsonEvent)
	if !slices.Contains([]string{"auth", "authz", "security"}, category) || severity == "low" || metadata["environment"] != "production" {
		return "", 0, false, nil
	}
	ranked, _ := event.ParseSeverity(severity)
	lists := e["compliance"].(jsonEvent)
	for _, framework := range guide {
		all := lists[framework.List].([]any)
		controls, _ := framework.Controls(eventType, ranked)
		for _, control := range controls {
			if !slices.Contains(all, any(control)) {
				all = append(all, control)
			}
		}
		lists[framework.List] = all
	}
	id, hash, err = digest(e)
	return id, hash, true, err
}

var (
	guide    = compliance.Guide()
	hashSeed = maphash.MakeSeed()
)

// digest returns the id of an event and a hash of all it says, whatever the
// order of its members.
func digest(e jsonEvent) (string, uint64, error) {
	metadata, ok := e["metadata"].(jsonEvent)
	if !ok {
		return "", 0, fmt.Errorf("metadata: found %T, expected an object", e["metadata"])
	}
	id, ok := metadata["request_id"].(string)
	if !ok {
		return "", 0, fmt.Errorf("metadata.request_id: found %T, expected a string", metadata["request_id"])
	}
	sorted, err := json.Marshal(e)
	return id, maphash.Bytes(hashSeed, sorted), err
}

// check compares an output with what the job makes of the source: the same
// events, each once, each with the same content.
func (s *source) check(path string) error {
	data, err := os.ReadFile(path) //nolint:gosec // a file of ours
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(s.kept))
	for line := range bytes.Lines(data) {
		var e jsonEvent
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", len(seen)+1, err)
		}
		id, hash, err := digest(e)
		if err != nil {
			return fmt.Errorf("line %d: %w", len(seen)+1, err)
		}
		expected, keep := s.kept[id]
		switch {
		case !keep:
			return fmt.Errorf("line %d: found event %s, expected it to be dropped", len(seen)+1, id)
		case seen[id]:
			return fmt.Errorf("line %d: found event %s again, expected it once", len(seen)+1, id)
		case hash != expected:
			return fmt.Errorf("line %d: found %s, expected event %s with its tags and else unchanged", len(seen)+1, line, id)
		}
		seen[id] = true
	}
	if len(seen) != len(s.kept) {
		return fmt.Errorf("found %d events, expected %d", len(seen), len(s.kept))
	}
	return nil
}
