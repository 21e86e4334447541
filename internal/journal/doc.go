// SPDX-License-Identifier: Apache-2.0

// Package journal is a log on disk: payloads are appended, numbered, and read
// in order, as often and from where a reader likes.
//
// Append returns once the payloads are synced to the disk; callers that come
// while a sync is under way share the next one. Each payload has a checksum and
// its number in front of it, so damage costs what it hits, and readers say which
// numbers those were. What was not acknowledged may be there or not.
//
//	first, err := j.Append([]byte("one"), []byte("two"))
//	r := j.NewReader(first)
//	entry, err := r.Next() // io.EOF: nothing more for now; *DamageError: go on
package journal
