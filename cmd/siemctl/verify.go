// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mockforge/otelcol-mockforge/internal/evidence"
)

// errBroken is the one error that means exit code 1 of verify; others are of
// its use.
var errBroken = errors.New("broken: not every line is as it was written")

func newVerify() *cobra.Command {
	var keyFiles []string
	cmd := &cobra.Command{
		Use:   "verify [--public-key FILE] FILE…",
		Short: "Prove that files of jsonl_file with integrity are as they were written, or find the first line that is not",
		Long: `Prove that files of jsonl_file with integrity are as they were written, or find the
first line that is not. Give all files of a folder: siem-events*. Seals beside
them are found.

Exit codes: 0 proven, 1 broken, 2 not asked as it should be.`,
		Args: usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var keys []ed25519.PublicKey
			for _, file := range keyFiles {
				key, err := evidence.ReadPublicKey(file)
				if err != nil {
					return &usageError{fmt.Errorf("public-key: %w", err)}
				}
				keys = append(keys, key)
			}
			return verify(cmd, args, keys)
		},
	}
	cmd.Flags().StringArrayVar(&keyFiles, "public-key", nil, "public key in PEM that may have signed; again for each one more. Without it the key in the first seal is believed")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	return cmd
}

func verify(cmd *cobra.Command, paths []string, keys []ed25519.PublicKey) error {
	out := printer{w: cmd.OutOrStdout()}
	sum, err := evidence.Verify(cmd.Context(), paths, keys, out.finding)
	if err != nil {
		return &usageError{err}
	}
	if len(sum.Count) == 0 {
		return &usageError{errors.New("found no file of events, expected at least one")}
	}
	out.printf("%d lines in their place; files: %d proven, %d still open, %d removed on purpose, %d not read, %d broken\n", sum.Lines,
		sum.Count[evidence.Proven], sum.Count[evidence.Unsealed], sum.Count[evidence.Removed], sum.Count[evidence.NotRead], sum.Count[evidence.Wrong])
	for _, key := range sum.Keys {
		out.printf("signed by the key %s\n", evidence.Fingerprint(key))
	}
	if len(keys) == 0 && len(sum.Keys) > 0 {
		out.printf("NOTE: no --public-key was given: the key in the seals is believed, and anyone can sign again with a key of his own\n")
	}
	switch {
	case sum.Count[evidence.Wrong] > 0:
		return errBroken
	case out.err != nil: // nobody has read that it is proven
		return &usageError{out.err}
	default:
		return nil
	}
}

// printer keeps the first error of writing.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) finding(f evidence.Finding) {
	place := f.Path
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	p.printf("%s: %s: %s\n", place, f.State, f.Text)
}

// usageError is a mistake in how a command was called.
type usageError struct{ error }

// Unwrap returns the mistake.
func (e *usageError) Unwrap() error { return e.error }

func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return &usageError{err}
		}
		return nil
	}
}

// exitCode is 2 for mistakes in how verify was called, and 1 for all else.
func exitCode(err error) int {
	var mistake *usageError
	if errors.As(err, &mistake) {
		return 2
	}
	return 1
}
