// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/adapter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/attrs"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/matcher"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

const (
	// tornLinePeriod is how long the beginning of a line may stand at the end of
	// a file unchanged until it counts as all there will ever be: its writer
	// died, or found the disk full.
	tornLinePeriod = time.Minute
	// fileGrace is how long a shutdown waits for a pipeline that cannot take
	// what was read.
	fileGrace = 2 * time.Second
	// readBuffer is what is read of a file at once.
	readBuffer = 64 << 10
)

// files reads files of JSON lines as they grow. The consumer moves its place in
// a file when emit returns, even with an error; so emit returns when the
// pipeline has the lines, or the checkpoint is frozen.
type files struct {
	*intake
	consumer   *fileconsumer.Manager
	checkpoint *checkpoint
	ctx        context.Context // of handing over; outlives the consumer's own
	giveUp     context.CancelFunc
}

// startFile begins to read files.
func (r *mockforgeReceiver) startFile(ctx context.Context, host component.Host, cfg *FileConfig) error {
	in, err := r.newIntake("file", "jsonl", 0)
	if err != nil {
		return err
	}
	f := &files{intake: in}
	f.ctx, f.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	f.consumer, err = cfg.consumer(r.cfg.MaxEventSize).Build(r.settings.TelemetrySettings, f.emit, fileconsumer.WithSplitFunc(splitLines))
	if err != nil {
		return fmt.Errorf("reading files: %w", err)
	}
	client, err := adapter.GetStorageClient(ctx, host, cfg.Storage, r.settings.ID)
	if err != nil {
		return fmt.Errorf("opening the checkpoint of files: %w", err)
	}
	f.checkpoint = &checkpoint{Client: client}
	if err := f.consumer.Start(f.checkpoint); err != nil {
		return errors.Join(fmt.Errorf("reading the checkpoint of files: %w", err), client.Close(ctx))
	}
	r.ways = append(r.ways, f)
	cfg.tell(f.logger)
	return nil
}

// consumer has the settings of the part that finds and reads the files.
func (cfg *FileConfig) consumer(maxEventSize int) *fileconsumer.Config {
	c := fileconsumer.NewConfig()
	c.Include, c.Exclude = cfg.Include, cfg.Exclude
	c.Resolver = attrs.Resolver{IncludeFilePath: true}
	c.PollInterval = cfg.PollInterval
	c.StartAt = string(cfg.StartAt)
	if cfg.Compression == FileCompressionAuto {
		c.Compression = string(FileCompressionAuto)
	}
	c.Encoding = "nop" // "utf-8" would put U+FFFD in place of what is refused
	c.InitialBufferSize = readBuffer
	// One byte more than an event may have, and the line break: what is cut here
	// is too large there.
	c.MaxLogSize = helper.ByteSize(maxEventSize + 1 + len("\r\n"))
	c.MaxLogSizeBehavior = fileconsumer.MaxLogSizeBehaviorTruncate
	c.FlushPeriod = tornLinePeriod
	c.OnTruncate = fileconsumer.OnTruncateReadWholeFile
	return c
}

// tell says what a user may not have meant.
func (cfg *FileConfig) tell(logger *zap.Logger) {
	if cfg.Storage == nil {
		logger.Warn("files have no storage: after a restart they are read again as start_at says", zap.String("start_at", string(cfg.StartAt)))
	}
	found, err := matcher.New(matcher.Criteria{Include: cfg.Include, Exclude: cfg.Exclude})
	if err != nil {
		return // refused before
	}
	if _, err := found.MatchFiles(); err != nil {
		logger.Warn("no file to read yet", zap.Strings("include", cfg.Include), zap.Error(err))
	}
}

// splitLines finds the end of a line. An event that is complete needs none: no
// beginning of an object is an object.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, bytes.TrimSuffix(data[:i], []byte("\r")), nil
	}
	if atEOF && bytes.HasSuffix(data, []byte("}")) && json.Valid(data) {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// emit hands over lines of one file.
func (f *files) emit(_ context.Context, lines [][]byte, attributes map[string]any, _ int64, _ []int64) error {
	batch := f.decoder.NewBatch(time.Now())
	for _, line := range lines {
		_, err := batch.Add(line, time.Time{})
		var refused *eventlog.Error
		if errors.As(err, &refused) && refused.Reason == eventlog.ReasonEmpty {
			continue
		}
		if err != nil {
			f.unparsed(f.ctx, batch, string(line), err)
		}
	}
	if path, ok := attributes[attrs.LogFilePath].(string); ok {
		setPath(batch.Logs(), path)
	}
	err := f.push(f.ctx, batch)
	if f.ctx.Err() == nil {
		return nil // what the pipeline refuses for good, it would refuse again
	}
	if err != nil {
		f.checkpoint.freeze()
	}
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

// shutdown ends reading. What the pipeline cannot take within the grace is read
// again after the next start.
func (f *files) shutdown(ctx context.Context) error {
	defer context.AfterFunc(ctx, f.giveUp)()
	defer time.AfterFunc(fileGrace, f.giveUp).Stop()
	err := f.consumer.Stop()
	f.giveUp()
	return errors.Join(err, f.checkpoint.Close(context.WithoutCancel(ctx)))
}
