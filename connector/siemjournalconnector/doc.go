// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package siemjournalconnector appends events to one log on disk and feeds each
// pipeline behind it from a durable cursor of its own.
package siemjournalconnector
