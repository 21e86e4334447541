// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/pprof/profile"
)

// profiling takes a CPU profile of the whole life of the collector.
const profiling = `extensions:
  pprof: {endpoint: "127.0.0.1:0", save_to_file: %q}
  file_storage: {directory: "${env:DIR}/checkpoints", create_directory: true}
service:
  extensions: [file_storage, pprof]
`

// profiles writes a CPU profile of each way of ours through each job, and
// cpu.pprof, which is all of them together.
func (b *bench) profiles(ctx context.Context) error {
	dir, err := filepath.Abs(b.profile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var files []string
	for _, j := range b.jobs() {
		s, err := b.source(j.events)
		if err != nil {
			return err
		}
		for i, c := range j.contenders[:2] { // ours
			file := filepath.Join(dir, fmt.Sprintf("%d-%s.pprof", len(files), []string{"direct", "durable"}[i]))
			fmt.Fprintf(os.Stderr, "%s, %s: %s\n", j.title, c.name, file)
			check := func(p *process) error { return countLines(p.out, len(s.kept)) }
			if _, _, err := b.work(ctx, j, c.with(fmt.Sprintf(profiling, file)), s.path, len(s.kept), check); err != nil {
				return fmt.Errorf("%s, %s: %w", j.title, c.name, err)
			}
			files = append(files, file)
		}
	}
	return merge(filepath.Join(dir, "cpu.pprof"), files)
}

// merge adds profiles up, without where the program was.
func merge(to string, files []string) error {
	var all []*profile.Profile
	for _, file := range files {
		one, err := read(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, one)
	}
	sum, err := profile.Merge(all)
	if err != nil {
		return err
	}
	for _, m := range sum.Mapping {
		m.File = filepath.Base(m.File)
	}
	var out bytes.Buffer
	if err := sum.Write(&out); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644) //nolint:gosec // it is to be committed
}

func read(file string) (*profile.Profile, error) {
	data, err := os.ReadFile(file) //nolint:gosec // it was written just now
	if err != nil {
		return nil, err
	}
	return profile.ParseData(data)
}
