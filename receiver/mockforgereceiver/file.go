// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/adapter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/attrs"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/matcher"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"
)

const (
	// tornLinePeriod is how long the beginning of a line may stand at the end of
	// a file unchanged until it counts as all there will ever be: its writer
	// died, or found the disk full.
	tornLinePeriod = time.Minute
	// fileGrace is how long a shutdown waits for a pipeline that cannot take
	// what was read.
	fileGrace = 2 * time.Second
	// fileReadBuffer is what is read of a file at once.
	fileReadBuffer = 64 << 10
)

// files reads files of JSON lines as they grow. The consumer moves its place in
// a file when emit returns, even with an error. So the checkpoint is saved only
// once the pipeline has all lines before it; where that fails, it is frozen.
type files struct {
	*intake
	build      func() (*fileconsumer.Manager, error)
	host       component.Host
	checkpoint *checkpoint
	ctx        context.Context // of handing over; outlives the consumer's own
	giveUp     context.CancelFunc
	stale      chan struct{} // asks for reading anew from the checkpoint
	wg         sync.WaitGroup

	running  sync.Mutex // held while the consumer begins or ends
	consumer *fileconsumer.Manager

	mu    sync.Mutex
	open  map[string]*fileBatch   // by path
	looks map[string]fileIdentity // what the paths led to in this look
}

// startFile begins to read files.
func (r *mockforgeReceiver) startFile(ctx context.Context, host component.Host, cfg *FileConfig) error {
	in, err := r.newIntake("file", "file", "jsonl", 0)
	if err != nil {
		return err
	}
	f := &files{
		intake: in, host: host, stale: make(chan struct{}, 1),
		open: make(map[string]*fileBatch), looks: make(map[string]fileIdentity),
	}
	f.ctx, f.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	f.build = func() (*fileconsumer.Manager, error) {
		return cfg.consumer(r.cfg.MaxEventSize).Build(r.settings.TelemetrySettings, f.emit, fileconsumer.WithSplitFunc(splitLines))
	}
	if f.consumer, err = f.build(); err != nil {
		return fmt.Errorf("reading files: %w", err)
	}
	client, err := adapter.GetStorageClient(ctx, host, cfg.Storage, r.settings.ID)
	if err != nil {
		return fmt.Errorf("opening the checkpoint of files: %w", err)
	}
	f.checkpoint = newCheckpoint(client, f.settle)
	if err := f.consumer.Start(f.checkpoint); err != nil {
		return errors.Join(fmt.Errorf("reading the checkpoint of files: %w", err), client.Close(ctx))
	}
	f.wg.Go(f.watch)
	r.ways = append(r.ways, f)
	cfg.tell(f.logger)
	return nil
}

// watch reads anew from the checkpoint whenever a file was overwritten.
func (f *files) watch() {
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.stale:
		}
		if err := f.restart(); err != nil {
			componentstatus.ReportStatus(f.host, componentstatus.NewFatalErrorEvent(fmt.Errorf("reading files anew: %w", err)))
		}
	}
}

func (f *files) restart() error {
	f.running.Lock()
	defer f.running.Unlock()
	if f.consumer == nil {
		return nil // it is over
	}
	f.logger.Info("a file was truncated while it was read; reading goes on from the checkpoint")
	if err := f.consumer.Stop(); err != nil {
		return err
	}
	clear(f.open)
	clear(f.looks)
	f.checkpoint.thaw()
	var err error
	if f.consumer, err = f.build(); err != nil {
		return err
	}
	return f.consumer.Start(f.checkpoint)
}

// consumer has the settings of the part that finds and reads the files.
func (cfg *FileConfig) consumer(maxEventSize int) *fileconsumer.Config {
	c := fileconsumer.NewConfig()
	c.Include, c.Exclude = cfg.Include, cfg.Exclude
	c.Resolver = attrs.Resolver{IncludeFilePath: true}
	c.PollInterval = cfg.PollInterval
	c.StartAt = string(cfg.StartAt)
	// A file that is smaller than what was read of it was truncated; unless it
	// was compressed, and is to be read on where it was.
	c.OnTruncate = fileconsumer.OnTruncateReadWholeFile
	if cfg.Compression == FileCompressionAuto {
		c.Compression = string(FileCompressionAuto)
		c.OnTruncate = fileconsumer.OnTruncateIgnore
	}
	c.Encoding = "nop" // "utf-8" would put U+FFFD in place of what is refused
	c.InitialBufferSize = fileReadBuffer
	// One byte more than an event may have, and the line break: what is cut here
	// is too large there.
	c.MaxLogSize = helper.ByteSize(maxEventSize + 1 + len("\r\n"))
	c.MaxLogSizeBehavior = fileconsumer.MaxLogSizeBehaviorTruncate
	c.FlushPeriod = tornLinePeriod
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

// shutdown ends reading. What the pipeline cannot take within the grace is read
// again after the next start.
func (f *files) shutdown(ctx context.Context) error {
	defer context.AfterFunc(ctx, f.giveUp)()
	defer time.AfterFunc(fileGrace, f.giveUp).Stop()
	f.running.Lock()
	err := f.consumer.Stop()
	f.consumer = nil
	f.running.Unlock()
	f.giveUp()
	f.wg.Wait()
	return errors.Join(err, f.checkpoint.Close(context.WithoutCancel(ctx)))
}
