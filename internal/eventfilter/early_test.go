// SPDX-License-Identifier: Apache-2.0

package eventfilter

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// earlySettings ask for all that a head has, in each form of an entry.
var earlySettings = Settings{
	Include:    []string{"auth.*", "authz.*", "custom.*", "severity:critical", "category == 'security'"},
	Exclude:    []string{"severity:low", "auth.mfa_*", "event_type == 'authz.access_granted' AND environment != 'production'"},
	Conditions: []string{"environment in ['production', 'dr']", "NOT (severity == 'medium' AND event_type =~ 'authz.*')"},
}

// heads are events that differ in what a head has, and in how they say it.
func heads() (all []string) {
	types := []string{"custom.made_up", "auth.failure\\u0041", "made_up"}
	for _, known := range event.Catalogue() {
		types = append(types, known.Name)
	}
	environments := []string{
		``, `,"environment":"production"`, `,"environment":""`, `,"environment":7`,
		`,"source":{"environment":"production"}`, `,"metadata":{"environment":"production"}`,
		`,"source":{"environment":"staging"},"metadata":{"environment":"production"}`,
		`,"source":{"environment":""},"metadata":{"environment":"production"}`,
		`,"environment":"staging","source":{"environment":"production"}`,
		`,"source":{"environment":"staging","environment":"production"}`,
		`,"source":{"environment":"production","environment":null}`,
		`,"source":{"environment":"production"},"source":{}`,
		`,"source":["environment"]`, `,"metadata":{"\u0065nvironment":"production"}`,
	}
	severities := []string{``, `,"severity":"low"`, `,"severity":"HIGH"`, `,"severity":"warning"`, `,"severity":"odd"`, `,"severity":null`, `,"severity":3`, `,"severity":"low","severity":"critical"`}
	for i, typ := range types {
		for j, environment := range environments {
			all = append(all, fmt.Sprintf(`{"event_type":"%s"%s%s}`, typ, severities[(i+j)%len(severities)], environment))
		}
		for j, severity := range severities {
			all = append(all, fmt.Sprintf(`{"event_type":"other","event_type":"%s"%s%s}`, typ, severity, environments[(i+j)%len(environments)]))
		}
	}
	return all
}

// TestEarlyAgrees with the filter of records on every event.
func TestEarlyAgrees(t *testing.T) {
	early, err := NewEarly(earlySettings)
	require.NoError(t, err)
	for _, environment := range []string{"", "production", "test"} {
		with := eventlog.NewDecoder(eventlog.Options{Environment: environment, Early: early.Judge})
		without := eventlog.NewDecoder(eventlog.Options{Environment: environment})
		seen := make(map[int]int)
		for _, text := range append(heads(), heads()...) { // again, as verdicts are kept
			batch := without.NewBatch(time.Now())
			record, err := batch.Add([]byte(text), time.Time{})
			require.NoError(t, err, text)
			want := early.Filter().Judge(record, batch.Logs().ResourceLogs().At(0).Resource(), new(Pass))
			seen[want]++

			got := with.NewBatch(time.Now())
			_, err = got.Add([]byte(text), time.Time{})
			if want == Passed {
				require.NoError(t, err, text)
				assert.Empty(t, got.Dropped(), text)
				continue
			}
			require.ErrorIs(t, err, eventlog.ErrDropped, text)
			require.Len(t, got.Dropped(), want+1, text)
			assert.EqualValues(t, 1, got.Dropped()[want], text)
			assert.Zero(t, got.Len())
			assert.Equal(t, 1, got.Taken())
		}
		assert.Len(t, seen, 1+len(early.Filter().Rules())-1, "every rule but the rate limit drops some: %v", seen)
	}
}

func TestEarlyRefuses(t *testing.T) {
	_, err := NewEarly(Settings{
		Include:    []string{"user_id == 'x'"},
		Exclude:    []string{"severity:low", "metadata.risk > 5 OR severity == 'low'"},
		Conditions: []string{"attributes['x'] == 'y'"},
	})
	for _, want := range []string{
		`include[0]: "user_id == 'x'": found the field user_id, expected one of event_type, category, severity, environment; the processor siem_filter takes all`,
		`exclude[1]: "metadata.risk > 5 OR severity == 'low'": found the field metadata.risk`,
		`conditions[0]: "attributes['x'] == 'y'": found the field attributes["x"]`,
	} {
		assert.ErrorContains(t, err, want)
	}
	_, err = NewEarly(Settings{Include: []string{""}})
	assert.ErrorContains(t, err, `include[0]: "": found an empty pattern`)
}

// TestEarlyIsBounded: what senders make up takes no more memory without end.
func TestEarlyIsBounded(t *testing.T) {
	early, err := NewEarly(earlySettings)
	require.NoError(t, err)
	for n := range 3 * maxVerdicts {
		h := eventlog.Head{EventType: fmt.Sprintf("custom.t%d", n), Severity: event.SeverityHigh, Environment: "production"}
		assert.Equal(t, Passed, early.Judge(&h))
	}
	assert.LessOrEqual(t, len(*early.verdicts.Load()), maxVerdicts)
}

// TestEarlyDropsInARequest: the rest of it stays, and errors name the event that
// was sent.
func TestEarlyDropsInARequest(t *testing.T) {
	early, err := NewEarly(Settings{Exclude: []string{"severity:low"}})
	require.NoError(t, err)
	decoder := eventlog.NewDecoder(eventlog.Options{Early: early.Judge, MaxEvents: 4})
	low, high := `{"event_type":"a.b","severity":"low"}`, `{"event_type":"a.b","severity":"high"}`
	batch := decoder.NewBatch(time.Now())
	require.NoError(t, batch.AddAll([]byte(low+high+low)))
	assert.Equal(t, []int{1, 3}, []int{batch.Len(), batch.Taken()})
	assert.Equal(t, []int64{0, 2}, batch.Dropped())

	var refused *eventlog.Error
	require.ErrorAs(t, decoder.NewBatch(time.Now()).AddAll([]byte(low+low+`{"severity":"low"}`)), &refused)
	assert.Equal(t, 2, refused.Index)
	assert.Equal(t, "event_type", refused.Field)
	require.Error(t, decoder.NewBatch(time.Now()).AddAll([]byte(low+low+low+low+low)), "more than max_events")

	batch = decoder.NewBatch(time.Now())
	batch.KeepAll()
	require.NoError(t, batch.AddAll([]byte(low)))
	assert.Equal(t, 1, batch.Len())
}

// BenchmarkEarly is what an event costs that is dropped before a record is made.
func BenchmarkEarly(b *testing.B) {
	early, err := NewEarly(earlySettings)
	require.NoError(b, err)
	data := []byte(`{"timestamp":"2025-01-27T10:30:00Z","event_type":"data.exported","severity":"high","source":{"system":"mockforge","version":"1.0.0"},"actor":{"user_id":"u"}}`)
	for name, judge := range map[string]eventlog.Early{"early=on": early.Judge, "early=off": nil} {
		b.Run(name, func(b *testing.B) {
			decoder := eventlog.NewDecoder(eventlog.Options{Early: judge})
			b.ReportAllocs()
			for b.Loop() {
				batch := decoder.NewBatch(time.Time{})
				for range 100 {
					if _, err := batch.Add(data, time.Time{}); err != nil && !errors.Is(err, eventlog.ErrDropped) {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
