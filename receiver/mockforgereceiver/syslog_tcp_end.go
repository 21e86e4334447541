// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"crypto/tls"
	"net"
	"time"
)

// When the receiver ends, each connection goes through these stages, one further
// each time that it was quiet for lastRead or that its time was up. A sender may
// take our half's end for the word that all it wrote is kept. So that end comes
// late: when the pipeline has what had come, and takes what comes.
type stage uint8

const (
	asAlways stage = iota
	lastLook       // takes what came meanwhile: the pipeline may have kept it from reading
	told           // the sender knows; what was on its way is still taken
)

// step is what becomes of a connection that cannot be read for the moment.
type step uint8

const (
	finish step = iota
	readOn
	breakOff // something may be lost: no clean end
)

// end lets each connection read what has come, and tells its sender then.
func (t *syslogTCP) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endBy = time.Now().Add(t.drain)
	for conn := range t.conns {
		t.setDeadline(conn)
	}
}

// allow gives the connection time for its next message. At the end only what was
// on its way gets more: a sender that writes on and on has to be told.
func (t *syslogTCP) allow(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.conns[conn]
	t.conns[conn] = at
	if !known || t.endBy.IsZero() || at == told {
		t.setDeadline(conn)
	}
}

// setDeadline is called with mu held.
func (t *syslogTCP) setDeadline(conn net.Conn) {
	deadline := time.Now().Add(t.idle)
	if !t.endBy.IsZero() {
		deadline = time.Now().Add(lastRead)
		if t.conns[conn] == told && deadline.After(t.endBy) {
			deadline = t.endBy
		}
	}
	// Reading says what is wrong. With TLS it writes, too.
	_ = conn.SetDeadline(deadline)
}

// after decides what becomes of a connection that reading has failed on.
func (t *syslogTCP) after(conn net.Conn, err error) step {
	if !isTimeout(err) {
		return finish
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.endBy.IsZero() || t.conns[conn] == told:
		return finish
	case t.conns[conn] == asAlways:
		t.conns[conn] = lastLook
	case t.stuck.Load() || time.Now().After(t.endBy):
		return breakOff // what comes now, the pipeline might not take
	default:
		t.conns[conn] = told
		t.mu.Unlock()
		tell(conn)
		t.mu.Lock()
	}
	t.setDeadline(conn)
	return readOn
}

// tell closes our half. With TLS it writes, and who does not read delays it. It
// comes before the time for the last reads begins: what was written before a sender
// could know is there by then.
func tell(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite() // it may be closed
	}
}

// reset ends a connection so that no sender takes it for a clean end: with a RST,
// and with TLS without a word of its own.
func reset(conn net.Conn) {
	if c, ok := conn.(*tls.Conn); ok {
		conn = c.NetConn()
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // it may be closed
	}
	_ = conn.Close()
}
