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
	if err == nil || errors.As(err, &refused) && refused.Reason == eventlog.ReasonEmpty {
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
	clear(f.open)
	return errors.Join(errs...)
}

// handOver returns when the pipeline has the lines or has refused them for good,
// as it would again. Otherwise the checkpoint must not move past them.
func (f *files) handOver(path string, b *fileBatch) error {
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
