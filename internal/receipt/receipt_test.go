// SPDX-License-Identifier: Apache-2.0

package receipt

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNobodyAsks(t *testing.T) {
	assert.Nil(t, From(t.Context()))
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, r := New(t.Context())
		assert.Same(t, r, From(ctx))
		assert.Empty(t, r.Wait(ctx), "nothing to wait for")

		b := r.Expect("logs/b", func() string { return "" })
		a := r.Expect("logs/a", func() string { return "HTTP 503" })
		c := r.Expect("logs/c", func() string { return "" })
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		b(Delivered)
		assert.Equal(t, []Entry{{"logs/a", Pending, "HTTP 503"}, {"logs/b", Delivered, ""}, {"logs/c", Pending, ""}}, r.Wait(short))

		go func() {
			time.Sleep(time.Minute)
			a(DeadLettered)
			time.Sleep(time.Minute)
			c(Lost)
		}()
		assert.Equal(t, []Entry{{"logs/a", DeadLettered, ""}, {"logs/b", Delivered, ""}, {"logs/c", Lost, ""}}, r.Wait(ctx))
	})
}
