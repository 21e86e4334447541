// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package jsonlfileexporter appends events to a file, one on a line, so that
// every line is a whole event whatever dies in between.
package jsonlfileexporter
