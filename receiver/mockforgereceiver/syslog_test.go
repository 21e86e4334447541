// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/net/ipv4"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/health"
)

var update = flag.Bool("update", false, "write the golden files anew")

// message is what MockForge sends: no frame and no line break.
const message = `<132>1 2025-01-27T10:30:00.000Z mockforge siem - - - ` + one

// syslogUnderTest is a receiver with syslog alone.
type syslogUnderTest struct {
	tcp, udp  string
	logged    *observer.ObservedLogs
	telemetry *componenttest.Telemetry
	intakes   func() []health.Intake
	shutdown  func() error
}

func startSyslog(t *testing.T, next consumer.Logs, change func(*Config)) *syslogUnderTest {
	t.Helper()
	core, logged := observer.New(zap.DebugLevel)
	tel := componenttest.NewTelemetry()
	set := settings()
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.Logger = zap.New(core)
	cfg := createDefaultConfig().(*Config)
	s := cfg.Protocols.Syslog.GetOrInsertDefault()
	s.TCP.GetOrInsertDefault().Endpoint = "127.0.0.1:0"
	s.UDP.GetOrInsertDefault().Endpoint = "127.0.0.1:0"
	if change != nil {
		change(cfg)
	}
	r, err := NewFactory().CreateLogs(context.Background(), set, cfg, next)
	require.NoError(t, err)
	r.(*mockforgeReceiver).drainTime = 2 * time.Second
	require.NoError(t, r.Start(context.Background(), componenttest.NewNopHost()))
	var down atomic.Bool
	u := &syslogUnderTest{logged: logged, telemetry: tel, intakes: r.(*mockforgeReceiver).intakes, shutdown: func() error {
		if down.Swap(true) {
			return nil
		}
		return r.Shutdown(context.Background())
	}}
	t.Cleanup(func() { require.NoError(t, u.shutdown()) })
	for field, message := range map[*string]string{&u.tcp: "syslog TCP server started", &u.udp: "syslog UDP server started"} {
		started := logged.FilterMessage(message).All()
		require.Len(t, started, 1)
		*field = started[0].ContextMap()["endpoint"].(string)
	}
	return u
}

// send opens a connection, writes and closes it.
func send(t *testing.T, network, address, text string) {
	t.Helper()
	conn, err := net.Dial(network, address)
	require.NoError(t, err)
	_, err = conn.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func waitFor(t *testing.T, sink *consumertest.LogsSink, n int) []plog.LogRecord {
	t.Helper()
	require.Eventually(t, func() bool { return sink.LogRecordCount() >= n }, 10*time.Second, time.Millisecond)
	var all []plog.LogRecord
	for _, logs := range sink.AllLogs() {
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				all = append(all, record)
			}
		}
	}
	require.Len(t, all, n)
	return all
}

func body(record plog.LogRecord) string { return string(eventlog.AppendJSON(nil, record.Body())) }

func TestSyslogTransports(t *testing.T) {
	octets := fmt.Sprintf("%d %s", len(message), message)
	for name, tt := range map[string]struct {
		network, text string
		want          int
	}{
		"udp":                    {"udp", message, 1},
		"udp with line break":    {"udp", message + "\n", 1},
		"mockforge's tcp":        {"tcp", message, 1},
		"lines":                  {"tcp", strings.Repeat(message+"\n", 1000), 1000},
		"octets":                 {"tcp", strings.Repeat(octets, 1000), 1000},
		"lines, last unfinished": {"tcp", message + "\n" + message, 2},
	} {
		t.Run(name, func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			u := startSyslog(t, sink, nil)
			send(t, tt.network, map[string]string{"udp": u.udp, "tcp": u.tcp}[tt.network], tt.text)
			ids := make(map[string]bool)
			for _, record := range waitFor(t, sink, tt.want) {
				require.Equal(t, one, body(record))
				require.Equal(t, "auth.failure", record.EventName())
				id, _ := record.Attributes().Get(eventlog.AttrRecordUID)
				ids[id.Str()] = true
			}
			assert.Len(t, ids, tt.want, "each record has its own id")
			accepted, err := u.telemetry.GetMetric("otelcol_receiver_accepted_log_records")
			require.NoError(t, err)
			point := accepted.Data.(metricdata.Sum[int64]).DataPoints[0]
			assert.Equal(t, int64(tt.want), point.Value)
			transport, _ := point.Attributes.Value("transport")
			assert.Equal(t, tt.network, transport.AsString())
		})
	}
}

