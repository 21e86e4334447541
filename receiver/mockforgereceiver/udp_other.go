// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package mockforgereceiver

import (
	"context"
	"net"

	"go.opentelemetry.io/otel/metric"
)

// listenUDP opens one socket: only Linux spreads senders over several.
func listenUDP(ctx context.Context, cfg *SyslogUDPConfig) ([]*net.UDPConn, error) {
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp", cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn)
	if cfg.ReadBufferSize > 0 {
		_ = udp.SetReadBuffer(cfg.ReadBufferSize) // the default serves too
	}
	return []*net.UDPConn{udp}, nil
}

// readBuffer is not known here.
func readBuffer(*net.UDPConn) int { return 0 }

// udpDrops counts nothing: there is no such count here.
type udpDrops struct{}

func newUDPDrops([]*net.UDPConn) *udpDrops { return &udpDrops{} }

func (*udpDrops) observe(context.Context, metric.Int64Observer) error { return nil }

func (*udpDrops) total() (int64, error) { return 0, nil }
