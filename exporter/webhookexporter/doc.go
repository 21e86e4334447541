// SPDX-License-Identifier: Apache-2.0

//go:generate go tool -modfile=../../internal/tools/go.mod mdatagen metadata.yaml

// Package webhookexporter sends events as JSON by HTTP: to any server, to
// Datadog's logs intake, or to Google Cloud Logging.
package webhookexporter
