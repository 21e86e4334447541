// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numberOfSeverity are syslog's numbers (RFC 5424 section 6.2.1).
var numberOfSeverity = map[string]int{"low": 6, "medium": 4, "high": 3, "critical": 2}

// syslogBurst events fit into the buffer of a datagram socket. More at once are
// dropped by the kernel, and nobody is told.
const syslogBurst = 40

// TestSyslog sends events to the two syslog servers that are in use, in all ways,
// and compares what they parse.
func TestSyslog(t *testing.T) {
	ca := newAuthority(t)
	clientCert, clientKey := ca.issue(t, "collector")
	for _, daemon := range []string{"rsyslogd", "syslog-ng"} {
		for _, way := range []transport{udp, tcp, tcpLines, tlsServer, tlsMutual} {
			t.Run(daemon+"/"+string(way), func(t *testing.T) {
				t.Parallel()
				server := startSyslogd(t, daemon, way, ca)
				config, destination := "../../examples/syslog.yaml", "logs/syslog"
				env := []string{
					"MOCKFORGE_SYSLOG_HOST=127.0.0.1", fmt.Sprintf("MOCKFORGE_SYSLOG_PORT=%d", server.port),
					"MOCKFORGE_SYSLOG_FACILITY=local3", "MOCKFORGE_SYSLOG_TAG=mockforge-prod", "MOCKFORGE_SYSLOG_HOSTNAME=gw1.example.com",
				}
				switch way {
				case udp:
					config, destination = "../../examples/syslog-udp.yaml", "logs/syslog_udp"
				case tcp:
					env = append(env, "MOCKFORGE_SYSLOG_INSECURE=true")
				case tcpLines:
					env = append(env, "MOCKFORGE_SYSLOG_INSECURE=true", "MOCKFORGE_SYSLOG_OCTETS=false")
				case tlsServer:
					env = append(env, "MOCKFORGE_SYSLOG_CA="+ca.file)
				case tlsMutual:
					env = append(env, "MOCKFORGE_SYSLOG_CA="+ca.file, "MOCKFORGE_SYSLOG_CERT="+clientCert, "MOCKFORGE_SYSLOG_KEY="+clientKey)
				}
				c := start(t, options{configs: []string{config, fastRetry}, env: env})
				events := destinationEvents(t)
				for sent := 0; sent < len(events); sent += syslogBurst {
					postEvents(t, c, events[sent:sent+syslogBurst])
					server.messages(t, sent+syslogBurst)
				}
				c.delivered(t, destination, len(events))
				checkSyslog(t, events, server.messages(t, len(events)))
				assertEvents(t, events, c.lines(t)) // no other destination sees the transform
			})
		}
	}
}

func checkSyslog(t *testing.T, events []string, got []parsed) {
	t.Helper()
	byNumber := make(map[string]map[string]any)
	for _, text := range events {
		e := parse(t, text)
		byNumber[numberOf(t, e)] = e
	}
	messages := make([]string, len(got))
	for i, m := range got {
		messages[i] = m.Message
		e := byNumber[m.Number]
		require.NotNil(t, e, "%+v", m)
		severity := numberOfSeverity[e["severity"].(string)]
		sent, err := time.Parse(time.RFC3339Nano, e["timestamp"].(string))
		require.NoError(t, err)
		read, err := time.Parse(time.RFC3339Nano, m.Time)
		require.NoError(t, err)
		username := ""
		if actor, ok := e["actor"].(map[string]any); ok {
			username = actor["username"].(string)
		}
		require.True(t, sent.Equal(read), "%s %s", sent, read)
		require.Equal(t, parsed{
			Priority: strconv.Itoa(19*8 + severity), Facility: "local3", Severity: strconv.Itoa(severity),
			Host: "gw1.example.com", App: "mockforge-prod", MsgID: e["event_type"].(string),
			EventType: e["event_type"].(string), Username: username, Number: m.Number, Time: m.Time, Message: m.Message,
		}, m)
	}
	assertEvents(t, events, messages)
}

