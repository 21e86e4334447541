// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"math"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// units are tried in this order: ms before m.
var units = []struct {
	name string
	time time.Duration
}{
	{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", day},
}

// parseDuration reads whole numbers with units: 90s, 1h30m, 7d.
func parseDuration(text string) (time.Duration, bool) {
	var total time.Duration
	for text != "" {
		digits, rest := cutDigits(text)
		name, unit := cutUnit(rest)
		if digits == "" || name == "" {
			return 0, false
		}
		// What is too long for a window stays too long, without overflow.
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			n = math.MaxInt64
		}
		total = min(total+time.Duration(min(n, int64(2*maxWithin/unit)))*unit, 2*maxWithin)
		text = rest[len(name):]
	}
	return total, true
}

func cutUnit(text string) (string, time.Duration) {
	for _, u := range units {
		if strings.HasPrefix(text, u.name) {
			return u.name, u.time
		}
	}
	return "", 0
}

// durationHint finds the unit that was meant by 5min or 2hours.
func durationHint(text string) string {
	digits, rest := cutDigits(text)
	if digits == "" || rest == "" {
		return ""
	}
	for _, unit := range []string{"milliseconds", "seconds", "secs", "minutes", "mins", "hours", "hrs", "days"} {
		if strings.HasPrefix(unit, strings.ToLower(rest)) {
			if unit == "milliseconds" {
				return digits + "ms"
			}
			return digits + unit[:1]
		}
	}
	return ""
}
