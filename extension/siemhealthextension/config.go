// SPDX-License-Identifier: Apache-2.0

package siemhealthextension

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/config/confighttp"
)

// Config has the settings of the extension.
type Config struct {
	// ServerConfig is where the JSON and the page are served: address, TLS and
	// authentication. The endpoint is localhost:8768 by default.
	ServerConfig confighttp.ServerConfig `mapstructure:",squash"`
	// UnhealthyAfter is how long a destination may take nothing before it counts
	// as down, and the JSON is answered with 503. 5 minutes by default.
	UnhealthyAfter time.Duration `mapstructure:"unhealthy_after"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate checks the settings.
func (cfg *Config) Validate() error {
	var errs []error
	if cfg.ServerConfig.NetAddr.Endpoint == "" {
		errs = append(errs, errors.New("endpoint: found nothing, expected an address such as localhost:8768"))
	}
	if cfg.UnhealthyAfter <= 0 {
		errs = append(errs, fmt.Errorf("unhealthy_after: found %s, expected more than 0", cfg.UnhealthyAfter))
	}
	return errors.Join(errs...)
}