// TestSyslogRecords compares whole records of messages good and bad.
func TestSyslogRecords(t *testing.T) {
	for name, in := range map[string]string{
		"mockforge": message,
		"full":      `<165>1 2025-01-27T10:30:00.123456+01:00 relay.example.com app 4711 ID47 [origin ip="192.0.2.1"][meta sequenceId="1" text="a\"b"] ` + "\xEF\xBB\xBF" + `{"event_type":"auth.failure"}`,
		"no_event":  `<13>1 2025-01-27T10:30:00Z host sshd 1 - - Accepted publickey for root`,
		"no_msg":    `<13>1 2025-01-27T10:30:00Z host app - - -`,
		"rfc3164":   `<13>Jan 27 10:30:00 host app: {"event_type":"auth.failure"}`,
		"torn":      `<132>1 2025-01-27T10:30:00.000Z mockforge siem - - - {"event_type":"auth.failure","actor":{"username":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi`,
	} {
		t.Run(name, func(t *testing.T) {
			core, _ := observer.New(zap.DebugLevel)
			set := settings()
			set.Logger = zap.New(core)
			r, err := newReceiver(createDefaultConfig().(*Config), set, consumertest.NewNop())
			require.NoError(t, err)
			r.cfg.Environment = "production"
			intake, err := r.newIntake("syslog_tcp", "tcp", "syslog", 0)
			require.NoError(t, err)
			batch := intake.decoder.NewBatch(time.Date(2025, 1, 27, 10, 30, 1, 0, time.UTC))
			newSyslogReader(intake).add(t.Context(), batch, frame{data: []byte(in)}, "192.0.2.7")
			require.Equal(t, 1, batch.Len())
			path := filepath.Join("testdata", "syslog", name+".yaml")
			if *update {
				require.NoError(t, golden.WriteLogs(t, path, batch.Logs()))
			}
			want, err := golden.ReadLogs(path)
			require.NoError(t, err)
			assert.NoError(t, plogtest.CompareLogs(want, batch.Logs(), plogtest.IgnoreLogRecordAttributeValue(eventlog.AttrRecordUID)))
		})
	}
}

