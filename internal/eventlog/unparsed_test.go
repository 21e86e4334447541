// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

func records(b *Batch) (all []plog.LogRecord) {
	for _, rl := range b.Logs().ResourceLogs().All() {
		for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
			all = append(all, record)
		}
	}
	return all
}

// TestAddGoesOn: what one message got wrong is not seen in the next.
func TestAddGoesOn(t *testing.T) {
	b := NewDecoder(Options{}).NewBatch(arrival)
	for in, want := range map[string]string{
		"":                         "found nothing, expected a JSON object (byte 0)",
		" \n":                      "found nothing, expected a JSON object (byte 2)",
		"[]":                       "found an array, expected a JSON object (byte 0)",
		`{"x":1,"y":[1,2],"z":{}}`: "event_type: found nothing, expected a non-empty string (byte 0)",
		`{"event_type":"a"} x`:     "found 'x', expected nothing after the object (byte 19)",
		`{"event_type":"a"`:        "found end of input, expected ',' or '}' after a member (byte 17)",
	} {
		_, err := b.Add([]byte(in), time.Time{})
		assert.EqualError(t, err, want, in)
	}
	assert.Zero(t, b.Len())
	record, err := b.Add([]byte("\xEF\xBB\xBF"+`{"event_type":"auth.failure"}`+"\n"), time.Time{})
	require.NoError(t, err)
	assert.Equal(t, 1, b.Len())
	assert.Equal(t, `{"event_type":"auth.failure"}`, string(AppendJSON(nil, record.Body())))
	record.Attributes().PutStr("k", "v")
	_, ok := records(b)[0].Attributes().Get("k")
	assert.True(t, ok, "the record is the batch's")
}

func TestSentStandsInForTheTimestamp(t *testing.T) {
	b := NewDecoder(Options{}).NewBatch(arrival)
	sent := arrival.Add(-time.Minute)
	for in, want := range map[string]time.Time{
		`{"event_type":"a"}`:                                    sent,
		`{"event_type":"a","timestamp":"then"}`:                 sent,
		`{"event_type":"a","timestamp":"2025-01-27T10:00:00Z"}`: time.Date(2025, 1, 27, 10, 0, 0, 0, time.UTC),
	} {
		record, err := b.Add([]byte(in), sent)
		require.NoError(t, err)
		assert.Equal(t, want, record.Timestamp().AsTime(), in)
		assert.Equal(t, arrival, record.ObservedTimestamp().AsTime())
	}
	record, err := b.Add([]byte(`{"event_type":"a"}`), time.Time{})
	require.NoError(t, err)
	assert.Equal(t, arrival, record.Timestamp().AsTime())
}

func TestAddUnparsed(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"text":             {"hello", "hello"},
		"no utf-8":         {"a\xffb", "a\uFFFDb"},
		"name":             {`{"username":"admin"`, `{"username":"admin"`},
		"token":            {`{"username": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl", "x`, `{"username": "` + hashed("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl") + `", "x`},
		"half a token":     {`{"username":"eyJhbGc`, `{"username":"` + hashed("eyJhbGc")},
		"basic credential": {`"username":"YWRtaW46aHVudGVyMg=="`, `"username":"admin"`},
		"half a basic one": {`"username":"YWRtaW46aHV`, `"username":"` + hashed("YWRtaW46aHV")},
		"empty name":       {`"username":"","x`, `"username":"","x`},
		"nothing of it":    {`"username":"`, `"username":"`},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewDecoder(Options{RedactCredentials: true, Environment: "test"}).NewBatch(arrival)
			record := b.AddUnparsed(tt.in, errors.New("no event"))
			assert.Equal(t, map[string]any{"message": tt.want, "parse_error": "no event"}, record.Body().Map().AsRaw())
			assert.Equal(t, map[string]any{AttrParseError: "no event"}, record.Attributes().AsRaw())
			assert.Empty(t, record.EventName())
			assert.Empty(t, EventType(record))
			assert.Equal(t, arrival, record.Timestamp().AsTime())
			assert.Equal(t, 1, b.Len())
		})
	}
	b := NewDecoder(Options{}).NewBatch(arrival)
	message, _ := b.AddUnparsed(`"username":"YWRtaW46aHVudGVyMg=="`, errors.New("no")).Body().Map().Get("message")
	assert.Equal(t, `"username":"YWRtaW46aHVudGVyMg=="`, message.Str(), "only where it is asked for")
}

func TestUIDs(t *testing.T) {
	b := NewDecoder(Options{AssignUIDs: true}).NewBatch(arrival)
	seen := make(map[string]bool)
	last := ""
	for range 1000 {
		record, err := b.Add([]byte(`{"event_type":"a"}`), time.Time{})
		require.NoError(t, err)
		v, _ := record.Attributes().Get(AttrRecordUID)
		id, err := uuid.Parse(v.Str())
		require.NoError(t, err)
		assert.Equal(t, uuid.Version(7), id.Version())
		assert.Equal(t, uuid.RFC4122, id.Variant())
		assert.Less(t, last, v.Str(), "in order")
		last = v.Str()
		seen[last] = true
	}
	assert.Len(t, seen, 1000)

	record, err := b.Add([]byte(`{"event_type":"a","event_id":"mine"}`), time.Time{})
	require.NoError(t, err)
	v, _ := record.Attributes().Get(AttrRecordUID)
	assert.Equal(t, "mine", v.Str(), "the sender's own id stays")
	v, _ = b.AddUnparsed("x", errors.New("no")).Attributes().Get(AttrRecordUID)
	assert.Equal(t, pcommon.ValueTypeStr, v.Type())
}

// TestUIDsDoNotCarry: counting up never reaches version and variant.
func TestUIDsDoNotCarry(t *testing.T) {
	u := uids{last: uuid.MustParse("01950000-0000-7000-9fff-fffffffffffe")}
	assert.Equal(t, "01950000-0000-7000-9fff-ffffffffffff", u.next())
	assert.Equal(t, "01950000-0000-7000-a000-000000000000", u.next())
}
