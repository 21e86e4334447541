// SPDX-License-Identifier: Apache-2.0

package siemconfig

import "github.com/mockforge/otelcol-mockforge/internal/audit"

// audit refuses destinations whose delivery is audit and that can lose events, where
// they stand in the file.
func (p *parser) audit(cfg *Config) {
	findings := audit.Check(cfg.Collector())
	for i, d := range cfg.Destinations {
		for _, f := range findings {
			if f.Destination == d.pipeline(i) {
				p.fail(valueOf(d.at, "delivery"), "destinations[%d].delivery: found audit, expected at_least_once: %s", i, f.Text)
			}
		}
	}
}
