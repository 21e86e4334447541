// SPDX-License-Identifier: Apache-2.0

// Program siemctl checks and converts MockForge's SIEM settings, and sends,
// explains and replays its security events.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(execute())
}

func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand(os.LookupEnv).ExecuteContext(ctx); err != nil {
		return exitCode(err)
	}
	return 0
}
