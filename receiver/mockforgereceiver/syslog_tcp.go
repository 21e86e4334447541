// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// Defaults of syslog over TCP.
const (
	defaultSyslogEndpoint = "localhost:5514"
	defaultMaxMessageSize = 1 << 20
	defaultIdleTimeout    = 5 * time.Minute
)

const (
	// lastRead is how long what the receiver reads from may be quiet, when it ends,
	// before it is closed: what the system has taken already should not be lost.
	lastRead = 100 * time.Millisecond
	// maxAcceptPause is how long accepting rests after an error, such as one of
	// too many open files.
	maxAcceptPause = time.Second
)

// syslogTCP is what reads from connections.
type syslogTCP struct {
	*intake
	idle       time.Duration
	drain      time.Duration // within which connections are read out at the end
	maxMessage int
	slots      chan struct{} // one for each connection

	mu    sync.Mutex
	endBy time.Time // zero until the receiver ends
	conns map[net.Conn]stage
	wg    sync.WaitGroup
}

func (r *mockforgeReceiver) startSyslogTCP(ctx context.Context, s *syslogServer, cfg *SyslogTCPConfig, maxMessage int) error {
	in, err := r.newIntake("syslog_tcp", "tcp", "syslog", 0)
	if err != nil {
		return err
	}
	listener, err := cfg.Listen(ctx)
	if err != nil {
		return err
	}
	r.settings.Logger.Info("syslog TCP server started", zap.String("endpoint", listener.Addr().String()), zap.Bool("tls", cfg.TLS.HasValue()))
	if cfg.TLS.HasValue() {
		config, err := cfg.TLS.Get().LoadTLSConfig(ctx)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		listener = tls.NewListener(listener, config)
	}
	t := &syslogTCP{
		intake: in, idle: cfg.IdleTimeout, drain: r.drainTime / 2, maxMessage: maxMessage,
		slots: make(chan struct{}, cfg.MaxConnections), conns: make(map[net.Conn]stage),
	}
	s.closers = append(s.closers, func() error {
		err := listener.Close()
		t.end()
		return err
	})
	s.wg.Go(func() { t.accept(ctx, listener) })
	return nil
}

// accept serves each connection, and returns when the last one has ended.
func (t *syslogTCP) accept(ctx context.Context, listener net.Listener) {
	defer t.wg.Wait()
	pause := time.Millisecond
	for {
		t.slots <- struct{}{}
		conn, err := listener.Accept()
		if err != nil {
			<-t.slots
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			t.logger.Warn("a syslog connection cannot be accepted", zap.Error(err))
			time.Sleep(pause)
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		pause = time.Millisecond
		t.wg.Go(func() {
			t.serve(ctx, conn)
			<-t.slots
		})
	}
}

// serve takes what one connection brings. A clean end says that the pipeline has
// all that was read.
func (t *syslogTCP) serve(ctx context.Context, conn net.Conn) {
	kept := t.read(ctx, conn)
	t.mu.Lock()
	delete(t.conns, conn)
	t.mu.Unlock()
	if !kept {
		t.logger.Debug("a syslog connection is reset: what it brought may not be kept", zap.String("peer", hostOf(conn.RemoteAddr())))
		reset(conn)
	}
	_ = conn.Close() // the sender may have done so
}

// read takes the messages of one connection. It reads on only when the pipeline
// has taken what was read, so a sender feels how fast that is. It returns false
// when the connection must not end cleanly: something came, or may have, that the
// pipeline has not taken.
func (t *syslogTCP) read(ctx context.Context, conn net.Conn) (kept bool) {
	reader, frames := newSyslogReader(t.intake), newFrames(conn, t.maxMessage)
	peer := hostOf(conn.RemoteAddr())
	kept = true
	for allowed := false; ; {
		batch := t.decoder.NewBatch(time.Now())
		taken, err := t.take(ctx, reader, frames, batch, peer)
		if t.push(ctx, batch) != nil && ctx.Err() != nil {
			kept = false // what else was read is offered, and counted
		}
		if err != nil {
			t.logger.Warn("a syslog connection is closed: its messages cannot be told apart", zap.String("peer", peer), zap.Error(err))
			return t.finish(ctx, reader, frames, peer) && kept
		}
		if taken == maxPushed {
			continue // there may be more
		}
		if !kept {
			return false
		}
		if !allowed || taken > 0 {
			t.allow(conn)
			allowed = true
		}
		if err = frames.fill(); err == nil {
			continue
		}
		switch t.after(conn, err) {
		case readOn:
		case breakOff:
			return false
		default:
			t.ended(peer, err)
			return t.finish(ctx, reader, frames, peer)
		}
	}
}

// take adds messages that were read whole, up to maxPushed of them: records of
// tiny ones take hundreds of times their room.
func (t *syslogTCP) take(ctx context.Context, reader *syslogReader, frames *frames, batch *eventlog.Batch, peer string) (taken int, err error) {
	for ; taken < maxPushed; taken++ {
		fr, ok, err := frames.next()
		if !ok || err != nil {
			return taken, err
		}
		reader.add(ctx, batch, fr, peer)
	}
	return taken, nil
}

// finish takes what the end of the connection left; false when it has given it up.
func (t *syslogTCP) finish(ctx context.Context, reader *syslogReader, frames *frames, peer string) (kept bool) {
	fr, ok := frames.tail()
	if !ok {
		return true
	}
	batch := t.decoder.NewBatch(time.Now())
	reader.add(ctx, batch, fr, peer)
	return t.push(ctx, batch) == nil || ctx.Err() == nil
}

// ended tells of connections that did not end as they should.
func (t *syslogTCP) ended(peer string, err error) {
	switch {
	case errors.Is(err, io.EOF):
	case isTimeout(err):
		t.logger.Debug("a syslog connection was idle and is closed", zap.String("peer", peer))
	default:
		t.logger.Warn("a syslog connection broke", zap.String("peer", peer), zap.Error(err))
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

func hostOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return host
}
