// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"
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

func (s *syslogSender) send(ctx context.Context, keys []key) outcome {
	before := s.collector.killed()
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", s.collector.syslog())
	if err != nil {
		return unreached
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })() // it unblocks reading
	closed := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(conn, make([]byte, 1)) // syslog answers nothing
		closed <- err
	}()
	written := s.write(conn, keys)
	inTime := true
	select {
	case err = <-closed:
		// The collector ended before all was written: what of it was read
		// nobody can say.
		inTime = false
	default:
		err = <-closed
	}
	after := s.collector.killed()
	// A process that was killed may have read what it never kept, and its
	// connections look as if it had closed them.
	if written && inTime && err == io.EOF && before == after { //nolint:errorlint // io.ReadFull returns it as it is
		return acknowledged
	}
	return unknown
}

// write sends all and closes this half; true when the system has taken it.
func (s *syslogSender) write(conn net.Conn, keys []key) bool {
	for _, k := range keys {
		now := time.Now()
		message := "<132>1 " + now.UTC().Format("2006-01-02T15:04:05.000Z") + " mockforge siem - - - " + eventOf(k, now)
		if _, err := io.WriteString(conn, s.framing(message)); err != nil {
			return false
		}
	}
	half, ok := conn.(*net.TCPConn)
	return ok && half.CloseWrite() == nil
}
