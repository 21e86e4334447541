// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

var update = flag.Bool("update", false, "write the golden files anew")

var arrival = time.Date(2025, 1, 27, 10, 30, 0, 250e6, time.UTC)

func decode(t testing.TB, options Options, data string) *Batch {
	t.Helper()
	b := NewDecoder(options).NewBatch(arrival)
	require.NoError(t, b.AddAll([]byte(data)))
	return b
}

func only(t testing.TB, logs plog.Logs) plog.LogRecord {
	t.Helper()
	require.Equal(t, 1, logs.LogRecordCount())
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
}

func TestDecodeGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/decode/*json")
	require.NoError(t, err)
	require.NotEmpty(t, inputs)
	for _, input := range inputs {
		t.Run(filepath.Base(input), func(t *testing.T) {
			data, err := os.ReadFile(input)
			require.NoError(t, err)
			batch := decode(t, Options{RedactCredentials: true}, string(data))
			want := strings.TrimSuffix(input, filepath.Ext(input)) + ".yaml"
			if *update {
				require.NoError(t, golden.WriteLogsToFile(want, batch.Logs()))
			}
			expected, err := golden.ReadLogs(want)
			require.NoError(t, err)
			assert.NoError(t, plogtest.CompareLogs(expected, batch.Logs()))
		})
	}
}

// TestGuideBodyIsUntouched holds that the Body comes out as the very JSON that
// came in, in its order.
func TestGuideBodyIsUntouched(t *testing.T) {
	data, err := os.ReadFile("testdata/decode/guide.json")
	require.NoError(t, err)
	body := only(t, decode(t, Options{}, string(data)).Logs()).Body()
	assert.Equal(t, compact(t, string(data)), string(AppendJSON(nil, body)))
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, MaxDepth) + `{}` + strings.Repeat("}", MaxDepth)
	wide := `{"event_type":"a"` + func() string {
		var b strings.Builder
		for i := range MaxMembers {
			b.WriteString(`,"k`)
			b.WriteString(strings.Repeat("x", i%7))
			b.WriteString(`":1`)
		}
		return b.String()
	}() + `}`
	for _, tt := range []struct {
		name, in string
		reason   Reason
		text     string
	}{
		{"empty", " \n", ReasonEmpty, "found nothing, expected a JSON object, an array of objects, or NDJSON (event 0, byte 2)"},
		{"text", "hello", ReasonSyntax, "found 'h', expected a JSON value (event 0, byte 0)"},
		{"number", "5", ReasonNotObject, "found a number, expected a JSON object (event 0, byte 0)"},
		{"string", `"x"`, ReasonNotObject, "found a string, expected a JSON object (event 0, byte 1)"},
		{"array in array", `[{"event_type":"a"},[]]`, ReasonNotObject, "found an array, expected a JSON object (event 1, byte 20)"},
		{"no event_type", `{"severity":"low"}`, ReasonEventType, "event_type: found nothing, expected a non-empty string (event 0, byte 0)"},
		{"null event_type", `{"event_type":null}`, ReasonEventType, "event_type: found null, expected a non-empty string (event 0, byte 14)"},
		{"number event_type", `{"event_type":5}`, ReasonEventType, "event_type: found a number, expected a non-empty string (event 0, byte 14)"},
		{"blank event_type", `{"event_type":" "}`, ReasonEventType, "event_type: found an empty string, expected a non-empty string (event 0, byte 15)"},
		{"utf8", "{\"event_type\":\"a\xff\"}", ReasonUTF8, "found byte 0xFF, expected UTF-8 (event 0, byte 16)"},
		{"utf8 end", "{\"event_type\":\"a\",\"b\":\"\xe2\x82\"}", ReasonUTF8, "found byte 0xE2, expected UTF-8 (event 0, byte 23)"},
		{"deep", `{"event_type":"a","x":` + deep + `}`, ReasonTooDeep, "found deeper nesting, expected at most 32 levels (event 0, byte 177)"},
		{"wide", wide, ReasonTooLarge, "found more than 1024 members, expected an object of at most 1024"},
		{"values", `{"event_type":"a","x":[` + strings.Repeat("0,", MaxValues) + `0]}`, ReasonTooLarge, "found more than 65536 values, expected an event of at most 65536"},
		{"large", `{"event_type":"` + strings.Repeat("x", 300) + `"}`, ReasonTooLarge, "found an event of more than 300 bytes, expected no more (event 0, byte 0)"},
		{"many", strings.Repeat("{\"event_type\":\"a\"}\n", 6), ReasonTooLarge, "found more than 5 events, expected at most 5 in a request (event 5, byte 95)"},
		{"truncated", `{"event_type":"a"`, ReasonSyntax, "found end of input, expected ',' or '}' after a member (event 0, byte 17)"},
		{"trailing comma", `{"event_type":"a",}`, ReasonSyntax, "found '}', expected a member name in double quotes (event 0, byte 18)"},
		{"single quotes", `{'event_type':'a'}`, ReasonSyntax, "found '\\'', expected a member name in double quotes (event 0, byte 1)"},
		{"no colon", `{"event_type" "a"}`, ReasonSyntax, "found '\"', expected ':' after a member name (event 0, byte 14)"},
		{"control", "{\"event_type\":\"a\nb\"}", ReasonSyntax, "found byte 0x0A, expected an escape for a control character (event 0, byte 16)"},
		{"escape", `{"event_type":"\x"}`, ReasonSyntax, "found 'x', expected one of \" \\ / b f n r t u after a backslash (event 0, byte 16)"},
		{"unicode", `{"event_type":"\u12G4"}`, ReasonSyntax, "found 'G', expected four hexadecimal digits after \\u (event 0, byte 19)"},
		{"leading zero", `{"event_type":"a","n":01}`, ReasonSyntax, "found '1', expected ',' or '}' after a member (event 0, byte 23)"},
		{"plus", `{"event_type":"a","n":+1}`, ReasonSyntax, "found '+', expected a JSON value (event 0, byte 22)"},
		{"dot", `{"event_type":"a","n":1.}`, ReasonSyntax, "found '}', expected a digit after the decimal point (event 0, byte 24)"},
		{"exponent", `{"event_type":"a","n":1e}`, ReasonSyntax, "found '}', expected a digit in the exponent (event 0, byte 24)"},
		{"minus", `{"event_type":"a","n":-}`, ReasonSyntax, "found '}', expected a digit (event 0, byte 23)"},
		{"NaN", `{"event_type":"a","n":NaN}`, ReasonSyntax, "found 'N', expected a JSON value (event 0, byte 22)"},
		{"literal", `{"event_type":"a","n":tru}`, ReasonSyntax, "found 't', expected a JSON value (event 0, byte 22)"},
		{"after array", `[{"event_type":"a"}] x`, ReasonSyntax, "found 'x', expected nothing after the array (event 1, byte 21)"},
		{"array end", `[{"event_type":"a"}`, ReasonSyntax, "found end of input, expected ',' or ']' after an element (event 1, byte 19)"},
		{"array comma", `[{"event_type":"a"},]`, ReasonSyntax, "found ']', expected a JSON value (event 1, byte 20)"},
		{"second line", "{\"event_type\":\"a\"}\n{\"event_type\":", ReasonSyntax, "found end of input, expected a JSON value (event 1, byte 33)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := NewDecoder(Options{MaxEvents: 5, MaxEventSize: 300}).NewBatch(arrival)
			if tt.name == "wide" || tt.name == "values" {
				b = NewDecoder(Options{}).NewBatch(arrival)
			}
			err := b.AddAll([]byte(tt.in))
			var refused *Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tt.reason, refused.Reason)
			assert.Contains(t, err.Error(), tt.text)
		})
	}
}

func TestForms(t *testing.T) {
	one := `{"event_type":"auth.success"}`
	for name, tt := range map[string]struct {
		in   string
		want int
	}{
		"object":        {one, 1},
		"spaces":        {" \r\n\t" + one + "\n", 1},
		"byte order":    {"\uFEFF" + one, 1},
		"array":         {"[" + one + "," + one + "]", 2},
		"empty array":   {" [ ] ", 0},
		"ndjson":        {one + "\n" + one + "\r\n\n" + one, 3},
		"concatenated":  {one + one, 2},
		"pretty ndjson": {"{\n\"event_type\":\n\"a.b\"}\n{\n\"event_type\":\"a.b\"\n}", 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := decode(t, Options{}, tt.in)
			assert.Equal(t, tt.want, b.Len())
			assert.Equal(t, tt.want, b.Logs().LogRecordCount())
		})
	}
}

func TestWarningsAreCounted(t *testing.T) {
	b := decode(t, Options{}, `{"event_type":"x.y","severity":"low"}{"event_type":"x.y"}`)
	assert.Equal(t, map[string]int64{"event_type.unknown": 2, "timestamp.missing": 2}, b.Warnings())
}

func TestEnvironment(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"event", `{"event_type":"a","environment":"e","source":{"environment":"s"},"metadata":{"environment":"m"}}`, "e"},
		{"source", `{"event_type":"a","metadata":{"environment":"m"},"source":{"environment":"s"}}`, "s"},
		{"metadata", `{"event_type":"a","environment":"","metadata":{"environment":"m"}}`, "m"},
		{"configuration", `{"event_type":"a","environment":5}`, "c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logs := decode(t, Options{Environment: "c"}, tt.in).Logs()
			got, ok := logs.ResourceLogs().At(0).Resource().Attributes().Get(AttrDeploymentEnvironment)
			require.True(t, ok)
			assert.Equal(t, tt.want, got.Str())
		})
	}
}

// TestOwnKeysCannotBeForged: an event must not claim what only the pipeline may
// say about it.
func TestOwnKeysCannotBeForged(t *testing.T) {
	rec := only(t, decode(t, Options{}, `{"event_type":"auth.failure","timestamp":"2025-01-27T10:30:00Z","severity":"low",
		"event.type":"x","parse.warnings":"x","compliance.added":"x","compliance":{"added":"x","frameworks":["x"]},
		"com.splunk.index":"x","log_group_name":"x"}`).Logs())
	assert.Equal(t, map[string]any{
		AttrEventType: "auth.failure", AttrEventCategory: "authentication",
		"mockforge.com.splunk.index": "x", "mockforge.log_group_name": "x",
	}, rec.Attributes().AsRaw())
}

func TestIndexIsCapped(t *testing.T) {
	var in strings.Builder
	in.WriteString(`{"event_type":"a.b","metadata":{"long":"` + strings.Repeat("x", maxIndexedText+1) + `"`)
	for i := range maxIndexed + 1 {
		in.WriteString(`,"k` + strings.Repeat("x", i) + `":1`)
	}
	in.WriteString(`}`)
	for i := range maxIndexed + 1 {
		in.WriteString(`,"e` + strings.Repeat("x", i) + `":1`)
	}
	in.WriteString(`}`)
	b := decode(t, Options{}, in.String())
	rec := only(t, b.Logs())
	metadata, extras := 0, 0
	for k := range rec.Attributes().All() {
		if strings.HasPrefix(k, AttrMetadataPrefix) {
			metadata++
		} else if strings.HasPrefix(k, "mockforge.ex") || k == "mockforge.e" {
			extras++
		}
	}
	assert.Equal(t, maxIndexed, metadata)
	assert.Equal(t, maxIndexed, extras)
	assert.Contains(t, b.Warnings(), warnMetadataCapped)
	assert.Contains(t, b.Warnings(), warnExtraCapped)
	assert.Equal(t, in.String(), string(AppendJSON(nil, rec.Body())), "the Body has them all")
}

func TestTimestamp(t *testing.T) {
	for in, want := range map[string]string{
		"2025-01-27T10:30:00Z":           "2025-01-27T10:30:00Z",
		"2025-01-27T10:30:00.5Z":         "2025-01-27T10:30:00.5Z",
		"2025-01-27t10:30:00z":           "2025-01-27T10:30:00Z",
		"2025-01-27 10:30:00Z":           "2025-01-27T10:30:00Z",
		"2025-01-27T10:30:00.123":        "2025-01-27T10:30:00.123Z",
		"2025-01-27T12:30:00+02:00":      "2025-01-27T10:30:00Z",
		"2025-01-27T10:30:00.123456789Z": "2025-01-27T10:30:00.123456789Z",
		"1969-12-31T23:59:59Z":           "",
		"2262-06-01T00:00:00Z":           "",
		"yesterday":                      "",
		"":                               "",
	} {
		b := decode(t, Options{}, `{"event_type":"a.b","timestamp":"`+in+`"}`)
		got := only(t, b.Logs()).Timestamp().AsTime()
		if want == "" {
			assert.Equal(t, arrival, got, in)
			assert.Contains(t, b.Warnings(), warnTimestampInvalid)
			continue
		}
		assert.Equal(t, want, got.Format(time.RFC3339Nano), in)
	}
}

func TestMapOrder(t *testing.T) {
	v := pcommon.NewValueMap()
	for _, k := range []string{"z", "a", "m"} {
		v.Map().PutInt(k, 1)
	}
	assert.Equal(t, `{"z":1,"a":1,"m":1}`, string(AppendJSON(nil, v)))
}

// TestDuplicatesAgree: of two members with one name Body and index have the
// last, whatever its type.
func TestDuplicatesAgree(t *testing.T) {
	for in, absent := range map[string]string{
		`"actor":{"user_id":"alice","user_id":null}`:                    AttrUserID,
		`"outcome":{"success":false,"success":null}`:                    AttrOutcomeSuccess,
		`"metadata":{"k":1,"k":{"a":1}}`:                                AttrMetadataPrefix + "k",
		`"metadata":{"status_code":500,"status_code":"x"}`:              AttrHTTPStatusCode,
		`"compliance":{"soc2_cc":["CC6"],"soc2_cc":null}`:               AttrCompliancePrefix + "soc2_cc",
		`"tenant":"x","tenant":null`:                                    "mockforge.tenant",
		`"actor":{"email":"x","\u0065mail":{}}`:                         "mockforge.actor.email",
		`"actor":{"user_id":"alice"},"actor":null`:                      AttrUserID,
		`"test":true,"test":false`:                                      AttrTest,
		`"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_id":null`: "mockforge.trace_id",
	} {
		rec := only(t, decode(t, Options{}, `{"event_type":"a.b",`+in+`}`).Logs())
		_, ok := rec.Attributes().Get(absent)
		assert.False(t, ok, in)
		assert.True(t, rec.TraceID().IsEmpty(), in)
	}
	b := decode(t, Options{}, `{"event_type":"a.b","metadata":{"environment":"production","environment":"staging"}}`)
	environment, _ := b.Logs().ResourceLogs().At(0).Resource().Attributes().Get(AttrDeploymentEnvironment)
	assert.Equal(t, "staging", environment.Str())

	b = decode(t, Options{}, `[{"event_type":"a","x":1,"x":2},{"event_type":"b"}]`)
	assert.Equal(t, 2, b.Len(), "scanning goes on behind it")
}

// TestHostileInputIsLinear runs inputs on which work or memory once grew with
// the square of their size.
func TestHostileInputIsLinear(t *testing.T) {
	for name, in := range map[string]string{
		"long number, then many texts": `{"event_type":"a","metadata":{"k":[` + strings.Repeat("1", 500_000) + strings.Repeat(`,""`, 30_000) + `]}}`,
		"wide objects":                 wideObjects(100),
	} {
		start := time.Now()
		decode(t, Options{}, in)
		assert.Less(t, time.Since(start), 5*time.Second, name)
	}
}

// wideObjects nests n objects of as many members as are allowed.
func wideObjects(n int) string {
	var b strings.Builder
	b.WriteString("[")
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`{"event_type":"a"`)
		for k := range MaxMembers - 1 {
			fmt.Fprintf(&b, `,"%04d":0`, k)
		}
		b.WriteString("}")
	}
	b.WriteString("]")
	return b.String()
}

// TestTooLargeIsFoundEarly: of an event over the limit no more than the limit
// is scanned.
func TestTooLargeIsFoundEarly(t *testing.T) {
	d := NewDecoder(Options{MaxEventSize: 1000})
	var s scanner
	err := d.NewBatch(arrival).add(&s, []byte(`{"event_type":"a","x":[`+strings.Repeat("0,", 1<<20)), 0)
	assert.ErrorContains(t, err, "found an event of more than 1000 bytes")
	assert.Less(t, len(s.tape), 1000)

	exact := `{"event_type":"` + strings.Repeat("x", 1000-17) + `"}`
	require.Len(t, exact, 1000)
	assert.Equal(t, 3, func() int {
		b := d.NewBatch(arrival)
		require.NoError(t, b.AddAll([]byte(exact+exact+exact)))
		return b.Len()
	}())
}
