// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSignVector holds us to the vector that the Standard Webhooks reference
// libraries test with.
func TestSignVector(t *testing.T) {
	s, err := newSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	header := http.Header{}
	s.sign(header, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	assert.Equal(t, "msg_p5jXN8AQM9LWM0D4loKWxJek", header.Get("Webhook-Id"))
	assert.Equal(t, "1614265330", header.Get("Webhook-Timestamp"))
	assert.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", header.Get("Webhook-Signature"))
}

func TestSecrets(t *testing.T) {
	for secret, want := range map[string]string{
		"plain words":                        "",
		"whsec_" + strings.Repeat("QUJD", 8): "",
		"":                                   "secret: found nothing",
		"whsec_":                             "secret: found nothing",
		"whsec_%%%":                          "secret: found no base64 behind whsec_",
		"whsec_QUJD":                         "secret: found a key of 3 bytes behind whsec_, expected 24 to 64",
	} {
		_, err := newSigner(secret)
		if want == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, want)
		}
	}
}

func TestWebhookID(t *testing.T) {
	assert.Equal(t, "0196f0c2-ab_C", webhookID("0196f0c2-ab_C"))
	for _, odd := range []string{"a.b", "a b", "a\r\nb", "é", strings.Repeat("x", 129)} {
		id := webhookID(odd)
		assert.Regexp(t, `^msg_[0-9a-f]{32}$`, id)
		assert.Equal(t, id, webhookID(odd), "the same whenever it is sent")
	}
	assert.NotEqual(t, webhookID("a.b"), webhookID("a.c"))
}
