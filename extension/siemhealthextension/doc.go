// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package siemhealthextension says which destinations take events, and where each
// event went: as JSON, as a page and as metrics.
package siemhealthextension
