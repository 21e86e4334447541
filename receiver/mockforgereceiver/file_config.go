// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/matcher"
	"go.opentelemetry.io/collector/component"
)

// FileConfig has the settings of the files to read.
type FileConfig struct {
	// Include are paths and patterns of the files, those they are rotated to
	// among them. At least one.
	Include []string `mapstructure:"include"`
	// Exclude are paths and patterns of files that Include names and that are
	// not to be read.
	Exclude []string `mapstructure:"exclude"`
	// StartAt says where reading begins in the files that are there when there
	// is no checkpoint. Beginning by default: an audit trail must not begin with
	// a gap.
	StartAt StartAt `mapstructure:"start_at"`
	// PollInterval is the time between two looks at the files. 200 ms by default.
	PollInterval time.Duration `mapstructure:"poll_interval"`
	// Compression says whether files may be compressed with gzip. Auto by
	// default.
	Compression FileCompression `mapstructure:"compression"`
	// Storage is the storage extension that keeps the checkpoint. Without it a
	// restart begins again at StartAt.
	Storage *component.ID `mapstructure:"storage"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// StartAt says where reading begins.
type StartAt string

// Where it may begin.
const (
	// StartAtBeginning reads what the files hold already.
	StartAtBeginning StartAt = "beginning"
	// StartAtEnd leaves out what the files hold already.
	StartAtEnd StartAt = "end"
)

// FileCompression says how files may be compressed.
type FileCompression string

// How they may be.
const (
	// FileCompressionAuto looks at a file's first bytes for gzip's.
	FileCompressionAuto FileCompression = "auto"
	// FileCompressionNone takes every file for plain text.
	FileCompressionNone FileCompression = "none"
)

// Validate checks the settings of the files.
func (cfg *FileConfig) Validate() error {
	var errs []error
	if len(cfg.Include) == 0 {
		errs = append(errs, errors.New("include: found none, expected at least one path or pattern"))
	}
	errs = append(errs, checkPatterns("include", cfg.Include), checkPatterns("exclude", cfg.Exclude))
	if cfg.StartAt != StartAtBeginning && cfg.StartAt != StartAtEnd {
		errs = append(errs, fmt.Errorf("start_at: found %q, expected beginning or end", cfg.StartAt))
	}
	if cfg.PollInterval <= 0 {
		errs = append(errs, fmt.Errorf("poll_interval: found %s, expected more than 0s", cfg.PollInterval))
	}
	if cfg.Compression != FileCompressionAuto && cfg.Compression != FileCompressionNone {
		errs = append(errs, fmt.Errorf("compression: found %q, expected auto or none", cfg.Compression))
	}
	return errors.Join(errs...)
}

func checkPatterns(key string, patterns []string) error {
	var errs []error
	for i, pattern := range patterns {
		_, err := matcher.New(matcher.Criteria{Include: []string{pattern}})
		if pattern == "" || err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: found %q, expected a path or a pattern of *, **, ?, [a-z] and {a,b}", key, i, pattern))
		}
	}
	return errors.Join(errs...)
}
