// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"time"
)

// finishTime is how long a batch on its way has left for its answer when
// deliveries end. Cut off, it would be delivered again.
const finishTime = 2 * time.Second

// finishing returns a context that outlives another one by finishTime.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		sleep(longer, finishTime)
		cancel()
	})
	return longer, func() {
		stop()
		cancel()
	}
}
