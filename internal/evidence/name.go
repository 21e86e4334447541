// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// stampLayout is the time, UTC, at which a file was put aside, in its name.
const stampLayout = "2006-01-02T15-04-05.000"

// What may follow the name of a file that was put aside.
const (
	GzipSuffix = ".gz"
	SealSuffix = ".seal"
	// PartSuffix is that of a compressed file or a seal that is not whole yet.
	PartSuffix = ".part"
)

// AsideName is the name of the file of a series that was put aside at a time:
// events-2025-01-27T10-30-00.000.jsonl of events.jsonl.
func AsideName(series string, stamp time.Time) string {
	ext := filepath.Ext(series)
	return strings.TrimSuffix(series, ext) + "-" + stamp.Format(stampLayout) + ext
}

// ParseName takes apart the name of a file of a series that was put aside, or of
// what belongs to it. Suffix is what follows AsideName's.
func ParseName(series, name string) (stamp time.Time, suffix string, ok bool) {
	ext := filepath.Ext(series)
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(series, ext)+"-")
	if !ok || len(rest) < len(stampLayout) {
		return time.Time{}, "", false
	}
	stamp, err := time.Parse(stampLayout, rest[:len(stampLayout)])
	if err != nil {
		return time.Time{}, "", false
	}
	suffix, ok = strings.CutPrefix(rest[len(stampLayout):], ext)
	switch suffix {
	case "", GzipSuffix, GzipSuffix + PartSuffix, SealSuffix, SealSuffix + PartSuffix:
		return stamp, suffix, ok
	default:
		return time.Time{}, "", false
	}
}

var aside = regexp.MustCompile(`^(.*)-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}(\.[^.]*)?$`)

// seriesOf finds the series of a file. The file that is written to has its name.
func seriesOf(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, SealSuffix), GzipSuffix)
	if m := aside.FindStringSubmatch(name); m != nil {
		return m[1] + m[2]
	}
	return name
}
