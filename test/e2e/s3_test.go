// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// TestS3: signed requests put compressed JSON lines, in order, as they came.
func TestS3(t *testing.T) {
	server := siemtest.NewS3(t, awsIdentity, "security-events")
	server.Busy(1)
	c := start(t, options{
		configs: []string{"../../examples/s3.yaml", fastRetry},
		env:     append(awsEnv(awsIdentity), "S3_ENDPOINT="+server.URL, "S3_PATH_STYLE=true", "S3_BUCKET=security-events"),
	})
	events := destinationEvents(t)
	postEvents(t, c, events)
	c.delivered(t, "logs/s3", len(events))
	assert.Equal(t, []string{"SlowDown: reduce your request rate"}, server.Refused())
	var lines []string
	for _, object := range server.Objects() {
		assert.Regexp(t, time.Now().UTC().Format(`^mockforge/year=2006/month=01/day=02/`)+`hour=\d\d/events-logs_[0-9a-f-]{36}\.jsonl\.gz$`, object.Key)
		assert.Equal(t, "gzip", object.ContentEncoding)
		zr, err := gzip.NewReader(bytes.NewReader(object.Body))
		require.NoError(t, err)
		text, err := io.ReadAll(zr)
		require.NoError(t, err)
		lines = append(lines, strings.Split(string(text), "\n")...)
	}
	assert.Equal(t, events, lines, "members in their own order")
	assert.NotContains(t, c.log.String(), awsIdentity.SecretAccessKey)
}

// TestS3Signature: what is signed with another secret is held back.
func TestS3Signature(t *testing.T) {
	server := siemtest.NewS3(t, awsIdentity, "security-events")
	id := awsIdentity
	id.SecretAccessKey = "another"
	c := start(t, options{
		configs: []string{"../../examples/s3.yaml", fastRetry},
		env:     append(awsEnv(id), "S3_ENDPOINT="+server.URL, "S3_PATH_STYLE=true", "S3_BUCKET=security-events"),
	})
	postEvents(t, c, destinationEvents(t)[:3])
	held := `otelcol_connector_siem_journal_attempts{destination="logs/s3",outcome="held"}`
	require.Eventually(t, func() bool { return len(c.metric(t, held)) == 1 }, startTimeout, 20*time.Millisecond)
	assert.Equal(t, "SignatureDoesNotMatch: the signature does not match", server.Refused()[0])
	assert.Empty(t, server.Objects())
	assert.Equal(t, uint64(3), c.cursor(t, "logs/s3").Pending)
}
