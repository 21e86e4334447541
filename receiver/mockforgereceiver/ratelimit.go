// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// maxClients bounds the clients remembered. The one forgotten is the one idle
// the longest, whose bucket is as good as full.
const maxClients = 10_000

// rateLimiter knows how many requests each client may send. It stands before
// authentication and before the body is read, so that it also limits the
// guessing of credentials.
type rateLimiter struct {
	cfg     RateLimitConfig
	mu      sync.Mutex
	clients *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

func newRateLimiter(cfg RateLimitConfig) (*rateLimiter, error) {
	clients, err := simplelru.NewLRU[netip.Prefix, *rate.Limiter](maxClients, nil)
	return &rateLimiter{cfg: cfg, clients: clients}, err
}

// wrap lets refused answer the requests over the limit.
func (l *rateLimiter) wrap(next http.Handler, refused http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := l.take(clientOf(r.RemoteAddr), time.Now()); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wholeSeconds(wait)))
			w.Header().Set("Connection", "close") // else the server reads the body first
			refused(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// take counts a request, or returns how long the client has to wait.
func (l *rateLimiter) take(client netip.Prefix, now time.Time) time.Duration {
	reserved := l.bucket(client).ReserveN(now, 1)
	wait := reserved.DelayFrom(now)
	if wait > 0 {
		reserved.CancelAt(now)
	}
	return wait
}

func (l *rateLimiter) bucket(client netip.Prefix) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, ok := l.clients.Get(client)
	if !ok {
		bucket = rate.NewLimiter(rate.Limit(l.cfg.RequestsPerSecond), l.cfg.Burst)
		l.clients.Add(client, bucket)
	}
	return bucket
}

// clientOf is the network that an address stands for: one address of IPv4, or a
// /64 of IPv6, which is what one site has (RFC 6177). Headers that name another
// client are not looked at: any client can send them. All clients of a Unix
// socket are one.
func clientOf(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	address := at.Addr().Unmap().WithZone("")
	bits := min(address.BitLen(), 64)
	client, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return client
}
