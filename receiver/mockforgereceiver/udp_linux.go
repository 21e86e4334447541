// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"github.com/prometheus/procfs"
	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sys/unix"
)

// listenUDP opens the sockets that share the port.
func listenUDP(ctx context.Context, cfg *SyslogUDPConfig) ([]*net.UDPConn, error) {
	// A socket by itself first: those that share a port would share it with
	// those of another process, too.
	probe, err := net.ListenPacket("udp", cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	address := probe.LocalAddr().String()
	if err := probe.Close(); err != nil {
		return nil, err
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return control(raw, cfg.ReadBufferSize) }}
	var conns []*net.UDPConn
	for range cfg.Sockets {
		conn, err := lc.ListenPacket(ctx, "udp", address)
		if err != nil {
			return nil, errors.Join(err, closeAll(conns))
		}
		conns = append(conns, conn.(*net.UDPConn))
	}
	return conns, nil
}

// control sets a socket's options before it is bound.
func control(raw syscall.RawConn, bufferSize int) error {
	var err error
	set := func(fd uintptr) {
		if err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil || bufferSize == 0 {
			return
		}
		// The first one passes the system's limit and needs CAP_NET_ADMIN.
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bufferSize) != nil {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize)
		}
	}
	outer := raw.Control(set)
	return errors.Join(outer, err) // in one line, either might be read first
}

// readBuffer returns what the system granted; it doubles it for its own books
// (socket(7)).
func readBuffer(conn *net.UDPConn) int {
	size := 0
	_ = onSocket(conn, func(fd int) (err error) {
		size, err = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		return err
	})
	return size / 2
}

func onSocket(conn *net.UDPConn, do func(fd int) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = do(int(fd)) })
	return errors.Join(err, inner)
}

// udpDrops counts the datagrams that the system dropped for want of room.
type udpDrops struct {
	inodes map[uint64]bool

	mu   sync.Mutex
	last int64 // the sockets' count is gone when they are closed
}

func newUDPDrops(conns []*net.UDPConn) *udpDrops {
	d := &udpDrops{inodes: make(map[uint64]bool)}
	for _, conn := range conns {
		_ = onSocket(conn, func(fd int) error { // without its inode it is not counted
			var stat unix.Stat_t
			err := unix.Fstat(fd, &stat)
			d.inodes[stat.Ino] = true
			return err
		})
	}
	return d
}

func (d *udpDrops) observe(_ context.Context, o metric.Int64Observer) error {
	n, err := d.total()
	if err != nil {
		return err
	}
	o.Observe(n)
	return nil
}

// total reads /proc/net/udp and udp6 (proc(5)).
func (d *udpDrops) total() (int64, error) {
	proc, err := procfs.NewFS("/proc/self")
	if err != nil {
		return 0, fmt.Errorf("counting dropped datagrams: %w", err)
	}
	var sum int64
	for _, read := range []func() (procfs.NetUDP, error){proc.NetUDP, proc.NetUDP6} {
		lines, err := read()
		if err != nil {
			continue // there may be no IPv6
		}
		for _, l := range lines {
			if d.inodes[l.Inode] && l.Drops != nil {
				sum += int64(*l.Drops)
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last, sum)
	return d.last, nil
}
