// SPDX-License-Identifier: Apache-2.0

//go:build e2e || load

package e2e

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// blast sends datagrams at a rate from several sources, and returns how many.
func blast(t *testing.T, address string, perSecond int, d time.Duration) int {
	t.Helper()
	const sources = 8
	conns := make([]net.Conn, sources)
	for i := range conns {
		var err error
		conns[i], err = net.Dial("udp", address)
		require.NoError(t, err)
		defer conns[i].Close()
	}
	const tick = 2 * time.Millisecond
	total, sent := int(d.Seconds()*float64(perSecond)), 0
	began := time.Now()
	for sent < total {
		due := min(total, int(time.Since(began).Seconds()*float64(perSecond)))
		for ; sent < due; sent++ {
			event := fmt.Sprintf(`{"timestamp":"2025-01-27T10:30:00.000Z","event_type":"auth.failure","severity":"medium","n":%d,"metadata":{"text":"%0300d"}}`, sent, 0)
			if _, err := conns[sent%sources].Write([]byte("<132>1 2025-01-27T10:30:00.000Z mockforge siem - - - " + event)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(tick)
	}
	return sent
}

// sum adds the values of a metric.
func (c *collector) sum(t *testing.T, name string) int {
	t.Helper()
	sum := 0
	for _, line := range c.metric(t, name) {
		v, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		require.NoError(t, err)
		sum += int(v)
	}
	return sum
}

func (c *collector) received(t *testing.T) int {
	t.Helper()
	return c.sum(t, "otelcol_receiver_accepted_log_records")
}

func (c *collector) dropped(t *testing.T) int {
	t.Helper()
	return c.sum(t, "otelcol_receiver_mockforge_udp_dropped")
}
