// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

const (
	newFileMode      = 0o600
	newDirectoryMode = 0o700
)

// claim makes the folder and takes the lock, once.
func (w *file) claim() error {
	if w.lock != nil {
		return nil
	}
	if w.cfg.CreateDirectory {
		if err := os.MkdirAll(filepath.Dir(w.cfg.Path), newDirectoryMode); err != nil {
			return fmt.Errorf("making the folder: %w", err)
		}
	}
	path, err := resolve(w.cfg.Path)
	if err != nil {
		return fmt.Errorf("looking for the folder: %w", err)
	}
	lock := flock.New(path+".lock", flock.SetPermissions(newFileMode))
	locked, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("locking the file: %w", err)
	}
	if !locked {
		return fmt.Errorf("path: found %s in use by another exporter or process, expected a file of its own", w.cfg.Path)
	}
	archive, err := newArchive(path, w.cfg.Rotation)
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	archive.keep, archive.key, archive.removed = w.keep, w.key, w.observer.removed
	w.path, w.lock, w.archive = path, lock, archive
	return nil
}

// resolve follows symbolic links, so that a file has one lock whatever it is
// called, and that rotation moves the file and not a link to it.
func resolve(path string) (string, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target, nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// openOrMake gives a new file the mode, whatever the umask is; the mode of one
// that is there stays.
func openOrMake(path string, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0) //nolint:gosec // the file of the settings
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	f, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the file of the settings
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
