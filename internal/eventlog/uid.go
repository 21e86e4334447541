// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"encoding/binary"

	"github.com/google/uuid"
)

// uids makes the ids of one batch: UUIDs of version 7 (RFC 9562 section 5.7).
// The first is random, and each further one is one more than the last (section
// 6.2, method 2), which keeps the order of arrival and costs no random bits.
type uids struct {
	last uuid.UUID
}

// next returns the next id in its textual form.
func (u *uids) next() string {
	if u.last == uuid.Nil {
		// The system always has random bits, or ends the process (crypto/rand).
		u.last = uuid.Must(uuid.NewV7())
		u.last[8] &^= 0x20 // room to count up without a carry into the variant
	} else {
		low := u.last[8:]
		binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)+1)
	}
	return u.last.String()
}
