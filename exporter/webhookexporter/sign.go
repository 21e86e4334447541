// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// signer signs as the Standard Webhooks specification says in its section
// "Webhook signatures".
type signer struct {
	key []byte
}

// secretPrefix stands before a secret in base64.
const secretPrefix = "whsec_"

func newSigner(secret string) (*signer, error) {
	encoded, isEncoded := strings.CutPrefix(secret, secretPrefix)
	if secret == "" || isEncoded && encoded == "" {
		return nil, errors.New("secret: found nothing, expected a key")
	}
	if !isEncoded {
		return &signer{key: []byte(secret)}, nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("secret: found no base64 behind whsec_, expected the key in base64")
	}
	// The specification asks for so much of a symmetric key.
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("secret: found a key of %d bytes behind whsec_, expected 24 to 64", len(key))
	}
	return &signer{key: key}, nil
}

// sign sets the three headers. The id stays the same when the same is sent
// again; the time is that of the attempt.
func (s *signer) sign(header http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", timestamp)
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// plainID is what an id may be as it is: without the full stop that separates
// it from the time, and without what a header cannot hold.
var plainID = regexp.MustCompile(`^[\w-]{1,128}$`)

// webhookID makes the id of a request from the id of its event.
func webhookID(uid string) string {
	if plainID.MatchString(uid) {
		return uid
	}
	sum := sha256.Sum256([]byte(uid))
	return "msg_" + hex.EncodeToString(sum[:16])
}
