// SPDX-License-Identifier: Apache-2.0

//go:build faults

// Package faults proves that what was acknowledged arrives. It runs the real
// binary between a source that numbers its events and destinations that count
// them, does harm to it, and keeps the books. README.md says what counts.
package faults

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := results.print(os.Stdout, os.Getenv("FAULTS_TABLE")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// long picks a figure for the whole table or for its short form.
func long[T any](whole, short T) T {
	if os.Getenv("FAULTS") == "short" {
		return short
	}
	return whole
}
