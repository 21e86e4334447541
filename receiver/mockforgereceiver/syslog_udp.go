// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/ipv4"
)

// Defaults and bounds of syslog over UDP.
const (
	defaultSockets        = 4
	maxSockets            = 64
	defaultReadBufferSize = 8 << 20
	defaultQueueSize      = 16 << 20
	// maxDatagram is what a UDP datagram has room for (RFC 768).
	maxDatagram = 1<<16 - 1
	// readAtOnce is the most datagrams that one call to the system reads.
	readAtOnce = 64
	// maxPushed is the most messages that are handed over at once.
	maxPushed = 4096
	// datagramOverhead is what a datagram takes in the queue besides its bytes,
	// which may be none.
	datagramOverhead = 64
)

func (r *mockforgeReceiver) startSyslogUDP(ctx context.Context, s *syslogServer, cfg *SyslogUDPConfig, maxMessage int) error {
	in, err := r.newIntake("syslog_udp", "udp", "syslog", 0)
	if err != nil {
		return err
	}
	conns, err := listenUDP(ctx, cfg)
	if err != nil {
		return err
	}
	drops := newUDPDrops(conns)
	if err := r.telemetry.RegisterReceiverMockforgeUDPDroppedCallback(drops.observe); err != nil {
		return errors.Join(err, closeAll(conns))
	}
	r.settings.Logger.Info("syslog UDP server started", zap.String("endpoint", conns[0].LocalAddr().String()),
		zap.Int("sockets", len(conns)), zap.Int("read_buffer_size", readBuffer(conns[0])))
	s.closers = append(s.closers, func() error {
		if dropped, err := drops.total(); err == nil && dropped > 0 {
			r.settings.Logger.Warn("the system dropped datagrams since the start", zap.Int64("datagrams", dropped))
		}
		return lastReads(conns)
	})
	for _, conn := range conns {
		q := newDatagrams(cfg.QueueSize)
		s.wg.Go(func() { readUDP(conn, q, maxMessage, in.logger) })
		s.wg.Go(func() { handOver(ctx, in, q, maxMessage) })
	}
	return nil
}

func closeAll(conns []*net.UDPConn) error {
	var err error
	for _, c := range conns {
		err = errors.Join(err, c.Close())
	}
	return err
}

// lastReads lets the sockets be read out before they are closed: what the system
// has taken already should not be lost.
func lastReads(conns []*net.UDPConn) error {
	var err error
	for _, c := range conns {
		err = errors.Join(err, c.SetReadDeadline(time.Now().Add(lastRead)))
	}
	return err
}

// readUDP moves datagrams from the system's buffer to the queue until the last
// reads are over, and closes the socket.
func readUDP(conn *net.UDPConn, q *datagrams, maxMessage int, logger *zap.Logger) {
	defer q.close()
	defer conn.Close()                  //nolint:errcheck // nothing is written to it
	packets := ipv4.NewPacketConn(conn) // it reads from IPv6 sockets too
	messages := make([]ipv4.Message, readAtOnce)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, maxMessage+1)}
	}
	for {
		n, err := packets.ReadBatch(messages, 0)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil {
			logger.Warn("a datagram cannot be read", zap.Error(err))
			time.Sleep(minPushInterval)
			continue
		}
		q.put(messages[:n])
	}
}

// handOver makes records of what is in the queue until it is closed and empty.
func handOver(ctx context.Context, in *intake, q *datagrams, maxMessage int) {
	reader := newSyslogReader(in)
	for {
		taken, ok := q.take()
		if !ok {
			return
		}
		now := time.Now()
		for from := 0; from < len(taken.ends); from += maxPushed {
			batch := in.decoder.NewBatch(now)
			for i := from; i < min(from+maxPushed, len(taken.ends)); i++ {
				data := trimTrailer(taken.at(i))
				if len(data) == 0 {
					continue
				}
				fr := frame{data: data}
				if len(data) > maxMessage {
					fr = frame{data: data[:maxMessage], err: tooLarge("", maxMessage)}
				}
				reader.add(ctx, batch, fr, taken.peers[i])
			}
			_ = in.push(ctx, batch) // it logs what is lost
		}
	}
}

// datagrams is the queue between a socket and the pipeline. Both sides swap two
// buffers, which are used again and again.
type datagrams struct {
	limit int

	mu     sync.Mutex
	moved  *sync.Cond
	in     queued
	out    queued
	closed bool
	// The peer of the last datagram, whose text serves the next one too.
	lastAddr net.UDPAddr
	lastPeer string
}

// queued are datagrams one behind the other.
type queued struct {
	data  []byte
	ends  []int
	peers []string
}

func (q *queued) at(i int) []byte {
	from := 0
	if i > 0 {
		from = q.ends[i-1]
	}
	return q.data[from:q.ends[i]]
}

func (q *queued) size() int { return len(q.data) + len(q.ends)*datagramOverhead }

func newDatagrams(limit int) *datagrams {
	q := &datagrams{limit: limit}
	q.moved = sync.NewCond(&q.mu)
	return q
}

// put adds datagrams, and waits while there is no room: then the system's buffer
// fills, and what it drops is counted.
func (q *datagrams) put(messages []ipv4.Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range messages {
		m := &messages[i]
		for len(q.in.ends) > 0 && q.in.size()+m.N+datagramOverhead > q.limit {
			q.moved.Broadcast() // nobody knows yet of those that were added
			q.moved.Wait()
		}
		q.in.data = append(q.in.data, m.Buffers[0][:m.N]...)
		q.in.ends = append(q.in.ends, len(q.in.data))
		q.in.peers = append(q.in.peers, q.peer(m.Addr))
	}
	q.moved.Broadcast()
}

func (q *datagrams) peer(addr net.Addr) string {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return ""
	}
	if q.lastPeer == "" || !udp.IP.Equal(q.lastAddr.IP) || udp.Zone != q.lastAddr.Zone {
		q.lastAddr, q.lastPeer = *udp, hostOf(addr)
	}
	return q.lastPeer
}

// take returns all that is queued, until the next call; false when there is
// nothing and never will be.
func (q *datagrams) take() (*queued, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.in.ends) == 0 {
		if q.closed {
			return nil, false
		}
		q.moved.Wait()
	}
	q.out = queued{data: q.out.data[:0], ends: q.out.ends[:0], peers: q.out.peers[:0]}
	q.in, q.out = q.out, q.in
	q.moved.Broadcast()
	return &q.out, true
}

func (q *datagrams) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.moved.Broadcast()
}