// TestSyslogEscapes: the parser's work grows with the square of the backslashes.
func TestSyslogEscapes(t *testing.T) {
	head := func(params ...string) string {
		return `<13>1 - host app - - [a b="` + strings.Join(params, `"][c d="`) + `"] `
	}
	for name, tt := range map[string]struct {
		message string
		kept    bool // as an event
	}{
		"as many as may be": {head(strings.Repeat(`\\`, maxEscapes)) + one, true},
		"too many":          {head(strings.Repeat(`\"`, maxEscapes+1)) + one, false},
		"in two elements":   {head(`]`+strings.Repeat(`\\`, maxEscapes), `\]`) + one, false},
		"very many":         {head(strings.Repeat(`\\`, 500_000)) + one, false},
		"in the event":      {head("") + `{"event_type":"x","a":"` + strings.Repeat(`\n`, 2*maxEscapes) + `"}`, true},
		"without any":       {`<13>1 - host app - - - {"event_type":"x","a":"` + strings.Repeat(`\n`, 2*maxEscapes) + `"}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := tcpUnderTest(t)
			batch := s.decoder.NewBatch(time.Now())
			began := time.Now()
			newSyslogReader(s.intake).add(t.Context(), batch, frame{data: []byte(tt.message)}, "192.0.2.7")
			assert.Less(t, time.Since(began), 500*time.Millisecond)
			record := batch.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
			reason, marked := record.Attributes().Get(eventlog.AttrParseError)
			assert.Equal(t, tt.kept, !marked)
			if !tt.kept {
				assert.Equal(t, errEscapes.Error(), reason.Str())
			}
		})
	}
}

func TestSyslogRefuse(t *testing.T) {
	sink := new(consumertest.LogsSink)
	u := startSyslog(t, sink, func(cfg *Config) {
		cfg.OnParseError = OnParseErrorRefuse
		cfg.Protocols.Syslog.Get().MaxMessageSize = minMessageSize
	})
	send(t, "tcp", u.tcp, "<13>1 - - - - - - hello\nnonsense\n"+strings.Repeat("x", 1000)+"\n"+message+"\n")
	assert.Equal(t, one, body(waitFor(t, sink, 1)[0]))
	require.NoError(t, u.shutdown())
	counted := func(reason string, n int64) metricdata.DataPoint[int64] {
		return metricdata.DataPoint[int64]{Value: n, Attributes: attribute.NewSet(attribute.String("reason", reason), attribute.Bool("kept", false))}
	}
	metricdatatest.AssertEqual(t, metricdata.Sum[int64]{
		Temporality: metricdata.CumulativeTemporality, IsMonotonic: true,
		DataPoints: []metricdata.DataPoint[int64]{counted("syntax", 1), counted("head", 1), counted("too_large", 1)},
	}, unparsedCount(t, u.telemetry), metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
}

func unparsedCount(t *testing.T, tel *componenttest.Telemetry) metricdata.Sum[int64] {
	t.Helper()
	m, err := tel.GetMetric("otelcol_receiver_mockforge_unparsed")
	require.NoError(t, err)
	return m.Data.(metricdata.Sum[int64])
}

func TestSyslogTooLargeIsKept(t *testing.T) {
	sink := new(consumertest.LogsSink)
	u := startSyslog(t, sink, func(cfg *Config) { cfg.Protocols.Syslog.Get().MaxMessageSize = minMessageSize })
	long := `<132>1 - - - - - - {"event_type":"` + strings.Repeat("x", 1000)
	send(t, "tcp", u.tcp, long+"\n"+message+"\n")
	records := waitFor(t, sink, 2)
	text, _ := records[0].Body().Map().Get("message")
	assert.Equal(t, long[:minMessageSize], text.Str())
	reason, _ := records[0].Attributes().Get(eventlog.AttrParseError)
	assert.Equal(t, "found a message of more than 480 bytes, expected at most 480", reason.Str())
	assert.Equal(t, one, body(records[1]))

	sink.Reset()
	send(t, "udp", u.udp, long)
	reason, _ = waitFor(t, sink, 1)[0].Attributes().Get(eventlog.AttrParseError)
	assert.Equal(t, "found a message of more than 480 bytes, expected at most 480", reason.Str())
}

// TestSyslogWaitsForThePipeline: no sender of syslog can be told to try again,
// so the receiver does.
func TestSyslogWaitsForThePipeline(t *testing.T) {
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			sink := new(consumertest.LogsSink)
			var attempts atomic.Int32
			next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
				if attempts.Add(1) < 4 {
					return errors.New("disk full")
				}
				return sink.ConsumeLogs(ctx, logs)
			})
			require.NoError(t, err)
			u := startSyslog(t, next, nil)
			send(t, network, map[string]string{"udp": u.udp, "tcp": u.tcp}[network], message)
			waitFor(t, sink, 1)
			assert.Equal(t, int32(4), attempts.Load())
			assert.Len(t, u.logged.FilterMessage("the pipeline cannot take events; they wait").All(), 1)
		})
	}
}

func TestSyslogPermanentError(t *testing.T) {
	u := startSyslog(t, consumertest.NewErr(consumererror.NewPermanent(errors.New("no"))), nil)
	send(t, "tcp", u.tcp, message+"\n"+message+"\n")
	require.Eventually(t, func() bool {
		return len(u.logged.FilterMessage("events are lost, unless their sender still has them").All()) == 1
	}, 5*time.Second, time.Millisecond)
}

