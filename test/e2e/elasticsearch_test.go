// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

const (
	elasticKey    = "aWQ6c2VjcmV0"
	elasticStream = "logs-mockforge.security-default"
)

func startElasticsearch(t *testing.T, server *siemtest.Elasticsearch, key string) *collector {
	t.Helper()
	return start(t, options{
		configs: []string{"../../examples/elasticsearch.yaml", fastRetry},
		env:     []string{"ELASTICSEARCH_URL=" + server.URL, "ELASTICSEARCH_API_KEY=" + key},
	})
}

// TestElasticsearch: each event is a document with @timestamp, though the server
// and then its queue were full; a replay adds nothing.
func TestElasticsearch(t *testing.T) {
	server := siemtest.NewElasticsearch(t, elasticKey, elasticStream)
	server.Busy(1, 30)
	c := startElasticsearch(t, server, elasticKey)
	events := destinationEvents(t)
	postEvents(t, c, events)
	c.delivered(t, "logs/elasticsearch", len(events))
	taken, refused := server.Documents()
	assert.Len(t, refused, 31, "1 request and 30 documents")
	var bodies []string
	for _, doc := range taken {
		e := parse(t, string(doc))
		sent, err := time.Parse(time.RFC3339Nano, e["timestamp"].(string))
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339Nano, e["@timestamp"].(string))
		require.NoError(t, err)
		require.True(t, sent.Equal(at), "%s %s", sent, at)
		delete(e, "@timestamp")
		body, err := json.Marshal(e)
		require.NoError(t, err)
		bodies = append(bodies, string(body))
	}
	assertEvents(t, events, bodies)
	assert.NotContains(t, c.log.String(), elasticKey)

	c.seek(t, "logs/elasticsearch", 0)
	require.Eventually(t, func() bool { _, refused := server.Documents(); return len(refused) == 31+len(events) }, startTimeout, 20*time.Millisecond)
	again, refused := server.Documents()
	assert.Len(t, again, len(taken))
	assert.Contains(t, refused[31], "version_conflict_engine_exception")
}

// TestElasticsearchKey: with a wrong key nothing is taken, and nothing is lost.
func TestElasticsearchKey(t *testing.T) {
	server := siemtest.NewElasticsearch(t, elasticKey, elasticStream)
	c := startElasticsearch(t, server, "wrong")
	postEvents(t, c, destinationEvents(t)[:3])
	held := `otelcol_connector_siem_journal_attempts{destination="logs/elasticsearch",outcome="held"}`
	require.Eventually(t, func() bool { return len(c.metric(t, held)) == 1 }, startTimeout, 20*time.Millisecond)
	taken, refused := server.Documents()
	assert.Empty(t, taken)
	assert.Equal(t, "missing authentication credentials", refused[0])
	assert.Equal(t, uint64(3), c.cursor(t, "logs/elasticsearch").Pending)
}

// TestElasticsearchFull: documents that find no room wait, also through a stop.
func TestElasticsearchFull(t *testing.T) {
	server := siemtest.NewElasticsearch(t, elasticKey, elasticStream)
	server.Busy(0, 1_000_000)
	o := options{
		dir: t.TempDir(), configs: []string{"../../examples/elasticsearch.yaml", fastRetry},
		env: []string{"ELASTICSEARCH_URL=" + server.URL, "ELASTICSEARCH_API_KEY=" + elasticKey},
	}
	c := start(t, o)
	postEvents(t, c, destinationEvents(t)[:5])
	require.Eventually(t, func() bool { _, refused := server.Documents(); return len(refused) > 25 }, startTimeout, 20*time.Millisecond)
	assert.Equal(t, uint64(5), c.cursor(t, "logs/elasticsearch").Pending)
	c.stop(t)

	server.Busy(0, 0)
	c = start(t, o)
	c.settle(t)
	taken, _ := server.Documents()
	assert.Len(t, taken, 5)
}
