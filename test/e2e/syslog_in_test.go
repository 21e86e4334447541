// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mockforgeMessage is what MockForge sends: RFC 5424 without a frame.
func mockforgeMessage(event string) string {
	return "<132>1 " + time.Now().UTC().Format("2006-01-02T15:04:05.000Z") + " mockforge siem - - - " + event
}

// sendTo opens a connection, writes each text with one call, and closes it.
func sendTo(t *testing.T, network, address string, texts ...string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	defer conn.Close()
	for _, text := range texts {
		_, err = conn.Write([]byte(text))
		require.NoError(t, err)
	}
}

// arrived waits until so many events are kept, and returns them.
func (c *collector) arrived(t *testing.T, count int) []string {
	t.Helper()
	require.Eventually(t, func() bool {
		cur := c.cursors(t)
		return cur.Appended >= uint64(count)
	}, startTimeout, 10*time.Millisecond, "%s", c.log)
	return c.lines(t)
}

// TestMockForgeSyslog replays MockForge's own messages: a connection for each
// event, without a line break, and a datagram for each.
func TestMockForgeSyslog(t *testing.T) {
	events := destinationEvents(t)
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			c := start(t, options{})
			var wg sync.WaitGroup
			for _, e := range events {
				wg.Go(func() { sendTo(t, network, c.syslog, mockforgeMessage(e)) })
			}
			wg.Wait()
			assertEvents(t, events, c.arrived(t, len(events)))
			assert.Equal(t, []string{fmt.Sprintf(`otelcol_receiver_accepted_log_records{receiver="mockforge",transport="%s"} 200`, network)},
				c.metric(t, "otelcol_receiver_accepted_log_records"))
		})
	}
}

// forwarders are rsyslogd's and syslog-ng's ways to send on.
var forwarders = map[string]map[string]string{
	"rsyslogd": {
		"octets": `protocol="tcp" TCP_Framing="octet-counted"`,
		"lines":  `protocol="tcp" TCP_Framing="traditional"`,
		"udp":    `protocol="udp"`,
		"tls":    `protocol="tcp" TCP_Framing="octet-counted" StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"`,
	},
	"syslog-ng": {
		"octets": `syslog("127.0.0.1" port(%d) transport("tcp"))`,
		"lines":  `network("127.0.0.1" port(%d) transport("tcp") flags(syslog-protocol))`,
		"udp":    `syslog("127.0.0.1" port(%d) transport("udp"))`,
		"tls":    `syslog("127.0.0.1" port(%d) transport("tls") tls(ca-file(%q) cert-file(%q) key-file(%q) peer-verify(required-trusted)))`,
	},
}

const rsyslogForward = `
global(workDirectory="%[1]s" maxMessageSize="1m" defaultNetstreamDriverCAFile="%[2]s"
  defaultNetstreamDriverCertFile="%[3]s" defaultNetstreamDriverKeyFile="%[4]s")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="%[5]d" ruleset="out")
ruleset(name="out") {
  action(type="omfwd" target="127.0.0.1" port="%[6]d" template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1" action.resumeInterval="1" %[7]s)
}
`

const syslogNGForward = `@version: 3.35
options { keep-hostname(yes); log-msg-size(1048576); use-dns(no); };
source s { network(ip("127.0.0.1") port(%d) transport("tcp") flags(syslog-protocol)); };
destination d { %s; };
log { source(s); destination(d); };
`

// startForwarder runs a daemon that sends what it gets on to port, and returns
// its address.
func startForwarder(t *testing.T, daemon, way string, port int, ca *authority) string {
	t.Helper()
	listen := freePorts(t, 1)[0]
	cert, key := ca.issue(t, "forwarder")
	destination := forwarders[daemon][way]
	var text string
	switch {
	case daemon == "rsyslogd":
		text = fmt.Sprintf(rsyslogForward, t.TempDir(), ca.file, cert, key, listen, port, destination)
	case way == "tls":
		text = fmt.Sprintf(syslogNGForward, listen, fmt.Sprintf(destination, port, ca.file, cert, key))
	default:
		text = fmt.Sprintf(syslogNGForward, listen, fmt.Sprintf(destination, port))
	}
	s := &syslogd{port: listen, log: runSyslogd(t, daemon, text)}
	s.waitListening(t, tcp)
	return fmt.Sprintf("127.0.0.1:%d", listen)
}

// syslogTLS has TLS on the syslog listener, for clients with a certificate.
func syslogTLS(t *testing.T, ca *authority) string {
	t.Helper()
	cert, key := ca.issue(t, "server")
	return fmt.Sprintf("yaml:receivers: {mockforge: {protocols: {syslog: {tcp: {tls: {cert_file: %q, key_file: %q, client_ca_file: %q}}}}}}", cert, key, ca.file)
}