// TestSyslogShutdownKeepsWhatWasRead: at the end everything that came is handed
// over.
func TestSyslogShutdownKeepsWhatWasRead(t *testing.T) {
	const n = 2000
	sink := new(consumertest.LogsSink)
	slow, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		time.Sleep(20 * time.Millisecond)
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	u := startSyslog(t, slow, nil)
	conn, err := net.Dial("tcp", u.tcp)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte(strings.Repeat(message+"\n", n)))
	require.NoError(t, err)
	udp, err := net.Dial("udp", u.udp)
	require.NoError(t, err)
	defer udp.Close()
	for range 100 {
		_, err = udp.Write([]byte(message))
		require.NoError(t, err)
	}
	// The connection stays open; what is in the system's buffers counts too.
	require.Eventually(t, func() bool { return sink.LogRecordCount() > 0 }, 5*time.Second, time.Millisecond)
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, u.shutdown())
	assert.Equal(t, n+100, sink.LogRecordCount())
}

// TestSyslogShutdownEnds though the pipeline never takes anything.
func TestSyslogShutdownGivesUp(t *testing.T) {
	u := startSyslog(t, consumertest.NewErr(errors.New("disk full")), nil)
	send(t, "tcp", u.tcp, message)
	require.Eventually(t, func() bool { return u.logged.FilterMessageSnippet("they wait").Len() > 0 }, 5*time.Second, time.Millisecond)
	require.NoError(t, u.shutdown())
	assert.Len(t, u.logged.FilterMessage("events are lost, unless their sender still has them").All(), 1)
}

func TestSyslogIdleTimeout(t *testing.T) {
	sink := new(consumertest.LogsSink)
	u := startSyslog(t, sink, func(cfg *Config) { cfg.Protocols.Syslog.Get().TCP.Get().IdleTimeout = 150 * time.Millisecond })
	conn, err := net.Dial("tcp", u.tcp)
	require.NoError(t, err)
	defer conn.Close()
	// A byte now and then is no message: the connection is cut all the same, and
	// what it sent is kept.
	began := time.Now()
	for time.Since(began) < 5*time.Second {
		if _, err = conn.Write([]byte("<")); err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	assert.Error(t, err)
	records := waitFor(t, sink, 1)
	_, marked := records[0].Attributes().Get(eventlog.AttrParseError)
	assert.True(t, marked)
}

// TestSyslogRefusedMessagesAreMessages: a connection whose messages are all
// refused is not idle.
func TestSyslogRefusedMessagesAreMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tcpUnderTest(t)
		s.keepText = false
		client, server := net.Pipe()
		s.wg.Go(func() { s.serve(t.Context(), server) })
		for range 3 {
			time.Sleep(s.idle - time.Second)
			_, err := client.Write([]byte("nonsense\n"))
			require.NoError(t, err)
		}
		require.NoError(t, client.Close())
		s.wg.Wait()
	})
}

// TestSyslogManyTinyMessages: what is read at once is not handed over at once,
// when it has very many messages.
func TestSyslogManyTinyMessages(t *testing.T) {
	const n = 3*maxPushed + 1
	sink := new(consumertest.LogsSink)
	s := tcpUnderTest(t)
	s.next = sink
	client, server := net.Pipe()
	s.wg.Go(func() { s.serve(t.Context(), server) })
	_, err := client.Write([]byte(strings.Repeat("a\n", n)))
	require.NoError(t, err)
	require.NoError(t, client.Close())
	s.wg.Wait()
	assert.Equal(t, n, sink.LogRecordCount())
	for _, logs := range sink.AllLogs() {
		assert.LessOrEqual(t, logs.LogRecordCount(), maxPushed)
	}
}

func TestSyslogMaxConnections(t *testing.T) {
	sink := new(consumertest.LogsSink)
	u := startSyslog(t, sink, func(cfg *Config) { cfg.Protocols.Syslog.Get().TCP.Get().MaxConnections = 1 })
	first, err := net.Dial("tcp", u.tcp)
	require.NoError(t, err)
	_, err = first.Write([]byte(message + "\n"))
	require.NoError(t, err)
	waitFor(t, sink, 1)
	send(t, "tcp", u.tcp, message)
	time.Sleep(50 * time.Millisecond)
	assert.Equal(t, 1, sink.LogRecordCount(), "the second one waits")
	require.NoError(t, first.Close())
	waitFor(t, sink, 2)
}

