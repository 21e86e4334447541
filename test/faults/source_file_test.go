// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fileLines is how many lines a file has when it is rotated.
const fileLines = 1000

// fileSender appends lines to a file that the collector reads, and renames it
// every now and then. A line that is written counts as acknowledged: nobody
// will write it again.
type fileSender struct {
	t    *testing.T
	path string

	mu      sync.Mutex
	file    *os.File
	lines   int
	rotated int
}

func newFileSender(t *testing.T, path string) *fileSender {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	return &fileSender{t: t, path: path}
}

func (s *fileSender) write(_ context.Context, keys []key) (out, taken int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(); err != nil {
		s.t.Error(err)
		return 0, 0
	}
	var lines strings.Builder
	for _, k := range keys {
		lines.WriteString(eventOf(k, time.Now()) + "\n")
	}
	if _, err := s.file.WriteString(lines.String()); err != nil {
		s.t.Error(err)
		return 0, 0
	}
	s.lines += len(keys)
	return len(keys), len(keys)
}

// ready opens the file, a new one after a rotation.
func (s *fileSender) ready() error {
	if s.file != nil && s.lines%fileLines == 0 {
		if err := s.file.Close(); err != nil {
			return err
		}
		s.file = nil
		s.rotated++
		if err := os.Rename(s.path, fmt.Sprintf("%s.%d", s.path, s.rotated)); err != nil {
			return err
		}
	}
	if s.file != nil {
		return nil
	}
	var err error
	s.file, err = os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

func (s *fileSender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close() // it was written
	}
}
