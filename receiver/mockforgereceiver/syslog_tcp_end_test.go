// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/health"
)

var errFull = errors.New("disk full")

// halfCloser is a connection of TCP or TLS.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// dial opens a connection, with TLS where config is set.
func dial(t *testing.T, address string, config *tls.Config) halfCloser {
	t.Helper()
	var conn net.Conn
	var err error
	if config == nil {
		conn, err = net.Dial("tcp", address)
	} else {
		conn, err = tls.Dial("tcp", address, config)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn.(halfCloser)
}

// TestSyslogGivenUpIsReset: what the pipeline has not taken in time at the end has
// no clean end, whether the sender still writes or not, and is counted.
func TestSyslogGivenUpIsReset(t *testing.T) {
	certFile, keyFile, pool := certificate(t)
	withTLS := func(cfg *Config) {
		cfg.Protocols.Syslog.Get().TCP.Get().TLS = configoptional.Some(configtls.ServerConfig{Config: configtls.Config{CertFile: certFile, KeyFile: keyFile}})
	}
	for name, tt := range map[string]struct {
		change func(*Config)
		config *tls.Config
	}{
		"tcp": {nil, nil},
		"tls": {withTLS, &tls.Config{RootCAs: pool}},
	} {
		t.Run(name, func(t *testing.T) {
			u := startSyslog(t, consumertest.NewErr(errFull), tt.change)
			open, ended := dial(t, u.tcp, tt.config), dial(t, u.tcp, tt.config)
			_, err := io.WriteString(open, strings.Repeat(message+"\n", 3))
			require.NoError(t, err)
			_, err = io.WriteString(ended, message) // whole at the end only
			require.NoError(t, err)
			require.NoError(t, ended.CloseWrite())
			require.Eventually(t, func() bool { return u.logged.FilterMessageSnippet("they wait").Len() == 2 }, 5*time.Second, time.Millisecond)
			quiet := dial(t, u.tcp, tt.config)
			_, err = io.WriteString(quiet, message[:10])
			require.NoError(t, err)
			time.Sleep(50 * time.Millisecond)
			require.NoError(t, u.shutdown())
			for name, conn := range map[string]net.Conn{"open": open, "ended": ended, "quiet": quiet} {
				_, err = conn.Read(make([]byte, 1))
				assert.ErrorIs(t, err, syscall.ECONNRESET, name)
			}
			assert.Equal(t, health.Intake{Receiver: u.intakes()[0].Receiver, Protocol: "syslog_tcp", Refused: 4}, u.intakes()[0])
			assert.Len(t, u.logged.FilterMessage("events are lost, unless their sender still has them").All(), 2)
		})
	}
}

// TestSyslogEndsCleanlyWhenTaken: our half stays open until the pipeline has what
// was read, and a sender that ends before is told that it is kept.
func TestSyslogEndsCleanlyWhenTaken(t *testing.T) {
	sink := new(consumertest.LogsSink)
	var full atomic.Bool
	full.Store(true)
	next, err := consumer.NewLogs(func(ctx context.Context, logs plog.Logs) error {
		if full.Load() {
			return errFull
		}
		return sink.ConsumeLogs(ctx, logs)
	})
	require.NoError(t, err)
	u := startSyslog(t, next, nil)
	open, ended := dial(t, u.tcp, nil), dial(t, u.tcp, nil)
	_, err = io.WriteString(open, message+"\n")
	require.NoError(t, err)
	_, err = io.WriteString(ended, message+"\n")
	require.NoError(t, err)
	require.NoError(t, ended.CloseWrite())
	require.Eventually(t, func() bool { return u.logged.FilterMessageSnippet("they wait").Len() == 2 }, 5*time.Second, time.Millisecond)
	down := make(chan error)
	go func() { down <- u.shutdown() }()
	time.Sleep(3 * lastRead)
	require.NoError(t, open.SetReadDeadline(time.Now().Add(time.Millisecond)))
	var network net.Error
	_, err = open.Read(make([]byte, 1))
	require.ErrorAs(t, err, &network, "nobody has said yet that all is well")
	assert.True(t, network.Timeout())
	_, err = io.WriteString(open, message+"\n")
	require.NoError(t, err)
	full.Store(false)
	require.NoError(t, open.SetReadDeadline(time.Now().Add(5*time.Second)))
	for name, conn := range map[string]net.Conn{"open": open, "ended": ended} {
		_, err = conn.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF, name)
	}
	require.NoError(t, <-down)
	assert.Equal(t, 3, sink.LogRecordCount(), "what was written before the end is kept, too")
}