func TestSyslogTLS(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	sink := new(consumertest.LogsSink)
	u := startSyslog(t, sink, func(cfg *Config) {
		cfg.Protocols.Syslog.Get().TCP.Get().TLS = configoptional.Some(configtls.ServerConfig{
			Config:       configtls.Config{CertFile: certFile, KeyFile: keyFile},
			ClientCAFile: certFile,
		})
	})
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		config *tls.Config
		fails  bool
	}{
		"client certificate":    {&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}, false},
		"no client certificate": {&tls.Config{RootCAs: pool}, true},
		"tls 1.1":               {&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, true},
	} {
		t.Run(name, func(t *testing.T) {
			sink.Reset()
			conn, err := tls.Dial("tcp", u.tcp, tt.config)
			if err == nil {
				defer conn.Close()
				_, err = fmt.Fprintf(conn, "%d %s", len(message), message)
				if err == nil && tt.fails {
					_, err = conn.Read(make([]byte, 1)) // TLS 1.3 tells of it here
				}
			}
			if tt.fails {
				assert.Error(t, err)
				assert.Zero(t, sink.LogRecordCount())
				return
			}
			require.NoError(t, err)
			waitFor(t, sink, 1)
		})
	}
	sink.Reset()
	send(t, "tcp", u.tcp, message) // plain text
	require.NoError(t, u.shutdown())
	assert.Zero(t, sink.LogRecordCount())
}

// deaf never reads, and takes nothing more that is written.
type deaf struct {
	net.Conn
	ended chan struct{}
}

func (d deaf) Read([]byte) (int, error) {
	<-d.ended
	return 0, net.ErrClosed
}

// CloseWrite blocks as TLS does that cannot write.
func (d deaf) CloseWrite() error {
	<-d.ended
	return nil
}

// TestSyslogTLSPeerDoesNotRead: reading from TLS may write, which must not keep
// the connection for ever.
func TestSyslogTLSPeerDoesNotRead(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		s := tcpUnderTest(t)
		client, server := net.Pipe() // it has no buffer
		ended := make(chan struct{})
		go func() {
			_ = tls.Client(deaf{client, ended}, &tls.Config{ServerName: "127.0.0.1"}).HandshakeContext(context.Background())
		}()
		began := time.Now()
		s.serve(t.Context(), tls.Server(server, &tls.Config{Certificates: []tls.Certificate{pair}}))
		assert.Equal(t, s.idle, time.Since(began))
		close(ended)
	})
}

// TestSyslogEndWaitsForNoPeer: one that does not read must not keep the others
// from being told.
func TestSyslogEndWaitsForNoPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := tcpUnderTest(t)
		client, server := net.Pipe()
		ended := make(chan struct{})
		s.wg.Go(func() { s.serve(t.Context(), deaf{server, ended}) })
		synctest.Wait()
		began := time.Now()
		s.end()
		assert.Zero(t, time.Since(began))
		close(ended)
		s.wg.Wait()
		_, err := client.Read(make([]byte, 1))
		assert.Error(t, err)
	})
}

func tcpUnderTest(t *testing.T) *syslogTCP {
	t.Helper()
	set := settings()
	set.Logger = zap.NewNop()
	r, err := newReceiver(createDefaultConfig().(*Config), set, consumertest.NewNop())
	require.NoError(t, err)
	in, err := r.newIntake("syslog_tcp", "tcp", "syslog", 0)
	require.NoError(t, err)
	return &syslogTCP{intake: in, idle: time.Minute, drain: time.Second, maxMessage: defaultMaxMessageSize, conns: make(map[net.Conn]stage)}
}

