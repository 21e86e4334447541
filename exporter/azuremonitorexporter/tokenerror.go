// SPDX-License-Identifier: Apache-2.0

package azuremonitorexporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
)

// tokenError says what it means that there is no token. Whatever Entra ID has
// against an identity, with 400 or 401, it does not depend on the events: they
// are held until somebody mends it, as after a 401 of the service itself.
func tokenError(err error) *httpsend.Error {
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) || failed.RawResponse == nil {
		return &httpsend.Error{Reason: httpsend.Clean("getting a token: " + withoutURL(err).Error())}
	}
	resp := failed.RawResponse
	answer := &httpsend.Error{
		Status: http.StatusUnauthorized,
		Reason: httpsend.Clean(fmt.Sprintf("getting a token: HTTP %d: %s", resp.StatusCode, tokenReason(resp))),
	}
	if httpsend.OutcomeOf(resp.StatusCode) == httpsend.Retry {
		answer.Status = resp.StatusCode
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // none is 0
		answer.RetryAfter = min(max(time.Duration(seconds)*time.Second, 0), time.Hour)
	}
	return answer
}

// tokenReason returns the error of an OAuth answer (RFC 6749 section 5.2).
func tokenReason(resp *http.Response) string {
	body, err := runtime.Payload(resp)
	if err != nil {
		return ""
	}
	var oauth struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &oauth) != nil || oauth.Error == "" {
		return string(body)
	}
	return oauth.Error + ": " + oauth.Description
}

// withoutURL leaves out what net/http puts before an error.
func withoutURL(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		return in.Err
	}
	return err
}
