// SPDX-License-Identifier: Apache-2.0

package mockforgereceiver

import (
	"context"
	"errors"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/storagetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// TestCheckpoint: what is saved is what the pipeline has.
func TestCheckpoint(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	const plain, gz, skipping = `{"FileType":"","TruncateSkipping":false}`, `{"FileType":".gz","TruncateSkipping":false}`, `{"FileType":"","TruncateSkipping":true}`
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		value  string
		settle error
		saved  bool
	}{
		{"at work", context.Background(), gz + skipping, nil, true},
		{"interrupted in plain text", ended, plain, nil, true},
		{"interrupted, with a gzip file", ended, plain + gz, nil, false},
		{"interrupted in an overlong line", ended, skipping + plain, nil, false},
		{"not handed over", context.Background(), plain, errors.New("full"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var settle error
			c := newCheckpoint(storagetest.NewInMemoryClient(component.KindReceiver, component.ID{}, ""), func() error { return settle })
			require.NoError(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("before"))))
			settle = tt.settle
			want := "before"
			require.NoError(t, c.Batch(tt.ctx, storage.SetOperation("k", []byte(tt.value))))
			if tt.saved {
				want = tt.value
			}
			got, err := c.Get(context.Background(), "k")
			require.NoError(t, err)
			assert.Equal(t, want, string(got))

			settle = nil
			require.NoError(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("after"))))
			if tt.saved {
				want = "after"
			}
			got, err = c.Get(context.Background(), "k")
			require.NoError(t, err)
			assert.Equal(t, want, string(got), "frozen for good, or not at all")
		})
	}
}

// TestCheckpointUnchanged: a disk is not written to while no file grows.
func TestCheckpointUnchanged(t *testing.T) {
	client := storagetest.NewInMemoryClient(component.KindReceiver, component.ID{}, "")
	c := newCheckpoint(client, func() error { return nil })
	require.NoError(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("1"))))
	require.NoError(t, client.Set(context.Background(), "k", []byte("untouched")))
	require.NoError(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("1"))))
	got, err := client.Get(context.Background(), "k")
	require.NoError(t, err)
	assert.Equal(t, "untouched", string(got))
	require.NoError(t, client.Close(context.Background()))
	assert.Error(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("2"))))
	assert.Error(t, c.Batch(context.Background(), storage.SetOperation("k", []byte("2"))), "what could not be saved is tried again")
}
