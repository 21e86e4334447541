// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package compliancetagprocessor tags each event with the controls it is
// evidence for.
package compliancetagprocessor
