// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/gzip"
)

// compress replaces a file by a gzip file. The original goes only when the
// other is whole, on the disk and in the folder. One that a crash has left
// beside its original is made again.
func compress(ctx context.Context, path string) error {
	part := path + partSuffix
	if err := compressTo(ctx, part, path); err != nil {
		return errors.Join(fmt.Errorf("compressing %s: %w", path, err), remove(part))
	}
	if err := os.Rename(part, path+gzipSuffix); err != nil {
		return errors.Join(fmt.Errorf("compressing %s: %w", path, err), remove(part))
	}
	if err := syncDirectory(filepath.Dir(path)); err != nil {
		return err
	}
	return os.Remove(path)
}

// remove removes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// compressTo writes and syncs the gzip file, with the mode and the time of the
// original.
func compressTo(ctx context.Context, to, from string) (err error) {
	in, err := os.Open(from) //nolint:gosec // a rotated file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, newFileMode) //nolint:gosec // beside the rotated file
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, &interruptible{ctx, in})
	err = errors.Join(err, z.Close())
	if err == nil {
		err = out.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// interruptible ends with an error when its context does, so that a shutdown
// need not wait for a large file.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// syncDirectory makes the names in a folder durable. Windows has no such thing.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path) //nolint:gosec // the folder of the settings
	if err != nil {
		return fmt.Errorf("syncing the folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("syncing the folder: %w", err)
	}
	return nil
}
