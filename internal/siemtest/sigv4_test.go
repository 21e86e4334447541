// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The worked example of AWS's documentation: ListUsers of IAM on 30 August 2015.
func TestSigV4Example(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	signed := []string{"content-type", "host", "x-amz-date"}
	sum := hexSum(canonicalRequest(r, signed, hexSum("")))
	assert.Equal(t, "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59", sum)
	id := AWSIdentity{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Region: "us-east-1"}
	key := id.signingKey(time.Date(2015, 8, 30, 0, 0, 0, 0, time.UTC), "iam")
	toSign := strings.Join([]string{sigV4Algorithm, "20150830T123600Z", "20150830/us-east-1/iam/aws4_request", sum}, "\n")
	assert.Equal(t, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", hex.EncodeToString(mac(key, toSign)))
}

func TestSigV4Refuses(t *testing.T) {
	id := AWSIdentity{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "eu-central-1"}
	at := time.Now().UTC()
	sign := func(r *http.Request, body, secret string, at time.Time, signed ...string) {
		r.Header.Set("X-Amz-Date", at.Format(sigV4Time))
		scope := at.Format("20060102") + "/eu-central-1/logs/aws4_request"
		toSign := strings.Join([]string{sigV4Algorithm, at.Format(sigV4Time), scope, hexSum(canonicalRequest(r, signed, hexSum(body)))}, "\n")
		signature := hex.EncodeToString(mac(AWSIdentity{SecretAccessKey: secret, Region: "eu-central-1"}.signingKey(at, "logs"), toSign))
		r.Header.Set("Authorization", sigV4Algorithm+" Credential=AKID/"+scope+", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
	}
	for name, tt := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"good":     {func(r *http.Request) { sign(r, "body", "secret", at, "host", "x-amz-date") }, ""},
		"unsigned": {func(*http.Request) {}, "is not signed"},
		"secret":   {func(r *http.Request) { sign(r, "body", "other", at, "host", "x-amz-date") }, "does not match"},
		"body":     {func(r *http.Request) { sign(r, "other", "secret", at, "host", "x-amz-date") }, "does not match"},
		"old":      {func(r *http.Request) { sign(r, "body", "secret", at.Add(-time.Hour), "host", "x-amz-date") }, "old"},
		"few":      {func(r *http.Request) { sign(r, "body", "secret", at, "x-amz-date") }, "expected host"},
		"smuggled": {func(r *http.Request) {
			sign(r, "body", "secret", at, "host", "x-amz-date")
			r.Header.Set("X-Amz-Target", "x")
		}, "header x-amz-target is not signed"},
		"tampered": {func(r *http.Request) { sign(r, "body", "secret", at, "host", "x-amz-date"); r.URL.Path = "/other" }, "does not match"},
		"wrong key": {func(r *http.Request) {
			sign(r, "body", "secret", at, "host", "x-amz-date")
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "AKID", "AKIE", 1))
		}, "found credential"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader("body"))
			tt.change(r)
			err := id.verify(r, []byte("body"), "logs")
			if tt.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tt.want)
			}
		})
	}
}
