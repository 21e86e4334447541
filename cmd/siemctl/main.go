// SPDX-License-Identifier: Apache-2.0

// Program siemctl checks MockForge's SIEM settings and converts them to the
// Collector's.
package main

import (
	"os"
)

func main() {
	if err := newCommand(os.LookupEnv).Execute(); err != nil {
		os.Exit(exitCode(err))
	}
}
