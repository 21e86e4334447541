// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package mockforgereceiver takes MockForge's security events.
package mockforgereceiver
