// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package siemfilterprocessor passes on the events that the guide's filters
// ask for.
package siemfilterprocessor
