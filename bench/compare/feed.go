// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// eachLine calls f with the lines of a file. They are valid until f returns.
func eachLine(path string, f func(line []byte) error) error {
	file, err := os.Open(path) //nolint:gosec // a file of ours
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	s := bufio.NewScanner(file)
	s.Buffer(make([]byte, 1<<20), 1<<20)
	for s.Scan() {
		if err := f(s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}

// post returns a feed that sends so many events a request, over several
// connections that stay open.
func (b *bench) post(perRequest int) func(context.Context, *process, string) error {
	return func(ctx context.Context, p *process, in string) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		bodies := make(chan []byte, b.connections)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: b.connections}}
		defer client.CloseIdleConnections()
		var wg sync.WaitGroup
		for range b.connections {
			wg.Go(func() {
				for body := range bodies {
					if err := postOne(ctx, client, p.port, body); err != nil {
						cancel(err)
						return
					}
				}
			})
		}
		send := func(body []byte) error {
			select {
			case bodies <- bytes.Clone(body):
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		err := inRequests(in, perRequest, send)
		close(bodies)
		wg.Wait()
		return errors.Join(err, context.Cause(ctx))
	}
}

// inRequests groups the lines of a file.
func inRequests(in string, perRequest int, send func([]byte) error) error {
	var body []byte
	lines := 0
	err := eachLine(in, func(line []byte) error {
		body = append(append(body, line...), '\n')
		if lines++; lines%perRequest > 0 {
			return nil
		}
		defer func() { body = body[:0] }()
		return send(body)
	})
	if err != nil || len(body) == 0 {
		return err
	}
	return send(body)
}

func postOne(ctx context.Context, client *http.Client, port string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:"+port+"/api/v1/events", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("found status %d, expected 200: %s", resp.StatusCode, answer)
	}
	return nil
}

// sendSyslog sends the events of a file over one connection, each a message of
// RFC 5424 with its length before it (RFC 6587 section 3.4.1).
func sendSyslog(ctx context.Context, p *process, in string) error {
	const head = "<134>1 2025-01-27T10:30:00.000Z host mockforge - - - "
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+p.port)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // what was not written failed before
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	w := bufio.NewWriterSize(conn, 1<<16)
	err = eachLine(in, func(line []byte) error {
		if err := conn.SetWriteDeadline(time.Now().Add(stall)); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "%d %s%s", len(head)+len(line), head, line)
		return err
	})
	return errors.Join(err, w.Flush())
}
