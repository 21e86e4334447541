// SPDX-License-Identifier: Apache-2.0

// Package mockforge holds the distribution's proven configurations, so that what
// is generated from MockForge's settings is made of them and cannot drift.
package mockforge

import "embed"

// Configs are the default pipelines, otelcol-config.yaml, and the examples that
// go on top of them.
//
//go:embed otelcol-config.yaml examples/*.yaml
var Configs embed.FS
