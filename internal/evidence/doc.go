// SPDX-License-Identifier: Apache-2.0

// Package evidence makes files of JSON lines tamper-evident, and proves that
// they are what was written.
//
// The files of one path are a series. Each line carries, as its last member,
// its number in the series and the SHA-256 of the line before:
//
//	{"event_type":"auth.failure","_integrity":{"seq":2,"at":"2025-01-27T10:30:00.25Z","prev":"9f86d0…"}}
//
// Each file that was put aside has a seal beside it, FILE.seal: a line of JSON
// with the numbers, hashes and times of its lines, chained to the seal before
// and signed with Ed25519. When a file has been removed on purpose, a second
// line in its seal says so, signed too.
package evidence
