// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// TestSign: a signature that `openssl dgst -sha256 -mac HMAC` made for the string
// to sign that Microsoft's page shows.
func TestSign(t *testing.T) {
	assert.Equal(t, "0vavI8OxThwQLF82xW7s0Saql2eCGJTKvduTSokZq+M=", sign([]byte("mockforge"), 1024, "Mon, 04 Apr 2016 08:00:00 GMT"))
}

// FuzzSign: the server computes the same signature from the bytes it gets,
// whatever is in the event.
func FuzzSign(f *testing.F) {
	f.Add("admin", "medium")
	f.Add("é\"\n\\u0000\x00\x7f\u2028", "<>&")
	f.Add("\xff\xfe", "")
	server := siemtest.NewAzureDataCollector(f, workspace)
	f.Fuzz(func(t *testing.T, username, severity string) {
		event, err := json.Marshal(map[string]any{"event_type": "auth.failure", "severity": severity, "actor": map[string]string{"username": username}})
		require.NoError(t, err)
		if len(event) > collectorMaxField {
			return // refused before it is sent
		}
		before := len(server.Rows())
		e := start(t, collectorConfig(server), nil)
		require.NoError(t, e.ConsumeLogs(t.Context(), siemtest.Decode(t, "", string(event))))
		rows := server.Rows()
		require.Len(t, rows, before+1)
		var got, want struct {
			Severity string
			Actor    struct{ Username string }
		}
		require.NoError(t, json.Unmarshal(event, &want))
		require.NoError(t, json.Unmarshal(rows[before], &got))
		assert.Equal(t, want.Severity, got.Severity)
		assert.Equal(t, http.StatusOK, server.Answers()[before].Status)
	})
}
