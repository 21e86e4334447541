// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// drainTime is how long what was taken may wait, when the receiver ends, for a
// pipeline that cannot take it.
const drainTime = 20 * time.Second

// syslogServer is a way in by syslog: the listener and the sockets, and what
// reads from them.
type syslogServer struct {
	closers []func() error // end taking
	drain   time.Duration
	stop    context.CancelFunc
	wg      sync.WaitGroup
}

func (r *mockforgeReceiver) startSyslog(startCtx context.Context, cfg *SyslogConfig) error {
	ctx, stop := context.WithCancel(context.WithoutCancel(startCtx)) // readers outlive the start
	s := &syslogServer{stop: stop, drain: r.drainTime}
	r.ways = append(r.ways, s)
	if cfg.TCP.HasValue() {
		if err := r.startSyslogTCP(ctx, s, cfg.TCP.Get(), cfg.MaxMessageSize); err != nil {
			return err
		}
	}
	if cfg.UDP.HasValue() {
		return r.startSyslogUDP(ctx, s, cfg.UDP.Get(), min(cfg.MaxMessageSize, maxDatagram))
	}
	return nil
}

// shutdown takes nothing more, and waits until the pipeline has what was taken,
// for some time.
func (s *syslogServer) shutdown(ctx context.Context) error {
	var err error
	for _, end := range s.closers {
		err = errors.Join(err, end())
	}
	ctx, cancel := context.WithTimeout(ctx, s.drain)
	defer cancel()
	context.AfterFunc(ctx, s.stop)
	s.wg.Wait()
	s.stop()
	return err
}
