// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/compliance"
	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// TestGuideEvent is the main job: the guide's JSON comes out tagged, and
// everything else untouched and in its order.
func TestGuideEvent(t *testing.T) {
	guide := siemtest.GuideEvent(t)
	var compact bytes.Buffer
	require.NoError(t, json.Compact(&compact, guide))
	want := strings.NewReplacer(`["CC6"]`, `["CC6","CC4"]`, `["A.9.2"]`, `["A.9.2","A.9.4","A.12.4"]`).Replace(compact.String())

	c := start(t, options{})
	// As the guide's curl does it: -d without a content type.
	status, answer := c.post(string(guide), "Content-Type", "application/x-www-form-urlencoded")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, `{"accepted":1}`, answer)
	assert.Equal(t, []string{want}, c.lines(t), "200 means written")

	info, err := os.Stat(c.file)
	require.NoError(t, err)
	assert.Zero(t, info.Mode().Perm()&0o007, "not for everybody")
	assert.Equal(t, []string{`otelcol_receiver_accepted_log_records{receiver="mockforge",transport="http"} 1`}, c.metric(t, "otelcol_receiver_accepted"))
	assert.Equal(t, []string{`otelcol_processor_compliance_tag_events{status="Success"} 1`}, c.metric(t, "otelcol_processor_compliance_tag"))
}

// TestAllTypes posts every type of the catalogue as MockForge writes it.
func TestAllTypes(t *testing.T) {
	c := start(t, options{})
	var want []string
	for i, typ := range event.Catalogue() {
		in := fmt.Sprintf(`{"timestamp":"2025-01-27T10:30:00.%03dZ","event_type":%q,"severity":%q,"source":{"system":"mockforge","component":"core","version":"0.3.213"},"actor":null,"target":null,"outcome":{"success":true,"reason":null},"metadata":{"n":%d,"big":9007199254740993,"f":1.50,"text":"<é>"},"compliance":{"soc2_cc":[],"iso27001":[]}}`,
			i, typ.Name, typ.Severity, i)
		status, answer := c.post(in)
		require.Equal(t, http.StatusOK, status, answer)
		lists := make([]string, 2)
		for j, f := range compliance.Guide() {
			controls, _ := f.Controls(typ.Name, typ.Severity)
			lists[j] = `["` + strings.Join(controls, `","`) + `"]`
		}
		out := strings.Replace(in, `"soc2_cc":[],"iso27001":[]`, `"soc2_cc":`+lists[0]+`,"iso27001":`+lists[1], 1)
		want = append(want, strings.Replace(out, "1.50", "1.5", 1))
	}
	assert.Len(t, want, 37)
	assert.Equal(t, want, c.lines(t))
}

const small = `{"event_type":"auth.failure","n":%d}`

func events(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(small, i)
	}
	return all
}

func numbers(t *testing.T, lines []string) []int {
	t.Helper()
	var all []int
	for _, line := range lines {
		var e struct{ N int }
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		all = append(all, e.N)
	}
	return all
}

// upTo returns the numbers from 0 to before n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestBatches(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err = w.Write([]byte(strings.Join(events(1000), "\n")))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, tt := range map[string]struct {
		body   string
		header []string
		method string
		want   int
	}{
		"array":       {body: "[" + strings.Join(events(100), ",\n") + "]", want: 100},
		"ndjson":      {body: strings.Join(events(100), "\n") + "\n", header: []string{"Content-Type", "application/x-ndjson"}, want: 100},
		"gzip":        {body: gz.String(), header: []string{"Content-Encoding", "gzip"}, want: 1000},
		"zstd":        {body: string(encoder.EncodeAll([]byte(strings.Join(events(10), "\n")), nil)), header: []string{"Content-Encoding", "zstd"}, want: 10},
		"put":         {body: events(1)[0], method: http.MethodPut, want: 1},
		"patch":       {body: events(1)[0], method: http.MethodPatch, want: 1},
		"empty array": {body: "[]", want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, options{})
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			status, answer := c.do(tt.method, tt.body, tt.header...)
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, fmt.Sprintf(`{"accepted":%d}`, tt.want), answer)
			got := c.lines(t)
			if tt.want == 0 {
				assert.Empty(t, got)
				return
			}
			assert.Len(t, got, tt.want)
			for i, n := range numbers(t, got) {
				require.Equal(t, i, n, "in order")
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	c := start(t, options{})
	good := events(1)[0]
	for _, tt := range []struct {
		name   string
		body   string
		header []string
		method string
		status int
		want   string
	}{
		{name: "empty", status: 400, want: "found nothing"},
		{name: "no json", body: "hello", status: 400, want: "found 'h', expected a JSON value"},
		{name: "torn", body: `{"event_type":"a"`, status: 400, want: "found end of input"},
		{name: "no object", body: "[1]", status: 400, want: "found a number, expected a JSON object"},
		{name: "no type", body: `{"severity":"low"}`, status: 400, want: "event_type: found nothing"},
		{name: "third", body: "[" + good + "," + good + ",{}]", status: 400, want: `"index":2`},
		{name: "utf8", body: "{\"event_type\":\"\xff\"}", status: 400, want: "expected UTF-8"},
		{name: "deep", body: strings.Repeat(`{"event_type":`, 100), status: 400, want: "at most 32 levels"},
		{name: "event too large", body: `{"event_type":"a","x":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413, want: "more than 1048576 bytes"},
		{name: "body too large", body: strings.Repeat(" ", 21<<20), status: 413, want: "20971520 bytes"},
		{name: "xml", body: "<a/>", header: []string{"Content-Type", "text/xml"}, status: 415, want: "Content-Type"},
		{name: "brotli", body: good, header: []string{"Content-Encoding", "br"}, status: 415, want: "unsupported Content-Encoding: br"},
		{name: "get", method: http.MethodGet, status: 405, want: "expected POST, PUT, PATCH"},
	} {
		if tt.method == "" {
			tt.method = http.MethodPost
		}
		status, answer := c.do(tt.method, tt.body, tt.header...)
		assert.Equal(t, tt.status, status, "%s: %s", tt.name, answer)
		assert.Contains(t, answer, tt.want, tt.name)
	}
	assert.Empty(t, c.lines(t), "nothing of a refused request is kept")
	c.waitHealthy(t)
	assert.NotContains(t, c.log.String(), "panic")
}

// TestCarriedInput: what is odd but an event is kept as it is.
func TestCarriedInput(t *testing.T) {
	c := start(t, options{})
	in := `{"event_type":"custom.event","severity":"worst","actor":"x","metadata":[1],"extra":{"a":null},"n":1e2,"compliance":null}`
	status, _ := c.post(in)
	assert.Equal(t, http.StatusOK, status)
	want := strings.NewReplacer(`"compliance":null`, `"compliance":{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}`, "1e2", "100.0").Replace(in)
	assert.Equal(t, []string{want}, c.lines(t))
}

// TestCredentialsAreNotKept: MockForge puts them into actor.username.
func TestCredentialsAreNotKept(t *testing.T) {
	c := start(t, options{})
	const token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
	status, _ := c.post(`[{"event_type":"auth.failure","actor":{"username":"` + token + `"}},{"event_type":"auth.failure","actor":{"username":"YWRtaW46aHVudGVyMg=="}}]`)
	assert.Equal(t, http.StatusOK, status)
	lines := c.lines(t)
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], `"actor":{"username":"[REDACTED sha256:`)
	assert.Contains(t, lines[1], `"actor":{"username":"admin"}`)
	assert.NotContains(t, c.log.String(), token)
}
