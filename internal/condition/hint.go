// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
	"strings"
)

// habits are what other languages write for our operators.
var habits = map[string]string{
	"===": "==", "=>": ">=", "=<": "<=", "<>": "!=",
	"is": "==", "eq": "==", "equals": "==", "ne": "!=",
	"gt": ">", "ge": ">=", "gte": ">=", "lt": "<", "le": "<=", "lte": "<=",
	"like": "=~ 'glob*'", "matches": "=~ /regexp/", "contains": "=~ '*part*'",
	"startswith": "=~ 'start*'", "starts_with": "=~ 'start*'", "endswith": "=~ '*end'", "ends_with": "=~ '*end'",
}

func operatorHint(written string) string {
	if hint, ok := habits[strings.ToLower(written)]; ok {
		return hint
	}
	return joinHint(written)
}

func joinHint(written string) string {
	return nearest(strings.ToUpper(written), "AND", "OR", "IN", "BY")
}

// nearest returns the candidate that one slip or two make of what was written,
// in quotes; "" when none is that near.
func nearest(written string, candidates ...string) string {
	best, least := "", 3
	for _, c := range candidates {
		if d := distance(strings.ToLower(written), strings.ToLower(c)); d < least && d < len(c) && d < len(written) {
			best, least = fmt.Sprintf("%q", c), d
		}
	}
	return best
}

// distance is Levenshtein's, with two letters changed about as one slip. Texts
// much longer than a word of ours are far from it without being counted.
func distance(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
