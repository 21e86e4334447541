// SPDX-License-Identifier: Apache-2.0

//go:build load

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLoadUDP sends 50,000 datagrams a second for ten seconds and prints what
// became of them: everything has arrived or is counted as dropped.
func TestLoadUDP(t *testing.T) {
	c := start(t, options{})
	began := time.Now()
	sent := blast(t, c.syslog, 50_000, 10*time.Second)
	took := time.Since(began)
	require.Eventually(t, func() bool { return c.received(t)+c.dropped(t) == sent }, time.Minute, 100*time.Millisecond)
	received, dropped := c.received(t), c.dropped(t)
	t.Logf("%d datagrams in %.1f s: %d received, %d dropped (%.2f %%)", sent, took.Seconds(), received, dropped, 100*float64(dropped)/float64(sent))
}
