// SPDX-License-Identifier: Apache-2.0

package siemjournalconnector

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/mockforge/otelcol-mockforge/connector/siemjournalconnector/internal/metadata"
)

// unsaved keeps the cursors from being saved, as a full disk does.
func unsaved(t *testing.T, dir string) (mend func()) {
	t.Helper()
	inTheWay := filepath.Join(dir, "cursors.json.new")
	require.NoError(t, os.Mkdir(inTheWay, 0o700))
	return func() { require.NoError(t, os.Remove(inTheWay)) }
}

// TestBeginsUnsaved: a destination with a cursor gets its events though no cursor
// can be saved, and nothing is removed from the journal until one can.
func TestBeginsUnsaved(t *testing.T) {
	dir := t.TempDir()
	down := &siem{answer: func([]int) error { return errors.New("down") }}
	r := start(t, fast(dir), map[string]*siem{"x": down})
	r.post(0, 3)
	r.stop()
	before, err := loadCursors(dir)
	require.NoError(t, err)

	mend := unsaved(t, dir)
	up := &siem{}
	r = start(t, fast(dir), map[string]*siem{"x": up})
	assert.Equal(t, 1, r.logged.FilterMessageSnippet("the cursors on the disk stay as they were").Len())
	eventually(t, up, numbers(0, 3))
	r.post(3, 5)
	eventually(t, up, numbers(0, 5))
	require.Error(t, r.Shutdown(context.Background()), "what was delivered comes again: that has to be told")
	after, err := loadCursors(dir)
	require.NoError(t, err)
	assert.Equal(t, before.byName, after.byName)

	mend()
	again := &siem{}
	r = start(t, fast(dir), map[string]*siem{"x": again})
	eventually(t, again, numbers(0, 5))
	r.stop()
}

// TestNewCursorMustBeSaved: after a crash it would be a new one again, and begin
// behind what was acknowledged.
func TestNewCursorMustBeSaved(t *testing.T) {
	dir := t.TempDir()
	start(t, fast(dir), map[string]*siem{"x": {}}).stop()
	unsaved(t, dir)
	consumers := make(map[pipeline.ID]consumer.Logs)
	for _, name := range []string{"x", "y"} {
		consumers[pipeline.NewIDWithName(pipeline.SignalLogs, name)] = (&siem{}).consumer(t)
	}
	c, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), fast(dir), connector.NewLogsRouter(consumers))
	require.NoError(t, err)
	err = c.Start(t.Context(), componenttest.NewNopHost())
	assert.ErrorContains(t, err, "found no cursor of logs/y, expected that a new one can be kept: saving the cursors")
	_ = c.Shutdown(context.Background()) // the journal is closed
}
