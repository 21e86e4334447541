// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package mockforgeencodingextension writes log records as the JSON events of
// MockForge's guide, one on a line.
package mockforgeencodingextension
