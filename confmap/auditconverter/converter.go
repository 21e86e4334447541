// SPDX-License-Identifier: Apache-2.0

package auditconverter

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/audit"
)

// NewFactory returns a factory of the converter.
func NewFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		logger := set.Logger
		if logger == nil {
			logger = zap.NewNop()
		}
		return &converter{logger: logger}
	})
}

type converter struct {
	logger *zap.Logger
	good   *confmap.Conf // what passed last
}

// Convert refuses settings by which audited destinations can lose events. The
// Collector ends when a reload fails, so at a reload it gives what was good before.
func (c *converter) Convert(_ context.Context, conf *confmap.Conf) error {
	err := check(conf)
	switch {
	case err == nil:
		c.good = confmap.New()
		return c.good.Merge(conf)
	case c.good == nil:
		return err
	}
	c.logger.Error("the new settings could lose events of an audited destination; the old ones stay", zap.Error(err))
	for key := range conf.ToStringMap() {
		conf.Delete(key)
	}
	return conf.Merge(c.good)
}

func check(conf *confmap.Conf) error {
	var errs []error
	for _, finding := range audit.Check(conf.ToStringMap()) {
		errs = append(errs, finding)
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("delivery: audit:\n%w", errors.Join(errs...))
}
