// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A segment begins with
//
//	"MFJRNL" | version uint16 | base uint64 | salt uint64 | CRC-32C of these uint32
//
// and then holds frames, little-endian, without gaps:
//
//	magic uint32 | length uint32 | number uint64 | Unix time in ns int64 |
//	CRC-32C of length, number and time uint32 | CRC-32C of the payload uint32 | payload
//
// The magic is where a reader looks for the next frame behind a damaged one.
// The frames' checksums begin with the salt, which is random and stands in the
// file's name too: a payload that has frames in it cannot pass for any.
const (
	segmentMagic  = "MFJRNL"
	formatVersion = 1
	segmentHeader = 28
	frameHeader   = 32
	// MaxPayload is the largest payload in bytes.
	MaxPayload = 64 << 20
)

var (
	frameMagic = []byte{0xF6, 'M', 'F', 0x9D}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// Entry is one payload and its number.
type Entry struct {
	// Seq numbers the payloads of a journal from 0, without gaps.
	Seq uint64
	// Time is when it was appended.
	Time time.Time
	// Payload is valid until the reader's next call.
	Payload []byte
}

func appendSegmentHeader(dst []byte, base, salt uint64) []byte {
	start := len(dst)
	dst = append(dst, segmentMagic...)
	dst = binary.LittleEndian.AppendUint16(dst, formatVersion)
	dst = binary.LittleEndian.AppendUint64(dst, base)
	dst = binary.LittleEndian.AppendUint64(dst, salt)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// segmentVersion returns the version a header names; false when it is no header
// or a damaged one.
func segmentVersion(header []byte) (uint16, bool) {
	if len(header) < segmentHeader || !bytes.HasPrefix(header, []byte(segmentMagic)) {
		return 0, false
	}
	sum := binary.LittleEndian.Uint32(header[segmentHeader-4:])
	return binary.LittleEndian.Uint16(header[len(segmentMagic):]), crc32.Checksum(header[:segmentHeader-4], castagnoli) == sum
}

// checksum is a CRC-32C that begins with a segment's salt.
func checksum(salt uint64, data []byte) uint32 {
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], salt)
	return crc32.Update(crc32.Checksum(seed[:], castagnoli), castagnoli, data)
}

func appendFrame(dst []byte, salt uint64, e Entry) []byte {
	dst = append(dst, frameMagic...)
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(e.Payload)))
	dst = binary.LittleEndian.AppendUint64(dst, e.Seq)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(e.Time.UnixNano()))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(salt, dst[start:]))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(salt, e.Payload))
	return append(dst, e.Payload...)
}

// frameSize returns how long the frame at the beginning of data is, by its
// checked header; 0 when none begins there.
func frameSize(data []byte, salt uint64) int {
	if len(data) < frameHeader || !bytes.HasPrefix(data, frameMagic) {
		return 0
	}
	if checksum(salt, data[4:frameHeader-8]) != binary.LittleEndian.Uint32(data[frameHeader-8:]) {
		return 0
	}
	return frameHeader + int(binary.LittleEndian.Uint32(data[4:]))
}

// parseFrame reads the frame at the beginning of data; false when it is not
// whole and undamaged.
func parseFrame(data []byte, salt uint64) (Entry, int, bool) {
	size := frameSize(data, salt)
	if size == 0 || size > len(data) {
		return Entry{}, 0, false
	}
	payload := data[frameHeader:size]
	if checksum(salt, payload) != binary.LittleEndian.Uint32(data[frameHeader-4:]) {
		return Entry{}, 0, false
	}
	return Entry{
		Seq:     binary.LittleEndian.Uint64(data[8:]),
		Time:    time.Unix(0, int64(binary.LittleEndian.Uint64(data[16:]))),
		Payload: payload,
	}, size, true
}
