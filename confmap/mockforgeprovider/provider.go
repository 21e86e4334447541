// SPDX-License-Identifier: Apache-2.0

package mockforgeprovider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/siemconfig"
)

const (
	scheme = "mockforge"
	// maxFile bounds what is read.
	maxFile = 4 << 20
	// interval is how often a file is looked at. Contents are compared: a
	// mounted Kubernetes ConfigMap changes by a symbolic link.
	interval = time.Second
)

// NewFactory returns a factory of the provider with the scheme mockforge.
func NewFactory() confmap.ProviderFactory {
	return confmap.NewProviderFactory(func(set confmap.ProviderSettings) confmap.Provider {
		logger := set.Logger
		if logger == nil {
			logger = zap.NewNop()
		}
		return &provider{logger: logger, good: map[string]*siemconfig.Config{}}
	})
}

type provider struct {
	logger  *zap.Logger
	good    map[string]*siemconfig.Config // by path
	watches sync.WaitGroup
	cancels []context.CancelFunc
}

func (*provider) Scheme() string { return scheme }

// Retrieve translates the file. The Collector ends when a reload fails, so a file
// that became invalid gives what was good before.
func (p *provider) Retrieve(ctx context.Context, uri string, watcher confmap.WatcherFunc) (*confmap.Retrieved, error) {
	path, ok := strings.CutPrefix(uri, scheme+":")
	if !ok {
		return nil, fmt.Errorf("uri: found %q, expected %s:FILE or %s: alone", uri, scheme, scheme)
	}
	data, cfg, err := read(path)
	last := p.good[path]
	switch {
	case err != nil && last == nil:
		return nil, fmt.Errorf("reading MockForge's settings:\n%w", err)
	case err != nil:
		p.logger.Error("MockForge's settings are invalid; the old ones stay", zap.String("file", path), zap.Error(err))
		cfg = last
	default:
		for _, w := range cfg.Warnings {
			p.logger.Warn(w.String())
		}
	}
	p.good[path] = cfg
	var options []confmap.RetrievedOption
	if watcher != nil && path != "" {
		options = append(options, confmap.WithRetrievedClose(p.watch(ctx, path, data, watcher)))
	}
	return confmap.NewRetrieved(cfg.Collector(), options...)
}

// read gives the file's bytes also when they are invalid.
func read(path string) ([]byte, *siemconfig.Config, error) {
	source := siemconfig.Source{Name: path, Env: os.LookupEnv}
	if path != "" {
		data, err := readFile(path)
		if err != nil {
			return nil, nil, err
		}
		source.Data = data
	}
	cfg, err := siemconfig.Parse(source)
	return source.Data, cfg, err
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	err = errors.Join(err, f.Close())
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: found more than %d bytes, expected MockForge's config.yaml", path, maxFile)
	}
	return data, err
}

// watch calls the watcher once, when the file has other, valid contents.
func (p *provider) watch(ctx context.Context, path string, seen []byte, watcher confmap.WatcherFunc) confmap.CloseFunc {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancels = append(p.cancels, cancel)
	p.watches.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		reported := ""
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if data, err := readFile(path); err == nil && bytes.Equal(data, seen) {
				reported = ""
				continue
			}
			_, _, err := read(path)
			if err == nil {
				watcher(&confmap.ChangeEvent{})
				return
			}
			if err.Error() != reported {
				reported = err.Error()
				p.logger.Error("MockForge's settings became invalid; the old ones stay", zap.String("file", path), zap.Error(err))
			}
		}
	})
	return func(context.Context) error {
		cancel()
		return nil
	}
}

// Shutdown ends the watches.
func (p *provider) Shutdown(context.Context) error {
	for _, cancel := range p.cancels {
		cancel()
	}
	p.watches.Wait()
	return nil
}
