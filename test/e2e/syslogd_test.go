// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// transport is a way to a syslog server.
type transport string

const (
	udp       transport = "udp"
	tcp       transport = "tcp" // frames with octet counts
	tcpLines  transport = "tcp, newlines"
	tlsServer transport = "tls"
	tlsMutual transport = "mutual tls"
)

// syslogd is a running rsyslogd or syslog-ng that writes what it parsed.
type syslogd struct {
	port int
	out  string
	log  *syncBuffer
}

// parsed is a message as the server understood it.
type parsed struct {
	Priority string `json:"pri"`
	Facility string `json:"facility"`
	Severity string `json:"severity"`
	Host     string `json:"host"`
	App      string `json:"app"`
	MsgID    string `json:"msgid"`
	Time     string `json:"time"`
	Message  string `json:"message"`
	// What the server's own JSON parser found.
	EventType string `json:"event_type"`
	Username  string `json:"username"`
	Number    string `json:"n"`
}

const rsyslogConfig = `
global(workDirectory="%[1]s" maxMessageSize="1m"
  defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="%[3]s"
  defaultNetstreamDriverCertFile="%[4]s" defaultNetstreamDriverKeyFile="%[5]s")
module(load="imudp")
module(load="imtcp" maxSessions="100")
module(load="mmjsonparse")
template(name="parsed" type="list" option.jsonf="on") {
  property(outname="pri" name="pri" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="time" name="timereported" dateformat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
  property(outname="event_type" name="$!event_type" format="jsonf")
  property(outname="username" name="$!actor!username" format="jsonf")
  property(outname="n" name="$!metadata!n" format="jsonf")
}
ruleset(name="out") {
  action(type="mmjsonparse" cookie="")
  action(type="omfile" file="%[6]s" template="parsed")
}
`

const syslogNGConfig = `@version: 3.35
options { keep-hostname(yes); log-msg-size(1048576); use-dns(no); ts-format(iso); frac-digits(6); time-zone("UTC"); };
source s { %[1]s };
parser p { json-parser(prefix("j.")); };
destination d { file("%[2]s" template("$(format-json pri=$PRI facility=$FACILITY severity=$LEVEL_NUM host=$HOST app=$PROGRAM msgid=$MSGID time=$ISODATE message=$MESSAGE event_type=${j.event_type} username=${j.actor.username} n=${j.metadata.n})\n") flush-lines(1)); };
log { source(s); parser(p); destination(d); };
`

// startSyslogd runs a daemon that listens in one way, with a certificate of ca.
func startSyslogd(t *testing.T, daemon string, way transport, ca *authority) *syslogd {
	t.Helper()
	dir := t.TempDir()
	cert, key := ca.issue(t, daemon)
	s := &syslogd{port: freePorts(t, 1)[0], out: filepath.Join(dir, "out")}
	var text string
	if daemon == "rsyslogd" {
		text = fmt.Sprintf(rsyslogConfig, dir, "", ca.file, cert, key, s.out) + rsyslogInput(way, s.port)
	} else {
		text = fmt.Sprintf(syslogNGConfig, syslogNGSource(way, s.port, ca.file, cert, key), s.out)
	}
	s.log = runSyslogd(t, daemon, text)
	s.waitListening(t, way)
	return s
}

// runSyslogd runs a daemon until the test ends, and returns its log.
func runSyslogd(t *testing.T, daemon, text string) *syncBuffer {
	t.Helper()
	program := installed(t, daemon)
	dir := t.TempDir()
	config := filepath.Join(dir, "conf")
	require.NoError(t, os.WriteFile(config, []byte(text), 0o600))
	args := []string{"-n", "-f", config, "-i", filepath.Join(dir, "pid")}
	if daemon == "syslog-ng" {
		args = []string{"-F", "--no-caps", "--stderr", "-f", config, "-R", filepath.Join(dir, "persist"), "-p", filepath.Join(dir, "pid"), "-c", filepath.Join(dir, "ctl")}
	}
	cmd, log := exec.Command(program, args...), &syncBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(daemon, log)
		}
	})
	return log
}

// installed is the path of a program that install-daemons.sh has made ready.
func installed(t *testing.T, name string) string {
	t.Helper()
	home, err := os.UserCacheDir()
	require.NoError(t, err)
	program := filepath.Join(home, "otelcol-mockforge", "daemons", "bin", name)
	require.FileExists(t, program, "run test/e2e/install-daemons.sh first")
	return program
}

func rsyslogInput(way transport, port int) string {
	switch way {
	case udp:
		return fmt.Sprintf(`input(type="imudp" address="127.0.0.1" port="%d" ruleset="out")`+"\n", port)
	case tlsServer, tlsMutual:
		auth := map[transport]string{tlsServer: "anon", tlsMutual: "x509/certvalid"}[way]
		return fmt.Sprintf(`input(type="imtcp" address="127.0.0.1" port="%d" ruleset="out" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="%s")`+"\n", port, auth)
	default:
		return fmt.Sprintf(`input(type="imtcp" address="127.0.0.1" port="%d" ruleset="out")`+"\n", port)
	}
}

func syslogNGSource(way transport, port int, ca, cert, key string) string {
	switch way {
	case tcpLines:
		return fmt.Sprintf(`network(ip("127.0.0.1") port(%d) transport("tcp") flags(syslog-protocol));`, port)
	case tlsServer, tlsMutual:
		verify := map[transport]string{tlsServer: "optional-untrusted", tlsMutual: "required-trusted"}[way]
		return fmt.Sprintf(`syslog(ip("127.0.0.1") port(%d) transport("tls") tls(ca-file(%q) cert-file(%q) key-file(%q) peer-verify(%s)));`, port, ca, cert, key, verify)
	default:
		return fmt.Sprintf(`syslog(ip("127.0.0.1") port(%d) transport(%q));`, port, way)
	}
}

// waitListening: a datagram port cannot be asked, so it is tried to be taken.
func (s *syslogd) waitListening(t *testing.T, way transport) {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", s.port)
	require.Eventually(t, func() bool {
		if way == udp {
			l, err := net.ListenPacket("udp", address)
			if err != nil {
				return true
			}
			l.Close()
			return false
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}, startTimeout, 20*time.Millisecond, "%s", s.log)
}

// messages waits for count of them.
func (s *syslogd) messages(t *testing.T, count int) []parsed {
	t.Helper()
	var all []parsed
	require.Eventually(t, func() bool {
		all = s.read(t)
		return len(all) >= count
	}, startTimeout, 20*time.Millisecond, "%s", s.log)
	return all
}

func (s *syslogd) read(t *testing.T) []parsed {
	t.Helper()
	data, err := os.ReadFile(s.out)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var all []parsed
	for r := bufio.NewReader(strings.NewReader(string(data))); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return all // a line that is still being written
		}
		var p parsed
		require.NoError(t, json.Unmarshal([]byte(line), &p), line)
		all = append(all, p)
	}
}