// TestForwardedSyslog has the two daemons that are in use send events on, in all
// ways that they frame and secure them.
func TestForwardedSyslog(t *testing.T) {
	ca := newAuthority(t)
	events := destinationEvents(t)
	for daemon, ways := range forwarders {
		for way := range ways {
			t.Run(daemon+"/"+way, func(t *testing.T) {
				o := options{}
				if way == "tls" {
					o.configs = []string{syslogTLS(t, ca)}
				}
				c := start(t, o)
				_, port, err := net.SplitHostPort(c.syslog)
				require.NoError(t, err)
				number, err := strconv.Atoi(port)
				require.NoError(t, err)
				address := startForwarder(t, daemon, way, number, ca)
				var messages []string
				for _, e := range events {
					messages = append(messages, mockforgeMessage(e)+"\n")
				}
				sendTo(t, "tcp", address, messages...)
				assertEvents(t, events, c.arrived(t, len(events)))
			})
		}
	}
}

// TestLogger sends with util-linux's logger, as administrators try things out.
func TestLogger(t *testing.T) {
	c := start(t, options{})
	host, port, err := net.SplitHostPort(c.syslog)
	require.NoError(t, err)
	events := destinationEvents(t)[:6]
	for i, e := range events {
		args := []string{"--rfc5424", "--size", "64KiB", "--server", host, "--port", port, "--tag", "mockforge"}
		args = append(args, [][]string{{"--udp"}, {"--tcp"}, {"--tcp", "--octet-count"}}[i%3]...)
		// It replaces control characters, and needs a locale to know letters.
		cmd := exec.Command("logger", append(args, "--", e)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	assertEvents(t, events, c.arrived(t, len(events)))
}

// TestSyslogMutualTLS sends with openssl: with a certificate it is taken, without
// one it is not.
func TestSyslogMutualTLS(t *testing.T) {
	ca := newAuthority(t)
	c := start(t, options{configs: []string{syslogTLS(t, ca)}})
	events := destinationEvents(t)[:3]
	var frames strings.Builder
	for _, e := range events {
		m := mockforgeMessage(e)
		fmt.Fprintf(&frames, "%d %s", len(m), m)
	}
	client := func(text string, args ...string) {
		cmd := exec.Command("openssl", append([]string{"s_client", "-connect", c.syslog, "-CAfile", ca.file, "-verify_return_error", "-quiet", "-no_ign_eof"}, args...)...)
		cmd.Stdin = strings.NewReader(text)
		_ = cmd.Run() // its exit status tells little
	}
	cert, key := ca.issue(t, "client")
	client(frames.String())
	stranger := newAuthority(t)
	strangerCert, strangerKey := stranger.issue(t, "stranger")
	client(frames.String(), "-cert", strangerCert, "-key", strangerKey)
	assert.Empty(t, c.lines(t), "nothing without a certificate of ours")
	client(frames.String(), "-cert", cert, "-key", key)
	assertEvents(t, events, c.arrived(t, len(events)))
}

// TestSyslogThatHoldsNoEvent is kept and marked, with credentials redacted.
func TestSyslogThatHoldsNoEvent(t *testing.T) {
	c := start(t, options{})
	sendTo(t, "tcp", c.syslog, "<13>1 2025-01-27T10:30:00Z host sshd 1 - - Accepted publickey for root\n",
		`<132>1 - mockforge siem - - - {"event_type":"auth.failure","actor":{"username":"eyJhbGciOiJIUzI1NiJ9.eyJzdWI`)
	lines := c.arrived(t, 2)
	require.Len(t, lines, 2)
	assert.Equal(t, `{"message":"<13>1 2025-01-27T10:30:00Z host sshd 1 - - Accepted publickey for root","parse_error":"MSG: found 'A', expected a JSON value (byte 0)"}`, lines[0])
	assert.Contains(t, lines[1], "[REDACTED sha256:")
	assert.NotContains(t, lines[1], "eyJhbGci")
	assert.NotContains(t, c.log.String(), "eyJhbGci")
}

// TestSyslogAtTheEnd: what came before SIGTERM is in the journal, in order and
// without a gap, though the sender was faster and keeps its connection.
func TestSyslogAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	c := start(t, options{dir: dir})
	conn, err := net.Dial("tcp", c.syslog)
	require.NoError(t, err)
	defer conn.Close()
	sent, stop := make(chan int), make(chan struct{})
	go func() {
		n := 0
		defer func() { sent <- n }()
		for ; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := conn.Write([]byte(mockforgeMessage(fmt.Sprintf(small, n)) + "\n")); err != nil {
				return
			}
		}
	}()
	require.Eventually(t, func() bool { return c.cursors(t).Appended > 5000 }, startTimeout, time.Millisecond)
	close(stop)
	count := <-sent
	c.stop(t)

	c = start(t, options{dir: dir})
	got := numbers(t, c.lines(t))
	assert.Len(t, got, count)
	for i, n := range got {
		require.Equal(t, i, n)
	}
}

// TestUDPBooksBalance: what was sent at a high rate has arrived, or is counted
// as dropped.
func TestUDPBooksBalance(t *testing.T) {
	c := start(t, options{})
	sent := blast(t, c.syslog, 50_000, time.Second)
	require.Eventually(t, func() bool { return c.received(t)+c.dropped(t) == sent }, startTimeout, 50*time.Millisecond,
		"sent %d", sent)
	c.settle(t)
	assert.Equal(t, uint64(c.received(t)), c.cursors(t).Appended)
	t.Logf("sent %d, received %d, dropped %d", sent, c.received(t), c.dropped(t))
}
