// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AWSIdentity is whom a request to a service of AWS must come from.
type AWSIdentity struct {
	AccessKeyID, SecretAccessKey, Region string
}

const (
	sigV4Algorithm = "AWS4-HMAC-SHA256"
	sigV4Time      = "20060102T150405Z"
	// maxClockSkew is how far AWS lets the clocks be apart.
	maxClockSkew = 15 * time.Minute
)

// verify computes the signature of a request again (AWS: "Create a signed AWS
// API request") and says what is wrong with the one it carries.
func (id AWSIdentity) verify(r *http.Request, body []byte, service string) error {
	params, ok := strings.CutPrefix(r.Header.Get("Authorization"), sigV4Algorithm+" ")
	if !ok {
		return errors.New("the request is not signed with " + sigV4Algorithm)
	}
	fields := make(map[string]string)
	for field := range strings.SplitSeq(params, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	date := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(sigV4Time, date)
	if err != nil {
		return fmt.Errorf("reading X-Amz-Date: %w", err)
	}
	if skew := time.Since(at); skew.Abs() > maxClockSkew {
		return fmt.Errorf("the signature is %s old", skew)
	}
	scope := strings.Join([]string{at.Format("20060102"), id.Region, service, "aws4_request"}, "/")
	if want := id.AccessKeyID + "/" + scope; fields["Credential"] != want {
		return fmt.Errorf("found credential %q, expected %q", fields["Credential"], want)
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	if !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") || !slices.IsSorted(signed) {
		return fmt.Errorf("found signed headers %q, expected host and x-amz-date among them, sorted", signed)
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-amz-") && !slices.Contains(signed, name) {
			return fmt.Errorf("header %s is not signed", name)
		}
	}
	hash := sha256.Sum256(body)
	payload := hex.EncodeToString(hash[:])
	if claimed := r.Header.Get("X-Amz-Content-Sha256"); claimed != "" && claimed != payload {
		return fmt.Errorf("found payload hash %q, expected %q", claimed, payload)
	}
	toSign := strings.Join([]string{sigV4Algorithm, date, scope, hexSum(canonicalRequest(r, signed, payload))}, "\n")
	want := hex.EncodeToString(mac(id.signingKey(at, service), toSign))
	if !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return errors.New("the signature does not match")
	}
	return nil
}

func (id AWSIdentity) signingKey(at time.Time, service string) []byte {
	key := mac([]byte("AWS4"+id.SecretAccessKey), at.Format("20060102"))
	for _, part := range []string{id.Region, service, "aws4_request"} {
		key = mac(key, part)
	}
	return key
}

func canonicalRequest(r *http.Request, signed []string, payload string) string {
	var headers strings.Builder
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.Join(strings.Fields(value), " "))
	}
	// Keys are in order already, but a space is %20 here.
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	return strings.Join([]string{r.Method, awsPath(r.URL), query, headers.String(), strings.Join(signed, ";"), payload}, "\n")
}

// awsPath encodes all but unreserved characters and slashes.
func awsPath(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	var path strings.Builder
	for _, b := range []byte(u.Path) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-._~/", b) >= 0 {
			path.WriteByte(b)
		} else {
			fmt.Fprintf(&path, "%%%02X", b)
		}
	}
	return path.String()
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
