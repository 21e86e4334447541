// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/mockforge/otelcol-mockforge/internal/receipt"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// TestReceipt: who asks is told what each destination made of the event.
func TestReceipt(t *testing.T) {
	down := &siem{answer: func([]int) error { return errors.New("HTTP 503 overloaded") }}
	refuses := &siem{answer: func(ns []int) error {
		if slices.Contains(ns, 7) {
			return consumererror.NewPermanent(errors.New("HTTP 400 no"))
		}
		return nil
	}}
	r := start(t, fast(t.TempDir()), map[string]*siem{"up": {}, "down": down, "refuses": refuses})
	defer r.stop()
	ctx, asked := receipt.New(t.Context())
	require.NoError(t, r.ConsumeLogs(ctx, siemtest.Decode(t, "", `{"event_type":"a","n":7}`)))

	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	assert.Equal(t, []receipt.Entry{
		{Pipeline: "logs/down", Outcome: receipt.Pending, Error: "HTTP 503 overloaded"},
		{Pipeline: "logs/refuses", Outcome: receipt.DeadLettered},
		{Pipeline: "logs/up", Outcome: receipt.Delivered},
	}, asked.Wait(soon))
	down.mend()
	assert.Equal(t, receipt.Delivered, asked.Wait(t.Context())[0].Outcome)
}

// TestWatchesThatAreFasterThanTheQuestion: a destination may be done with an
// event before the caller knows its number.
func TestWatchesThatAreFasterThanTheQuestion(t *testing.T) {
	var w watches
	var got []receipt.Outcome
	settle := func(o receipt.Outcome) { got = append(got, o) }
	one := w.begin(settle)
	w.note(span{from: 0, to: 5, delivered: 5})
	w.note(span{from: 5, to: 6, deadLettered: 1})
	w.name(one, 5)
	w.note(span{from: 5, to: 6, delivered: 1})
	assert.Equal(t, []receipt.Outcome{receipt.DeadLettered}, got, "once")

	one = w.begin(settle)
	w.name(one, 9)
	w.note(span{from: 6, to: 12, damaged: 6})
	assert.Equal(t, []receipt.Outcome{receipt.DeadLettered, receipt.Lost}, got)

	got = nil
	one = w.begin(settle)
	w.name(one, 12)
	w.note(span{from: 12, to: 14, filtered: 1, sampled: 1})
	assert.Equal(t, []receipt.Outcome{receipt.Dropped}, got, "a filter behind the journal")

	w.forget(w.begin(settle))
	assert.Empty(t, w.all)
}