// TestSyslogCertificates: without the right certificates nothing is sent and
// nothing is lost; once they are right all arrives.
func TestSyslogCertificates(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	cert, key := ca.issue(t, "collector")
	otherCert, otherKey := other.issue(t, "stranger")
	for _, daemon := range []string{"rsyslogd", "syslog-ng"} {
		for name, wrong := range map[string][]string{
			"server of another CA":   {"MOCKFORGE_SYSLOG_CA=" + other.file, "MOCKFORGE_SYSLOG_CERT=" + cert, "MOCKFORGE_SYSLOG_KEY=" + key},
			"client of another CA":   {"MOCKFORGE_SYSLOG_CA=" + ca.file, "MOCKFORGE_SYSLOG_CERT=" + otherCert, "MOCKFORGE_SYSLOG_KEY=" + otherKey},
			"client without any":     {"MOCKFORGE_SYSLOG_CA=" + ca.file},
			"no TLS where it is due": {"MOCKFORGE_SYSLOG_INSECURE=true"},
		} {
			t.Run(daemon+"/"+name, func(t *testing.T) {
				t.Parallel()
				server := startSyslogd(t, daemon, tlsMutual, ca)
				o := options{dir: t.TempDir(), configs: []string{"../../examples/syslog.yaml", fastRetry}}
				target := []string{"MOCKFORGE_SYSLOG_HOST=127.0.0.1", fmt.Sprintf("MOCKFORGE_SYSLOG_PORT=%d", server.port)}
				o.env = slices.Concat(wrong, target)
				c := start(t, o)
				status, _ := c.post(destinationEvents(t)[0])
				require.Equal(t, 200, status)
				if name == "no TLS where it is due" {
					c.settle(t) // nobody can know: see docs/destinations/syslog.md
					assert.Empty(t, server.read(t))
					return
				}
				require.Eventually(t, func() bool {
					return len(c.metric(t, "otelcol_connector_siem_journal_attempts{destination=\"logs/syslog\",outcome=\"retry\"}")) == 1
				}, startTimeout, 20*time.Millisecond)
				assert.Equal(t, uint64(1), c.cursor(t, "logs/syslog").Pending)
				assert.Empty(t, server.read(t))
				c.stop(t)

				o.env = append([]string{"MOCKFORGE_SYSLOG_CA=" + ca.file, "MOCKFORGE_SYSLOG_CERT=" + cert, "MOCKFORGE_SYSLOG_KEY=" + key}, target...)
				c = start(t, o)
				assert.Len(t, server.messages(t, 1), 1)
			})
		}
	}
}

// TestSyslogHostileText: no text of an event makes another message or header,
// and no event is too large for a datagram.
func TestSyslogHostileText(t *testing.T) {
	ca := newAuthority(t)
	for way, config := range map[transport]string{udp: "syslog-udp", tcpLines: "syslog"} {
		t.Run(string(way), func(t *testing.T) {
			server := startSyslogd(t, "rsyslogd", way, ca)
			c := start(t, options{configs: []string{"../../examples/" + config + ".yaml", fastRetry}, env: []string{
				"MOCKFORGE_SYSLOG_HOST=127.0.0.1", fmt.Sprintf("MOCKFORGE_SYSLOG_PORT=%d", server.port),
				"MOCKFORGE_SYSLOG_INSECURE=true", "MOCKFORGE_SYSLOG_OCTETS=false", "MOCKFORGE_SYSLOG_FACILITY=no such",
				"MOCKFORGE_SYSLOG_TAG=a b", "MOCKFORGE_SYSLOG_HOSTNAME=höst",
			}})
			large := strings.Repeat("é\n", 30_000)
			for _, e := range []string{
				`{"event_type":"x y\n<8>1 - evil evil - - - forged","metadata":{"n":1}}`,
				`{"event_type":"a.very_long_type_that_has_more_than_32_characters","severity":"dire","priority":1,"metadata":{"n":2,"message":"m","structured_data":{"a":{"b":"]\n<8>1 - evil"}}}}`,
				fmt.Sprintf(`{"event_type":"data.exported","severity":"high","metadata":{"n":3,"text":%q}}`, large),
				fmt.Sprintf(`{"event_type":"data.exported","severity":"high","mockforge_cut":1,"text":%q,"metadata":{"n":4}}`, large),
			} {
				status, answer := c.post(e)
				require.Equal(t, 200, status, answer)
			}
			c.settle(t)
			got := server.messages(t, 4)
			require.Len(t, got, 4)
			assert.Equal(t, "x_y_<8>1_-_evil_evil_-_-_-_forge", got[0].MsgID)
			assert.Equal(t, "x y\n<8>1 - evil evil - - - forged", parse(t, got[0].Message)["event_type"])
			assert.Equal(t, "a.very_long_type_that_has_more_t", got[1].MsgID)
			assert.Equal(t, []string{"134", "a_b", "h_st"}, []string{got[1].Priority, got[1].App, got[1].Host}, "local0, info")
			assert.Equal(t, "131", got[2].Priority)
			if way == udp {
				assert.Equal(t, `{"event_type":"data.exported","mockforge_cut":"metadata","severity":"high"}`, withoutCompliance(t, got[2].Message))
				last := parse(t, got[3].Message)
				assert.Equal(t, "event", last["mockforge_cut"])
				assert.Equal(t, "data.exported", last["event_type"])
				assert.NotContains(t, last, "text")
			} else {
				assert.Equal(t, large, parse(t, got[2].Message)["metadata"].(map[string]any)["text"])
				assert.Equal(t, large, parse(t, got[3].Message)["text"])
			}
		})
	}
}

func withoutCompliance(t *testing.T, text string) string {
	t.Helper()
	before, _, found := strings.Cut(text, `"compliance":`)
	require.True(t, found)
	_, after, _ := strings.Cut(text[len(before):], `},`)
	return before + after
}
