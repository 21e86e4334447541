// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

var awsIdentity = siemtest.AWSIdentity{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret/with+signs", Region: "eu-central-1"}

// awsEnv is the environment of a process that has an identity and must not look
// for another one.
func awsEnv(id siemtest.AWSIdentity) []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + id.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + id.SecretAccessKey, "AWS_REGION=" + id.Region,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_EC2_METADATA_DISABLED=true",
	}
}

func startCloudWatch(t *testing.T, server *siemtest.CloudWatch, id siemtest.AWSIdentity) *collector {
	t.Helper()
	return start(t, options{
		configs: []string{"../../examples/cloudwatch.yaml", fastRetry},
		env:     append(awsEnv(id), "CLOUDWATCH_ENDPOINT="+server.URL),
	})
}

// TestCloudWatch: signed requests make group and stream and put the events, in
// order, though the service throttled at first.
func TestCloudWatch(t *testing.T) {
	server := siemtest.NewCloudWatch(t, awsIdentity)
	server.Busy(1)
	c := startCloudWatch(t, server, awsIdentity)
	events := destinationEvents(t)
	postEvents(t, c, events)
	c.delivered(t, "logs/cloudwatch", len(events))
	calls, refused := server.Calls()
	assert.Equal(t, []string{"CreateLogStream", "CreateLogGroup", "CreateLogStream", "PutLogEvents"}, calls[:4])
	require.Len(t, refused, 2)
	assert.ErrorContains(t, refused[0], "ResourceNotFoundException")
	assert.ErrorContains(t, refused[1], "ThrottlingException")

	var bodies []string
	for _, got := range server.Events() {
		bodies = append(bodies, got.Message)
		sent, err := time.Parse(time.RFC3339Nano, parse(t, got.Message)["timestamp"].(string))
		require.NoError(t, err)
		require.Equal(t, siemtest.CloudWatchEvent{Group: "/aws/mockforge/security", Stream: "events", Timestamp: sent.UnixMilli(), Message: got.Message}, got)
	}
	assertEvents(t, events, bodies)
	assertEvents(t, events, c.lines(t))
	assert.NotContains(t, c.log.String(), awsIdentity.SecretAccessKey)
}

// TestCloudWatchSignature: with another secret nothing is taken, and nothing is
// lost.
func TestCloudWatchSignature(t *testing.T) {
	server := siemtest.NewCloudWatch(t, awsIdentity)
	id := awsIdentity
	id.SecretAccessKey = "another"
	c := startCloudWatch(t, server, id)
	postEvents(t, c, destinationEvents(t)[:3])
	require.Eventually(t, func() bool { _, refused := server.Calls(); return len(refused) > 0 }, startTimeout, 10*time.Millisecond)
	_, refused := server.Calls()
	assert.ErrorContains(t, refused[0], "the signature does not match")
	assert.Empty(t, server.Events())
	assert.Equal(t, uint64(3), c.cursor(t, "logs/cloudwatch").Pending)
}

// TestCloudWatchLimits: events outside CloudWatch's window of time, of more than
// a day, too large, or with members that the exporter obeys, arrive all the same.
func TestCloudWatchLimits(t *testing.T) {
	server := siemtest.NewCloudWatch(t, awsIdentity)
	c := startCloudWatch(t, server, awsIdentity)
	now := time.Now().UTC()
	var events []string
	ages := []time.Duration{-20 * 24 * time.Hour, -10 * 24 * time.Hour, -8 * 24 * time.Hour, -time.Hour, time.Hour, 3 * time.Hour, 48 * time.Hour}
	for i, age := range ages {
		events = append(events, fmt.Sprintf(`{"timestamp":%q,"event_type":"auth.failure","severity":"low","metadata":{"n":%d}}`, now.Add(age).Format(time.RFC3339), i))
	}
	// Go's JSON takes these names for the ones it looks for.
	for i, member := range []string{"log_group_name", "LOG_Group_Name", "log_\u017ftream_name", "_aws", "_AW\u017f"} {
		events = append(events, fmt.Sprintf(`{"event_type":"auth.failure","severity":"low",%q:"attacker","log_group_name":"attacker","_aws":{"logGroupName":"attacker"},"metadata":{"n":%d}}`, member, len(ages)+i))
	}
	large := strings.Repeat("<é>", 80_000)
	events = append(events,
		fmt.Sprintf(`{"event_type":"data.exported","severity":"high","metadata":{"n":100,"text":%q}}`, large),
		fmt.Sprintf(`{"event_type":"data.exported","severity":"high","text":%q,"metadata":{"n":101}}`, large))
	status, answer := c.post(strings.Join(events, "\n"))
	require.Equal(t, http.StatusOK, status, answer)
	c.delivered(t, "logs/cloudwatch", len(events))

	got := server.Events()
	require.Len(t, got, len(events))
	marked, cut := 0, make(map[string]int)
	for _, e := range got {
		assert.Equal(t, []string{"/aws/mockforge/security", "events"}, []string{e.Group, e.Stream})
		body := parse(t, e.Message)
		for member := range body {
			assert.NotContains(t, strings.ToLower(member), "stream")
			assert.NotContains(t, strings.ToLower(member), "group")
			assert.NotContains(t, strings.ToLower(member), "_aw")
		}
		if mark, ok := body["mockforge_cut"]; ok {
			cut[mark.(string)]++
			assert.Equal(t, "data.exported", body["event_type"])
			continue
		}
		at := time.UnixMilli(e.Timestamp)
		if body["cloudwatch_time"] == "arrival" {
			marked++
			assert.WithinDuration(t, now, at, time.Minute)
		} else if timestamp, ok := body["timestamp"]; ok {
			assert.Equal(t, timestamp, at.UTC().Format(time.RFC3339))
		}
	}
	assert.Equal(t, 3, marked, "20 days ago, 3 hours and 48 hours ahead")
	assert.Equal(t, map[string]int{"metadata": 1, "event": 1}, cut)
}