func TestSyslogPortInUse(t *testing.T) {
	u := startSyslog(t, consumertest.NewNop(), nil)
	for name, change := range map[string]func(*SyslogConfig){
		"tcp": func(cfg *SyslogConfig) { cfg.TCP.GetOrInsertDefault().Endpoint = u.tcp },
		"udp": func(cfg *SyslogConfig) { cfg.UDP.GetOrInsertDefault().Endpoint = u.udp },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			change(cfg.Protocols.Syslog.GetOrInsertDefault())
			r, err := NewFactory().CreateLogs(t.Context(), settings(), cfg, consumertest.NewNop())
			require.NoError(t, err)
			assert.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), "address already in use")
			assert.NoError(t, r.Shutdown(t.Context()))
		})
	}
}

// TestUDPDropsAreCounted: what the system drops while nothing reads is seen.
func TestUDPDropsAreCounted(t *testing.T) {
	blocked := make(chan struct{})
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		<-blocked
		return nil
	})
	require.NoError(t, err)
	u := startSyslog(t, next, func(cfg *Config) {
		udp := cfg.Protocols.Syslog.Get().UDP.Get()
		udp.ReadBufferSize, udp.QueueSize = 4096, maxDatagram
	})
	defer close(blocked)
	conn, err := net.Dial("udp", u.udp)
	require.NoError(t, err)
	defer conn.Close()
	const sent = 2000
	for range sent {
		_, err = conn.Write([]byte(message))
		require.NoError(t, err)
	}
	m, err := u.telemetry.GetMetric("otelcol_receiver_mockforge_udp_dropped")
	require.NoError(t, err)
	dropped := m.Data.(metricdata.Sum[int64]).DataPoints[0].Value
	assert.Greater(t, dropped, int64(sent/2))
	assert.Less(t, dropped, int64(sent))
}

// TestDatagramsWithLittleRoom: what one call to the system reads may be more than
// the queue has room for, or next to nothing each.
func TestDatagramsWithLittleRoom(t *testing.T) {
	peer := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	for name, size := range map[string]int{"large": maxDatagram - 1, "empty": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const calls = 100
				q := newDatagrams(maxDatagram)
				got, most := 0, 0
				go func() {
					for taken, ok := q.take(); ok; taken, ok = q.take() {
						got += len(taken.ends)
						most = max(most, len(taken.ends))
						time.Sleep(time.Millisecond)
					}
				}()
				synctest.Wait() // it waits for the first one
				messages := make([]ipv4.Message, readAtOnce)
				for i := range messages {
					messages[i] = ipv4.Message{N: size, Buffers: [][]byte{make([]byte, size)}, Addr: peer}
				}
				for range calls {
					q.put(messages)
				}
				q.close()
				time.Sleep(time.Second)
				synctest.Wait()
				assert.Equal(t, calls*readAtOnce, got)
				assert.LessOrEqual(t, most, maxDatagram/datagramOverhead)
			})
		})
	}
}

// FuzzSyslog holds that any message yields one record, and that only a whole
// event in a whole head is not marked.
func FuzzSyslog(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte(`<165>1 2025-01-27T10:30:00Z h a p m [x y="z"] {"event_type":"a"}`))
	f.Add([]byte("<1>1 - - - - - - \xEF\xBB\xBF{}"))
	f.Add([]byte(`{"event_type":"a"}`))
	r, err := newReceiver(createDefaultConfig().(*Config), settings(), consumertest.NewNop())
	require.NoError(f, err)
	in, err := r.newIntake("syslog_udp", "udp", "syslog", 0)
	require.NoError(f, err)
	reader := newSyslogReader(in)
	f.Fuzz(func(t *testing.T, data []byte) {
		batch := in.decoder.NewBatch(time.Now())
		reader.add(t.Context(), batch, frame{data: data}, "192.0.2.1")
		require.Equal(t, 1, batch.Len())
		record := batch.Logs().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		_, marked := record.Attributes().Get(eventlog.AttrParseError)
		require.Equal(t, marked, record.EventName() == "")
		if !marked {
			require.True(t, bytes.HasPrefix(data, []byte("<")))
		}
	})
}
