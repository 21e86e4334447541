// SPDX-License-Identifier: Apache-2.0

package condition

import "strings"

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
