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
	// lastRead is how long a connection may be quiet, when the receiver ends,
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
	conns map[net.Conn]struct{}
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
		slots: make(chan struct{}, cfg.MaxConnections), conns: make(map[net.Conn]struct{}),
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

// end tells each sender that nothing more is taken, and lets its connection read
// what has come.
func (t *syslogTCP) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endBy = time.Now().Add(t.drain)
	for conn := range t.conns {
		t.setDeadline(conn)
		if c, ok := conn.(interface{ CloseWrite() error }); ok {
			// It may be closed. With TLS it writes, and who does not read delays it.
			t.wg.Go(func() { _ = c.CloseWrite() })
		}
	}
}

// allow gives the connection time for its next message.
func (t *syslogTCP) allow(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[conn] = struct{}{}
	t.setDeadline(conn)
}

func (t *syslogTCP) setDeadline(conn net.Conn) {
	deadline := time.Now().Add(t.idle)
	if !t.endBy.IsZero() {
		deadline = time.Now().Add(lastRead)
		if deadline.After(t.endBy) {
			deadline = t.endBy
		}
	}
	// Reading says what is wrong. With TLS it writes, too.
	_ = conn.SetDeadline(deadline)
}

func (t *syslogTCP) close(conn net.Conn) {
	t.mu.Lock()
	delete(t.conns, conn)
	t.mu.Unlock()
	_ = conn.Close() // the sender may have done so
}

// serve takes the messages of one connection. It reads on only when the
// pipeline has taken what was read, so a sender feels how fast that is.
func (t *syslogTCP) serve(ctx context.Context, conn net.Conn) {
	defer t.close(conn)
	reader, frames := newSyslogReader(t.intake), newFrames(conn, t.maxMessage)
	peer := hostOf(conn.RemoteAddr())
	for allowed := false; ; {
		batch := t.decoder.NewBatch(time.Now())
		taken, err := t.take(ctx, reader, frames, batch, peer)
		if batch.Taken() > 0 && t.push(ctx, batch) != nil && ctx.Err() != nil {
			return
		}
		if err != nil {
			t.logger.Warn("a syslog connection is closed: its messages cannot be told apart", zap.String("peer", peer), zap.Error(err))
			t.finish(ctx, reader, frames, peer)
			return
		}
		if !allowed || taken > 0 {
			t.allow(conn)
			allowed = true
		}
		if taken == maxPushed {
			continue // there may be more
		}
		if err := frames.fill(); err != nil {
			t.ended(peer, err)
			t.finish(ctx, reader, frames, peer)
			return
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

// finish takes what the end of the connection left.
func (t *syslogTCP) finish(ctx context.Context, reader *syslogReader, frames *frames, peer string) {
	fr, ok := frames.tail()
	if !ok {
		return
	}
	batch := t.decoder.NewBatch(time.Now())
	reader.add(ctx, batch, fr, peer)
	_ = t.push(ctx, batch) // it logs what is lost
}

// ended tells of connections that did not end as they should.
func (t *syslogTCP) ended(peer string, err error) {
	var network net.Error
	switch {
	case errors.Is(err, io.EOF):
	case errors.As(err, &network) && network.Timeout():
		t.logger.Debug("a syslog connection was idle and is closed", zap.String("peer", peer))
	default:
		t.logger.Warn("a syslog connection broke", zap.String("peer", peer), zap.Error(err))
	}
}

func hostOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return host
}
