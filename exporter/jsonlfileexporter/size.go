// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes. It reads as a number with a unit, "100MB"; without
// one the unit is the byte.
type Size int64

// units are the SI's (powers of 1,000) and IEC 80000-13's (powers of 1,024),
// larger before smaller, so that a size is written in the largest that fits.
var units = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30},
	{"GB", 1e9},
	{"MiB", 1 << 20},
	{"MB", 1e6},
	{"KiB", 1 << 10},
	{"KB", 1e3},
	{"B", 1},
}

// UnmarshalText reads a size: digits, and a unit in upper or lower case.
func (s *Size) UnmarshalText(text []byte) error {
	given := string(text)
	digits := strings.TrimRight(given, "GMKIBgmkib ")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return fmt.Errorf("found %q, expected a size such as 100MB or 64KiB", given)
	}
	unit := strings.TrimSpace(given[len(digits):])
	for _, u := range units {
		if !strings.EqualFold(unit, u.name) && (unit != "" || u.bytes != 1) {
			continue
		}
		if n > uint64(math.MaxInt64/u.bytes) {
			return fmt.Errorf("found %q, expected less than 8 EiB", given)
		}
		*s = Size(int64(n) * u.bytes)
		return nil
	}
	return fmt.Errorf("found %q, expected one of the units B, KB, MB, GB, KiB, MiB and GiB", given)
}

// MarshalText writes a size as UnmarshalText reads it.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the size in the largest unit of which it is a whole number.
func (s Size) String() string {
	for _, u := range units {
		if n := int64(s); n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return "0"
}
