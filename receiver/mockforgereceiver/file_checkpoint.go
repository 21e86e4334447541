// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// checkpoint keeps how far the files are read. The consumer saves it after each
// look at the files, and once more when it is stopped.
type checkpoint struct {
	storage.Client
	settle func() error // hands over all that was read
	frozen atomic.Bool

	mu    sync.Mutex
	saved map[string][]byte // what was saved last, also where there is no storage
}

func newCheckpoint(client storage.Client, settle func() error) *checkpoint {
	return &checkpoint{Client: client, settle: settle, saved: make(map[string][]byte)}
}

// freeze keeps what was saved last. Lines since then are read again.
func (c *checkpoint) freeze() { c.frozen.Store(true) }

// thaw saves again, for a consumer that began from what was saved last.
func (c *checkpoint) thaw() { c.frozen.Store(false) }

func (c *checkpoint) isFrozen() bool { return c.frozen.Load() }

// Get returns what was saved last.
func (c *checkpoint) Get(ctx context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.saved[key]; ok {
		return value, nil
	}
	return c.Client.Get(ctx, key)
}

// Batch saves a checkpoint that may be saved and says something new.
func (c *checkpoint) Batch(ctx context.Context, ops ...*storage.Operation) error {
	if err := c.settle(); err != nil || ctx.Err() != nil && inexact(ops) {
		c.freeze()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen.Load() || len(ops) == 1 && bytes.Equal(ops[0].Value, c.saved[ops[0].Key]) {
		return nil
	}
	if err := c.Client.Batch(ctx, ops...); err != nil {
		return err
	}
	for _, op := range ops {
		if op.Type == storage.Set {
			c.saved[op.Key] = op.Value
		}
	}
	return nil
}

// inexact reports whether a look at the files that was interrupted may have
// moved too far. The place in plain text is that of the last line handed over;
// but of a gzip file it is the file's end whatever was read of it, and the
// consumer skips the rest of an overlong line before it has handed over its
// beginning.
func inexact(ops []*storage.Operation) bool {
	for _, op := range ops {
		if bytes.Contains(op.Value, []byte(`.gz`)) || bytes.Contains(op.Value, []byte(`"TruncateSkipping":true`)) {
			return true
		}
	}
	return false
}
