// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/journal"
)

const cursorsVersion = 1

// cursor is how far one destination has come. Position is where it began plus
// the other counts.
type cursor struct {
	// Position is the number of the next event.
	Position uint64 `json:"position"`
	// Began is the position at which the cursor was made or set.
	Began     uint64 `json:"began"`
	Delivered uint64 `json:"delivered"`
	// Filtered, Sampled and RateLimited were dropped by a siem_filter on the way.
	Filtered     uint64 `json:"filtered"`
	Sampled      uint64 `json:"sampled"`
	RateLimited  uint64 `json:"rate_limited"`
	DeadLettered uint64 `json:"dead_lettered"`
	Damaged      uint64 `json:"damaged"`
	// Others were appended again for another destination.
	Others uint64 `json:"others"`
	// Gone is when the destination went from the settings.
	Gone *time.Time `json:"gone,omitempty"`
}

// cursors are the cursors of one journal, in memory and in a file. A change is
// in memory at once and in the file by save: what was delivered in between is
// delivered again after a crash.
type cursors struct {
	path string

	mu      sync.Mutex
	byName  map[string]cursor
	end     uint64 // of the journal, as far as it is known to have been
	changed bool
}

type cursorsFile struct {
	Version int               `json:"version"`
	End     uint64            `json:"end"`
	Cursors map[string]cursor `json:"cursors"`
}

func loadCursors(dir string) (*cursors, error) {
	c := &cursors{path: filepath.Join(dir, "cursors.json"), byName: make(map[string]cursor)}
	data, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the cursors: %w", err)
	}
	var file cursorsFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", c.path, err)
	}
	if file.Version != cursorsVersion {
		return nil, fmt.Errorf("%s: found version %d, expected %d: written by another release; nothing was changed", c.path, file.Version, cursorsVersion)
	}
	if file.Cursors != nil {
		c.byName = file.Cursors
	}
	c.end = file.End
	return c, nil
}

func (c *cursors) get(name string) (cursor, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cur, ok := c.byName[name]
	return cur, ok
}

func (c *cursors) update(name string, change func(*cursor)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	cur := c.byName[name]
	change(&cur)
	c.byName[name] = cur
	c.changed = true
}

// bounds returns the lowest position, and the number that the journal has come
// to at least: damage at its very end would look like a torn write otherwise.
func (c *cursors) bounds() (lowest, end uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.boundsLocked()
}

func (c *cursors) boundsLocked() (lowest, end uint64) {
	first := true
	end = c.end
	for _, cur := range c.byName {
		if first || cur.Position < lowest {
			lowest = cur.Position
		}
		end = max(end, cur.Position)
		first = false
	}
	return lowest, end
}

// setEnd notes how far the journal has come.
func (c *cursors) setEnd(end uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = c.changed || end != c.end
	c.end = end
}

// missing marks cursors whose destination is not among names as gone, and drops
// those that have been for longer than grace. It returns both.
func (c *cursors) missing(names map[string]bool, now time.Time, grace time.Duration) (gone, forgotten []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, cur := range c.byName {
		switch {
		case names[name]:
			cur.Gone = nil
		case cur.Gone == nil:
			cur.Gone = &now
			gone = append(gone, name)
		case now.Sub(*cur.Gone) > grace:
			delete(c.byName, name)
			forgotten = append(forgotten, name)
			continue
		default:
			gone = append(gone, name)
		}
		c.byName[name] = cur
	}
	c.changed = true
	return gone, forgotten
}

// save writes the file where anything has changed: a new one, synced, in the
// place of the old one. It returns the lowest position in it.
func (c *cursors) save() (lowest uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lowest, _ = c.boundsLocked()
	if !c.changed {
		return lowest, nil
	}
	data, err := json.MarshalIndent(cursorsFile{Version: cursorsVersion, End: c.end, Cursors: c.byName}, "", "  ")
	if err != nil {
		return 0, err
	}
	if err := journal.ReplaceFile(c.path, data); err != nil {
		return 0, fmt.Errorf("saving the cursors: %w", err)
	}
	c.changed = false
	return lowest, nil
}
