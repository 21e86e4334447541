// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

const (
	kafkaTopic    = "mockforge-security"
	kafkaPassword = "kafka-secret"
)

// startKafka runs a broker with TLS and SASL.
func startKafka(t *testing.T, ca *authority) *kfake.Cluster {
	t.Helper()
	cert, key := ca.issue(t, "kafka")
	pair, err := tls.LoadX509KeyPair(cert, key)
	require.NoError(t, err)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, kafkaTopic), kfake.EnableSASL(),
		kfake.Superuser("SCRAM-SHA-512", "mockforge", kafkaPassword),
		kfake.EnableACLs(), kfake.User("SCRAM-SHA-512", "stranger", kafkaPassword, kfake.ACL{
			Resource: kmsg.ACLResourceTypeTopic, Name: kafkaTopic, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: kmsg.ACLOperationDescribe, Allow: true,
		}),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

func kafkaEnv(cluster *kfake.Cluster, ca *authority, password string) []string {
	return []string{
		"KAFKA_BROKER=" + cluster.ListenAddrs()[0], "KAFKA_CA=" + ca.file,
		"KAFKA_USERNAME=mockforge", "KAFKA_PASSWORD=" + password,
	}
}

// consume reads count messages of the topic, and whether there are more.
func consume(t *testing.T, cluster *kfake.Cluster, ca *authority, count int) []string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumeTopics(kafkaTopic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DialTLSConfig(ca.clientTLS()),
		kgo.SASL(scram.Auth{User: "mockforge", Pass: kafkaPassword}.AsSha512Mechanism()))
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	var all []string
	for len(all) < count {
		fetches := client.PollFetches(ctx)
		require.NoError(t, fetches.Err0())
		fetches.EachRecord(func(r *kgo.Record) { all = append(all, string(r.Value)) })
	}
	return all
}

// TestKafkaDestination: each event is one message, though the broker wants TLS
// and a password.
func TestKafkaDestination(t *testing.T) {
	ca := newAuthority(t)
	cluster := startKafka(t, ca)
	c := start(t, options{configs: []string{"../../examples/kafka-destination.yaml", fastRetry}, env: kafkaEnv(cluster, ca, kafkaPassword)})
	events := destinationEvents(t)
	postEvents(t, c, events)
	c.delivered(t, "logs/kafka", len(events))
	assertEvents(t, events, consume(t, cluster, ca, len(events)))
	assert.NotContains(t, c.log.String(), kafkaPassword)
}

// TestKafkaDestinationRefuses: a wrong password loses nothing, and a message
// that is too large is the only one put aside.
func TestKafkaDestinationRefuses(t *testing.T) {
	ca := newAuthority(t)
	cluster := startKafka(t, ca)
	o := options{dir: t.TempDir(), configs: []string{"../../examples/kafka-destination.yaml", fastRetry}, env: kafkaEnv(cluster, ca, "wrong")}
	c := start(t, o)
	events := destinationEvents(t)[:9]
	postEvents(t, c, events)
	retry := `otelcol_connector_siem_journal_attempts{destination="logs/kafka",outcome="retry"}`
	require.Eventually(t, func() bool { return len(c.metric(t, retry)) == 1 }, startTimeout, 50*time.Millisecond)
	assert.Equal(t, uint64(9), c.cursor(t, "logs/kafka").Pending)
	c.stop(t)

	o.env = kafkaEnv(cluster, ca, kafkaPassword)
	c = start(t, o)
	c.settle(t)
	large := `{"event_type":"data.exported","metadata":{"n":1000,"text":"` + strings.Repeat("<", 400_000) + `"}}`
	status, answer := c.post(large)
	require.Equal(t, 200, status, answer)
	c.settle(t)
	cur := c.cursor(t, "logs/kafka")
	assert.Equal(t, []uint64{9, 1}, []uint64{cur.Delivered, cur.DeadLettered}, "as \\u003c it has more than a megabyte")
	assertEvents(t, events, consume(t, cluster, ca, len(events)))
}

// TestKafkaDestinationHeld: who may not write to the topic waits until the right
// is given.
func TestKafkaDestinationHeld(t *testing.T) {
	ca := newAuthority(t)
	cluster := startKafka(t, ca)
	o := options{dir: t.TempDir(), configs: []string{"../../examples/kafka-destination.yaml", fastRetry}}
	o.env = append(kafkaEnv(cluster, ca, kafkaPassword), "KAFKA_USERNAME=stranger")
	c := start(t, o)
	events := destinationEvents(t)[:9]
	postEvents(t, c, events)
	held := `otelcol_connector_siem_journal_attempts{destination="logs/kafka",outcome="held"}`
	require.Eventually(t, func() bool { return len(c.metric(t, held)) == 1 }, startTimeout, 50*time.Millisecond)
	assert.Equal(t, uint64(9), c.cursor(t, "logs/kafka").Pending)
	c.stop(t)

	o.env = kafkaEnv(cluster, ca, kafkaPassword)
	c = start(t, o)
	c.settle(t)
	assertEvents(t, events, consume(t, cluster, ca, len(events)))
}
