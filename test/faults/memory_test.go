// SPDX-License-Identifier: Apache-2.0

//go:build faults

package faults

import (
	"context"
	"fmt"
	"sync"
)

// memoryFault has senders of large requests take the process to its limit again
// and again. Senders by HTTP are told 503, the other ways in wait.
var memoryFault = fault{
	name: "memory limit reached", env: []string{"GOMEMLIMIT=120MiB"},
	settings: `processors: {memory_limiter: {check_interval: 50ms, limit_mib: 80, spike_limit_mib: 20}}`,
	act: func(r *run) {
		before := r.sources.posts.unavailable.Load()
		ctx, cancel := context.WithTimeout(context.Background(), troubleFor+patience)
		defer cancel()
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 3 {
			large := &source{name: fmt.Sprintf("http/large%d", i), size: 4000, ledger: r.ledger, send: r.sources.posts.batch}
			wg.Go(func() { large.run(ctx, stop) })
		}
		r.wait(troubleFor)
		r.eventually("no sender is told", func() bool { return r.sources.posts.unavailable.Load() > before+2 })
		close(stop)
		wg.Wait() // what was begun is taken in the end
		r.flows()
	},
}
