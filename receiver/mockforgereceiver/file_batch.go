// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/attrs"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const (
	// consumerLines is how many lines the consumer hands over at once while a
	// file has more; fewer are the last ones for now.
	consumerLines = 100
	// maxFileBatch and maxFileBatchSize are the lines and bytes of a file that
	// the pipeline gets at once.
	maxFileBatch     = 1000
	maxFileBatchSize = 4 << 20
)

// fileBatch has lines of one file that the pipeline does not have yet.
type fileBatch struct {
	*eventlog.Batch
	size int
}

// emit takes lines of one file. It is called for several files at once, but not
// for one.
func (f *files) emit(_ context.Context, lines [][]byte, attributes map[string]any, _ int64, _ []int64) error {
	path, _ := attributes[attrs.LogFilePath].(string)
	if f.checkpoint.isFrozen() {
		return errFrozen
	}
	b := f.take(path)
	for _, line := range lines {
		f.add(b, line)
	}
	if len(lines) < consumerLines || b.Len() >= maxFileBatch || b.size >= maxFileBatchSize {
		return f.handOver(path, b)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open[path] = b
	return nil
}

func (f *files) take(path string) *fileBatch {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.looks[path]; !known {
		if id, ok := identify(path); ok {
			f.looks[path] = id
		}
	}
	b, ok := f.open[path]
	if !ok {
		return &fileBatch{Batch: f.decoder.NewBatch(time.Now())}
	}
	delete(f.open, path)
	return b
}

func (f *files) add(b *fileBatch, line []byte) {
	b.size += len(line)
	_, err := b.Add(line, time.Time{})
	var refused *eventlog.Error
	if err == nil || errors.Is(err, eventlog.ErrDropped) || errors.As(err, &refused) && refused.Reason == eventlog.ReasonEmpty {
		return
	}
	f.unparsed(f.ctx, b.Batch, string(line), err)
}

// settle hands over what was read of all files. No file is being read then.
func (f *files) settle() error {
	var errs []error
	for path, b := range f.open {
		errs = append(errs, f.handOver(path, b))
	}
	for path := range f.looks {
		errs = append(errs, f.check(path))
	}
	clear(f.open)
	clear(f.looks)
	return errors.Join(errs...)
}

// errFrozen ends a look at the files whose lines come again.
var errFrozen = errors.New("reading ends here, and goes on from the checkpoint")

// check finds a file that was overwritten in this look at it: the reader, which
// only looks for that between looks, would take the place it had in the old
// content for one in the new, or in the copy. So nothing more is taken of this
// look, and the next one begins from the checkpoint.
func (f *files) check(path string) error {
	f.mu.Lock()
	id, known := f.looks[path]
	f.mu.Unlock()
	if !known || !id.overwritten(path) {
		return nil
	}
	f.checkpoint.freeze()
	select {
	case f.stale <- struct{}{}:
	default: // asked for already
	}
	return errFrozen
}

// handOver returns when the pipeline has the lines or has refused them for good,
// as it would again. Otherwise the checkpoint must not move past them.
func (f *files) handOver(path string, b *fileBatch) error {
	if err := f.check(path); err != nil {
		return err
	}
	setPath(b.Logs(), path)
	err := f.push(f.ctx, b.Batch)
	if err == nil || f.ctx.Err() == nil {
		return nil
	}
	f.checkpoint.freeze()
	return err
}

func setPath(logs plog.Logs, path string) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				record.Attributes().PutStr(eventlog.AttrLogFilePath, path)
			}
		}
	}
}
