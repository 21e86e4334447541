// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package azuremonitorexporter sends security events to a table of a Log
// Analytics workspace, where Microsoft Sentinel sees them.
package azuremonitorexporter
