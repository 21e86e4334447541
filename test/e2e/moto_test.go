// SPDX-License-Identifier: Apache-2.0

//go:build e2e && moto

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMoto sends events to moto, an AWS that others wrote, and reads them back.
// Run it with moto_server in the path:
//
//	go test -tags e2e,moto ./test/e2e -run TestMoto
func TestMoto(t *testing.T) {
	port := freePorts(t, 1)[0]
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	moto := exec.Command("moto_server", "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	require.NoError(t, moto.Start())
	t.Cleanup(func() {
		_ = moto.Process.Kill() // it may have ended
		_ = moto.Wait()
	})
	require.Eventually(t, func() bool {
		resp, err := http.Get(url + "/moto-api/data.json")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, startTimeout, 50*time.Millisecond)

	c := start(t, options{
		configs: []string{"../../examples/cloudwatch.yaml", fastRetry},
		env:     append(awsEnv(awsIdentity), "CLOUDWATCH_ENDPOINT="+url),
	})
	events := destinationEvents(t)
	postEvents(t, c, events)
	c.delivered(t, "logs/cloudwatch", len(events))

	var answer struct {
		Events []struct{ Message string }
	}
	body := `{"logGroupName":"/aws/mockforge/security","logStreamName":"events","startFromHead":true,"limit":1000}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Amz-Target", "Logs_20140328.GetLogEvents")
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	// moto chooses the service by the scope and checks no signature.
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDTEST/20250101/eu-central-1/logs/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(text))
	require.NoError(t, json.Unmarshal(text, &answer))
	var bodies []string
	for _, e := range answer.Events {
		bodies = append(bodies, e.Message)
	}
	assertEvents(t, events, bodies)
	assert.NotContains(t, c.log.String(), awsIdentity.SecretAccessKey)
}
