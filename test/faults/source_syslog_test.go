// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// framing writes one message.
type framing func(message string) string

// octets counts them (RFC 6587 section 3.4.1).
func octets(message string) string { return fmt.Sprintf("%d %s", len(message), message) }

// unframed is what MockForge sends: a connection for each event, whose end is
// the message's.
func unframed(message string) string { return message }

// syslogSender sends each lot of events over a connection of its own. TCP tells
// nobody what a program has read, so it closes its half and waits until the
// collector closes the other: the collector does so once the journal has all
// that it read.
type syslogSender struct {
	collector *collector
	framing   framing
}

func (s *syslogSender) send(ctx context.Context, keys []key) (out, taken int) {
	before := s.collector.killed()
	dialed, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.collector.syslog())
	if err != nil {
		return 0, 0
	}
	defer dialed.Close()
	conn, ok := dialed.(*net.TCPConn)
	if !ok {
		return 0, 0
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // it unblocks reading
	for _, k := range keys {
		out++
		if _, err := io.WriteString(conn, s.framing(message(k))); err != nil {
			return out, 0
		}
		if !isOpen(conn) {
			break // the collector ends: what came before that it still reads
		}
		taken++
	}
	if conn.CloseWrite() != nil {
		return out, 0
	}
	_, err = io.ReadFull(conn, make([]byte, 1)) // syslog answers nothing
	// A process that was killed may have read what it never kept, and its
	// connections look as if it had closed them.
	if err != io.EOF || s.collector.killed() != before { //nolint:errorlint // io.ReadFull returns it as it is
		return out, 0
	}
	return out, taken
}

func message(k key) string {
	now := time.Now()
	return "<132>1 " + now.UTC().Format("2006-01-02T15:04:05.000Z") + " mockforge siem - - - " + eventOf(k, now)
}

// isOpen reports whether the other side has not closed its half yet.
func isOpen(conn *net.TCPConn) (open bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		_, _, err := unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		open = errors.Is(err, unix.EAGAIN)
	})
	return open && err == nil
}
