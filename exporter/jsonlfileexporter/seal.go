// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// sealAll seals the files that have no seal yet: the one that was just put
// aside, and those that a crash kept from it. A compressed one was sealed before
// that, or written without integrity.
func (a *archive) sealAll(ctx context.Context, files []rotated, now time.Time) error {
	var errs []error
	for i := range files {
		r := &files[i]
		if r.sealed || !r.plain || ctx.Err() != nil {
			continue
		}
		err := a.seal(ctx, a.name(r.stamp), files[:i], now)
		var broken *evidence.Broken
		switch {
		case err == nil:
			r.sealed = true
		case errors.As(err, &broken) && broken.Unchained:
			// It was written without integrity, and is rotated as it was then.
		default:
			r.held = true
			errs = append(errs, fmt.Errorf("sealing %s: %w", a.name(r.stamp), err))
		}
	}
	return errors.Join(errs...)
}

// seal says in FILE.seal what a file is, as far as that holds. The seal is on
// the disk before it has its name.
func (a *archive) seal(ctx context.Context, path string, before []rotated, now time.Time) error {
	extent, err := scan(ctx, path)
	if err != nil {
		return err
	}
	seal := evidence.Seal{Series: a.series, File: filepath.Base(path), Extent: extent, ClosedAt: now.UTC()}
	for _, r := range slices.Backward(before) {
		if !r.sealed {
			continue
		}
		last, err := evidence.ReadSealFile(a.name(r.stamp) + evidence.SealSuffix)
		if err != nil {
			continue // siemctl verify says so of it; others are sealed all the same
		}
		seal.PreviousSeal = last.Hash
		break
	}
	line, err := seal.Sign(a.key)
	if err != nil {
		return err
	}
	return writeSeal(path+evidence.SealSuffix, path, append(line, '\n'))
}

func scan(ctx context.Context, path string) (_ evidence.Extent, err error) {
	f, err := evidence.Open(path)
	if err != nil {
		return evidence.Extent{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return evidence.Scan(ctx, f, nil, nil)
}

// entomb adds to a seal that its file is removed.
func (a *archive) entomb(r rotated, reason string, now time.Time) error {
	path := a.name(r.stamp) + evidence.SealSuffix
	seal, err := evidence.ReadSealFile(path)
	if err != nil {
		return fmt.Errorf("reading the seal %s: %w", path, err)
	}
	if err := seal.Check(); err != nil {
		return fmt.Errorf("keeping %s: %w", a.name(r.stamp), err)
	}
	if seal.Removal != nil {
		return nil // a crash came before the file went
	}
	line, err := evidence.Removal{RemovedSeal: seal.Hash, RemovedAt: now.UTC(), Reason: reason}.Sign(a.key)
	if err != nil {
		return err
	}
	return writeSeal(path, path, slices.Concat(seal.Line, []byte{'\n'}, line, []byte{'\n'}))
}

// newer returns of each file how many are at least as new. With integrity only
// those count that this key has sealed: else somebody's empty files would have the
// removal of others signed.
func (a *archive) newer(files []rotated) []int {
	counts := make([]int, len(files))
	n := 0
	for i, r := range slices.Backward(files) {
		counts[i] = n + 1
		if a.key == nil || a.cfg.MaxFiles > 0 && a.isOurs(r) {
			n++
		}
	}
	return counts
}

func (a *archive) isOurs(r rotated) bool {
	path := a.name(r.stamp)
	if !r.sealed {
		return false
	}
	seal, err := evidence.ReadSealFile(path + evidence.SealSuffix)
	return err == nil && seal.File == filepath.Base(path) &&
		bytes.Equal(seal.PublicKey, a.key.Public().(ed25519.PublicKey)) && seal.Check() == nil
}

// writeSeal writes a seal's file whole or not at all, with the mode of another
// file: who may read that may check it.
func writeSeal(path, as string, text []byte) error {
	info, err := os.Stat(as)
	if err != nil {
		return err
	}
	part := path + evidence.PartSuffix
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, newFileMode) //nolint:gosec // beside the rotated file
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, remove(part))
	}
	return syncDirectory(filepath.Dir(path))
}

// end returns the chain behind the files that were put aside.
func (a *archive) end() (evidence.Chain, error) {
	files, _, err := a.list()
	if err != nil {
		return evidence.Chain{}, err
	}
	for _, r := range slices.Backward(files) {
		if r.sealed {
			seal, err := evidence.ReadSealFile(a.name(r.stamp) + evidence.SealSuffix)
			if err == nil {
				return seal.End(), nil
			}
		}
		if !r.plain {
			continue
		}
		if chain, ok, err := lastLink(a.name(r.stamp)); err != nil || ok {
			return chain, err
		}
	}
	return evidence.Chain{}, nil
}

func lastLink(path string) (chain evidence.Chain, ok bool, err error) {
	f, err := os.Open(path) //nolint:gosec // a rotated file
	if err != nil {
		return chain, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return chain, false, err
	}
	return linkAt(f, info.Size())
}

// linkAt returns the chain behind the last line of a file of whole lines.
func linkAt(r io.ReaderAt, size int64) (chain evidence.Chain, ok bool, err error) {
	if size == 0 {
		return chain, false, nil
	}
	begin, err := lastBreak(r, size-1)
	if err != nil {
		return chain, false, err
	}
	line := make([]byte, size-1-begin)
	if _, err := r.ReadAt(line, begin); err != nil {
		return chain, false, fmt.Errorf("reading the last line: %w", err)
	}
	chain, ok = evidence.After(line)
	return chain, ok, nil
}

// resume finds where the chain goes on, once: what somebody does to the file
// while it is open shows in it then. A file that ends with no link was written
// without integrity, or by somebody else, and is put aside.
func (w *file) resume() error {
	if w.key == nil || w.resumed {
		return nil
	}
	chain, ok, err := linkAt(w.f, w.size)
	if err == nil && !ok && w.size > 0 {
		w.observer.unchained(w.path)
		return w.rotate()
	}
	if err == nil && !ok {
		chain, err = w.archive.end()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("finding the end of the chain: %w", err), w.put())
	}
	w.chain, w.resumed = chain, true
	return nil
}
