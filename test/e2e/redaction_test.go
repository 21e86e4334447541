// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRedaction is the example: what is masked is so in the event and in its
// attributes, and nowhere on the disk; the rest of the event stays as it was.
func TestRedaction(t *testing.T) {
	debug := filepath.Join(t.TempDir(), "debug.yaml")
	require.NoError(t, os.WriteFile(debug, []byte(`
exporters: {debug: {verbosity: detailed}}
service: {pipelines: {logs/file: {exporters: [jsonl_file, debug]}}}
`), 0o600))
	o := options{dir: t.TempDir(), configs: []string{"../../examples/redaction.yaml", debug}}
	c := start(t, o)
	event := `{"timestamp":"2025-01-27T10:30:00.5Z","event_type":"auth.failure","severity":"high",` +
		`"event_id":"41111111-1111-4111-8111-111111111111",` +
		`"actor":{"user_id":"u-1","username":"jane.doe@example.com","ip_address":"192.168.1.100","user_agent":"curl/8.0 (jane.doe@example.com)"},` +
		`"target":{"resource_type":"api","resource_id":"4111 1111 1111 1111","path":"/users/jane.doe@example.com?token=abc"},` +
		`"outcome":{"success":false,"reason":"card 5500-0000-0000-0004 and 378282246310005 refused"},` +
		`"metadata":{"card":4111111111111111,"attempt_count":3,"since":1737973800000000000,"api_key":"k1","password":true,` +
		`"mails":["a@example.org","none"],"header":"Bearer abcdefghijkl","deep":{"token":{"a":1},"list":[{"mail":"b@example.org"}]}},` +
		`"note":"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln AKIAIOSFODNN7EXAMPLE"}`
	status, answer := c.post(event)
	require.Equal(t, http.StatusOK, status, answer)
	lines := c.lines(t)
	require.Len(t, lines, 1)
	t.Log(lines[0])
	assert.Equal(t, `{"timestamp":"2025-01-27T10:30:00.5Z","event_type":"auth.failure","severity":"high",`+
		`"event_id":"41111111-1111-4111-8111-111111111111",`+
		`"actor":{"user_id":"u-1","username":"****","ip_address":"192.168.1.100","user_agent":"curl/8.0 (****)"},`+
		`"target":{"resource_type":"api","resource_id":"****","path":"/users/********"},`+
		`"outcome":{"success":false,"reason":"card **** and **** refused"},`+
		`"metadata":{"card":"****","attempt_count":3,"since":1737973800000000000,"api_key":"****","password":"****",`+
		`"mails":["****","none"],"header":"****","deep":{"token":"****","list":[{"mail":"****"}]}},`+
		`"note":"**** ****","compliance":{"soc2_cc":["CC4","CC6"],"iso27001":["A.9.4","A.12.4"]}}`, lines[0])
	c.stop(t)

	attributes := c.log.String()
	for _, want := range []string{
		"user.name: Str(****)", "user_agent.original: Str(curl/8.0 (****))", "mockforge.target.resource_id: Str(****)",
		"mockforge.target.path: Str(/users/********)", "mockforge.outcome.reason: Str(card **** and **** refused)",
		"mockforge.metadata.card: Str(****)", "mockforge.metadata.attempt_count: Int(3)", "mockforge.metadata.since: Int(1737973800000000000)",
		"mockforge.metadata.api_key: Str(****)", "mockforge.metadata.password: Str(****)", "mockforge.metadata.header: Str(****)",
		`mockforge.metadata.mails: Str(["****","none"])`, "mockforge.note: Str(**** ****)",
		"log.record.uid: Str(41111111-1111-4111-8111-111111111111)", "client.address: Str(192.168.1.100)",
	} {
		assert.Contains(t, attributes, want)
	}
	secrets := []string{"jane.doe", "example.org", "4111111111111111", "4111 1111", "5500-0000", "378282246310005", "k1\"", "=abc", "abcdefghijkl", "c2ln", "AKIA"}
	err := filepath.WalkDir(o.dir, func(path string, entry os.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, secret := range secrets {
			assert.NotContains(t, string(text), secret, path)
		}
		return nil
	})
	require.NoError(t, err)
	for _, secret := range secrets {
		assert.NotContains(t, attributes, secret)
	}
}
