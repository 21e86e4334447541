// SPDX-License-Identifier: Apache-2.0

package siemtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// ask hands a request to a server and returns status and body.
func ask(h http.Handler, method, path, body string, header ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer, _ := io.ReadAll(w.Body) // it is in memory
	return w.Code, strings.TrimSpace(string(answer))
}

func TestSplunkAnswers(t *testing.T) {
	s := NewSplunk(t, "good", "main")
	const path, good = "/services/collector", `{"event":{"a":1},"index":"main"}`
	for _, tt := range []struct {
		token, body string
		status      int
		answer      string
	}{
		{"", good, 401, `{"text":"Token is required","code":2}`},
		{"Bearer good", good, 401, `{"text":"Invalid authorization","code":3}`},
		{"Splunk bad", good, 403, `{"text":"Invalid token","code":4}`},
		{"Splunk good", "", 400, `{"text":"No data","code":5}`},
		{"Splunk good", good + "[]", 400, `{"text":"Invalid data format","code":6,"invalid-event-number":1}`},
		{"Splunk good", good + `{"event":"{\"a\":1}","index":"main"}`, 400, `{"text":"Invalid data format","code":6,"invalid-event-number":1}`},
		{"Splunk good", good + good + `{"event":{},"index":"other"}`, 400, `{"text":"Incorrect index","code":7,"invalid-event-number":2}`},
		{"Splunk good", `{"index":"main"}`, 400, `{"text":"Event field is required","code":12,"invalid-event-number":0}`},
		{"Splunk good", `{"event":"","index":"main"}`, 400, `{"text":"Event field cannot be blank","code":13,"invalid-event-number":0}`},
		{"Splunk good", `{"event":{},"index":"main","fields":{"a":{"b":1}}}`, 400, `{"text":"Error in handling indexed fields","code":15,"invalid-event-number":0}`},
	} {
		status, answer := ask(s, http.MethodPost, path, tt.body, "Authorization", tt.token)
		assert.Equal(t, tt.status, status, tt.body)
		assert.Equal(t, tt.answer, answer, tt.body)
	}
	assert.Empty(t, s.Events(), "nothing of a bad request is kept")
	status, answer := ask(s, http.MethodPost, path, good+"\n"+good, "Authorization", "Splunk good")
	assert.Equal(t, []any{200, `{"text":"Success","code":0}`}, []any{status, answer})
	assert.Len(t, s.Events(), 2)
}

func TestCloudWatchLimits(t *testing.T) {
	c := NewCloudWatch(t, AWSIdentity{})
	c.streams["g\ns"] = true
	now := time.Now()
	type event = struct {
		Timestamp *int64 `json:"timestamp"`
		Message   string `json:"message"`
	}
	at := func(ages ...time.Duration) (events []event) {
		for _, age := range ages {
			ms := now.Add(age).UnixMilli()
			events = append(events, event{&ms, "m"})
		}
		return events
	}
	day := 24 * time.Hour
	large := at(0)
	large[0].Message = strings.Repeat("m", cloudWatchMaxEvent)
	many := at(make([]time.Duration, 5)...)
	for i := range many {
		many[i].Message = strings.Repeat("m", 250_000)
	}
	for name, tt := range map[string]struct {
		stream string
		events []event
		want   string
	}{
		"good":    {"s", at(-day, -time.Hour, time.Hour)[1:], ""},
		"stream":  {"other", at(0), "ResourceNotFoundException"},
		"none":    {"s", nil, "found 0 events"},
		"old":     {"s", at(-15 * day), "event 0 is of"},
		"ahead":   {"s", at(0, 3*time.Hour), "event 1 is of"},
		"order":   {"s", at(0, -time.Second), "event 1 is older"},
		"span":    {"s", at(-2*day, 0), "more than a day"},
		"event":   {"s", large, "event 0 has"},
		"batch":   {"s", many, "the batch has"},
		"no time": {"s", []event{{Message: "m"}}, "no timestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.put(cloudWatchRequest{LogGroupName: "g", LogStreamName: tt.stream, LogEvents: tt.events})
			if tt.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, tt.want)
			}
		})
	}
	assert.Len(t, c.Events(), 2)
}

func TestElasticsearchAnswers(t *testing.T) {
	e := NewElasticsearch(t, "key", "logs-a")
	const create = `{"create":{"_index":"logs-a","_id":"%s"}}` + "\n%s\n"
	status, _ := ask(e, http.MethodPost, "/_bulk", fmt.Sprintf(create, "1", `{"@timestamp":1}`), "Authorization", "ApiKey other", "Content-Type", "application/json")
	assert.Equal(t, http.StatusUnauthorized, status)
	for body, want := range map[string]string{
		fmt.Sprintf(create, "2", `{"a":1}`):                                   `[@timestamp] is missing`,
		fmt.Sprintf(create, "", `{"@timestamp":1}`):                           `no id`,
		fmt.Sprintf(create, "3", `[]`):                                        `document_parsing_exception`,
		`{"index":{"_index":"logs-a","_id":"4"}}` + "\n{\"@timestamp\":1}\n":  `only create`,
		`{"create":{"_index":"logs-b","_id":"5"}}` + "\n{\"@timestamp\":1}\n": `security_exception`,
	} {
		status, answer := ask(e, http.MethodPost, "/_bulk", body, "Authorization", "ApiKey key", "Content-Type", "application/json")
		assert.Equal(t, http.StatusOK, status, body)
		assert.Contains(t, answer, want, body)
	}
	taken, _ := e.Documents()
	assert.Empty(t, taken)
}

func TestS3Refuses(t *testing.T) {
	s := NewS3(t, AWSIdentity{AccessKeyID: "AKID", SecretAccessKey: "secret", Region: "us-east-1"}, "bucket")
	status, answer := ask(s, http.MethodPut, "/bucket/key", "body")
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, answer, "SignatureDoesNotMatch")
	assert.Empty(t, s.Objects())
}
