// SPDX-License-Identifier: Apache-2.0

package jsonlfileexporter

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Fsync says when what is written is synced to the disk.
type Fsync string

// When events are synced.
const (
	// FsyncAlways syncs each batch before it is acknowledged.
	FsyncAlways Fsync = "always"
	// FsyncInterval syncs once per interval: a power cut costs what was
	// acknowledged since.
	FsyncInterval Fsync = "interval"
	// FsyncNever leaves it to the operating system, but for files that are
	// closed.
	FsyncNever Fsync = "never"
)

var fsyncs = []Fsync{FsyncAlways, FsyncInterval, FsyncNever}

// Config has the settings of the exporter.
type Config struct {
	// Path is the file. Required.
	Path string `mapstructure:"path"`
	// CreateDirectory makes the file's folder, mode 0700, where it is missing.
	// True by default.
	CreateDirectory bool `mapstructure:"create_directory"`
	// Fsync says when what is written is synced: always (default), interval or
	// never.
	Fsync Fsync `mapstructure:"fsync"`
	// FsyncInterval spaces syncs where Fsync is interval. 1 s by default.
	FsyncInterval time.Duration `mapstructure:"fsync_interval"`
	// Rotation bounds the file and says what becomes of full ones.
	Rotation RotationConfig `mapstructure:"rotation"`
	// Retention keeps events by severity, in a file for each. Off by default.
	Retention configoptional.Optional[RetentionConfig] `mapstructure:"retention"`
	// Integrity chains lines and seals files. Off by default.
	Integrity configoptional.Optional[IntegrityConfig] `mapstructure:"integrity"`

	// Queue is off by default: the journal before the exporter is the queue.
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	// Retry is off by default: the journal before the exporter tries again.
	Retry configretry.BackOffConfig `mapstructure:"retry_on_failure"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RotationConfig has the settings of rotation.
type RotationConfig struct {
	// MaxSize is the size before which the file is put aside: a batch that
	// would make it larger goes to a new one. 100 MB by default, 0 for never.
	MaxSize Size `mapstructure:"max_size"`
	// Interval is how long a file is written to at most: one that was written to
	// in an earlier interval, in UTC, is put aside. 0, the default, for any time;
	// 24 h with Retention or Integrity.
	Interval time.Duration `mapstructure:"interval"`
	// MaxFiles is how many rotated files are kept. 10 by default, 0
	// for all; always 0 with Retention.
	MaxFiles int `mapstructure:"max_files"`
	// MaxAge is how long a rotated file is kept after it was written last. 0,
	// the default, for any time.
	MaxAge time.Duration `mapstructure:"max_age"`
	// Compress makes rotated files gzip files. True by default.
	Compress bool `mapstructure:"compress"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// IntegrityConfig has the settings of tamper evidence.
type IntegrityConfig struct {
	// SigningKeyFile has the Ed25519 key that signs seals, in PEM of PKCS #8.
	// Required. Its owner alone may have rights to it.
	SigningKeyFile string `mapstructure:"signing_key_file"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// dailyInterval closes files often enough to be deleted and sealed in time.
const dailyInterval = 24 * time.Hour

// Unmarshal adds what follows from retention and integrity to the defaults.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	retention := cfg.Retention.HasValue()
	if (retention || cfg.Integrity.HasValue()) && !conf.IsSet("rotation::interval") {
		cfg.Rotation.Interval = dailyInterval
	}
	if retention && !conf.IsSet("rotation::max_files") {
		cfg.Rotation.MaxFiles = 0
	}
	return nil
}

// Validate checks the settings.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.Path == "" {
		errs = append(errs, errors.New("path: found nothing, expected a file"))
	}
	if !slices.Contains(fsyncs, cfg.Fsync) {
		errs = append(errs, fmt.Errorf("fsync: found %q, expected always, interval or never", cfg.Fsync))
	}
	if cfg.FsyncInterval <= 0 {
		errs = append(errs, fmt.Errorf("fsync_interval: found %s, expected more than 0", cfg.FsyncInterval))
	}
	if cfg.Retention.HasValue() {
		errs = append(errs, cfg.onlyRetentionRemoves())
	}
	return errors.Join(errs...)
}

// onlyRetentionRemoves refuses what would remove events that are to be kept.
func (cfg *Config) onlyRetentionRemoves() error {
	var errs []error
	if n := cfg.Rotation.MaxFiles; n > 0 {
		errs = append(errs, fmt.Errorf("rotation::max_files: found %d, expected 0 beside retention, which alone says what is removed", n))
	}
	if age := cfg.Rotation.MaxAge; age > 0 {
		errs = append(errs, fmt.Errorf("rotation::max_age: found %s, expected 0s beside retention, which alone says what is removed", age))
	}
	return errors.Join(errs...)
}

// Validate checks the settings.
func (cfg *IntegrityConfig) Validate() error {
	if cfg.SigningKeyFile == "" {
		return errors.New("signing_key_file: found nothing, expected a file with an Ed25519 key")
	}
	return nil
}

// Validate checks the settings.
func (cfg *RotationConfig) Validate() error {
	var errs []error
	if cfg.MaxSize < 0 {
		errs = append(errs, fmt.Errorf("max_size: found %d, expected 0 or more", int64(cfg.MaxSize)))
	}
	if cfg.Interval < 0 {
		errs = append(errs, fmt.Errorf("interval: found %s, expected 0 or more", cfg.Interval))
	}
	if cfg.MaxFiles < 0 {
		errs = append(errs, fmt.Errorf("max_files: found %d, expected 0 or more", cfg.MaxFiles))
	}
	if cfg.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("max_age: found %s, expected 0 or more", cfg.MaxAge))
	}
	return errors.Join(errs...)
}
