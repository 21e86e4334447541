// SPDX-License-Identifier: Apache-2.0

// Package eventgen makes MockForge events that look like real ones, for trying
// a collector and for measuring one. Nothing in them is anybody's: names are made
// up, and addresses are private or set aside for documentation (RFC 5737).
package eventgen
