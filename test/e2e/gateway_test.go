// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gatewayTLS is a folder with what agents and gateways need.
func gatewayTLS(t *testing.T) string {
	t.Helper()
	dir, ca := t.TempDir(), newAuthority(t)
	link := func(from, to string) { require.NoError(t, os.Symlink(from, filepath.Join(dir, to))) }
	link(ca.file, "gateways.crt")
	link(ca.file, "clients.crt")
	for name, usage := range map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth} {
		cert, key := ca.issue(t, name, usage)
		link(cert, name+".crt")
		link(key, name+".key")
	}
	return dir
}

// routedEvents are events of 50 users, some of which carry a trace id.
func routedEvents(from, to int) (all []string) {
	for i := from; i < to; i++ {
		trace := ""
		if i%3 == 0 {
			trace = fmt.Sprintf(`,"trace_id":"4bf92f3577b34da6a3ce929d0e%06d"`, i)
		}
		all = append(all, fmt.Sprintf(`{"timestamp":"2025-01-27T10:30:00Z","event_type":"auth.failure","severity":"medium",`+
			`"actor":{"user_id":"user-%d"},"metadata":{"n":%d},"compliance":{"soc2_cc":["CC6","CC4"],"iso27001":["A.9.4","A.12.4"]}%s}`, i%50, i, trace))
	}
	return all
}

// TestGateways runs an agent before two gateways: each user's events are at one
// gateway, in order; what a dead gateway should have waits in the agent's
// journal, and arrives when it is back.
func TestGateways(t *testing.T) {
	tls, ports := gatewayTLS(t), freePorts(t, 2)
	gateway := func(i int, o options) *collector {
		o.configs = []string{"../../examples/gateway.yaml"}
		o.env = []string{"MOCKFORGE_TLS_DIRECTORY=" + tls, fmt.Sprintf("MOCKFORGE_GATEWAY_ENDPOINT=127.0.0.1:%d", ports[i])}
		return start(t, o)
	}
	second := options{dir: t.TempDir()}
	gateways := []*collector{gateway(0, options{}), gateway(1, second)}
	agent := start(t, options{
		configs: []string{"../../examples/gateway-agent.yaml", fastRetry},
		env:     []string{"MOCKFORGE_TLS_DIRECTORY=" + tls, fmt.Sprintf(`MOCKFORGE_GATEWAYS=["127.0.0.1:%d", "127.0.0.1:%d"]`, ports[0], ports[1])},
	})
	postEvents(t, agent, routedEvents(0, 400))
	agent.settle(t)
	assertRouted(t, gateways, routedEvents(0, 400))

	gateways[1].kill()
	postEvents(t, agent, routedEvents(400, 800))
	require.Eventually(t, func() bool {
		return len(agent.metric(t, `otelcol_connector_siem_journal_attempts{destination="logs/file",outcome="retry"}`)) == 1
	},
		startTimeout, 20*time.Millisecond)
	assert.NotZero(t, agent.cursor(t, "logs/file").Pending)
	gateways[1] = gateway(1, second)
	agent.settle(t)
	assertRouted(t, gateways, routedEvents(0, 800))
}

// assertRouted holds that the gateways have all events as they were sent, and
// each user's at one of them alone, in order. After an error events may come twice.
func assertRouted(t *testing.T, gateways []*collector, want []string) {
	t.Helper()
	at, got, newest := make(map[string]int), make(map[string]string), make(map[string]int)
	used := make(map[int]bool)
	for i, gateway := range gateways {
		for _, line := range gateway.lines(t) {
			e := parse(t, line)
			user, n := fmt.Sprint(e["actor"].(map[string]any)["user_id"]), numberOf(t, e)
			if other, known := at[user]; known {
				require.Equal(t, other, i, "%s is at two gateways", user)
			}
			if at[user], used[i] = i, true; got[n] != "" {
				continue
			}
			got[n] = line
			var number int
			_, err := fmt.Sscan(n, &number)
			require.NoError(t, err)
			require.GreaterOrEqual(t, number, newest[user], "%s: out of order", user)
			newest[user] = number
		}
	}
	require.Len(t, used, len(gateways), "all gateways have something to do")
	require.Len(t, got, len(want))
	for _, line := range want {
		assert.JSONEq(t, line, got[numberOf(t, parse(t, line))])
	}
}
