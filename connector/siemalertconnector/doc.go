// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package siemalertconnector watches events for what rules describe, over
// windows of event time, and emits an alert, itself an event, when one is met.
package siemalertconnector
