// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mockforge/otelcol-mockforge/connector/siemalertconnector/internal/metadata"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
	"github.com/mockforge/otelcol-mockforge/internal/httpsend"
	"github.com/mockforge/otelcol-mockforge/internal/siemtest"
)

// sink is a pipeline that keeps alerts.
type sink struct {
	mu     sync.Mutex
	answer func(n int) error // of n alerts; nil takes them
	alerts []plog.LogRecord
}

func (s *sink) consumer(t testing.TB) consumer.Logs {
	t.Helper()
	c, err := consumer.NewLogs(func(_ context.Context, logs plog.Logs) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.answer != nil {
			if err := s.answer(logs.LogRecordCount()); err != nil {
				return err
			}
		}
		for _, rl := range logs.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				s.alerts = append(s.alerts, record)
			}
		}
		return nil
	})
	require.NoError(t, err)
	return c
}

func (s *sink) set(answer func(int) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// names returns the rules of the alerts so far.
func (s *sink) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []string{}
	for _, a := range s.alerts {
		all = append(all, attrText(a, eventlog.AttrAlertName))
	}
	return all
}

func attrText(record plog.LogRecord, key string) string {
	v, ok := record.Attributes().Get(key)
	if !ok {
		return "absent"
	}
	return v.AsString()
}

// running is a connector with its pipelines.
type running struct {
	connector.Logs
	sinks     map[string]*sink
	logged    *observer.ObservedLogs
	telemetry *componenttest.Telemetry
}

type host struct {
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

func start(t testing.TB, cfg *Config, h component.Host, pipelines ...string) *running {
	t.Helper()
	if len(pipelines) == 0 {
		pipelines = []string{"all"}
	}
	r := &running{sinks: make(map[string]*sink), telemetry: componenttest.NewTelemetry()}
	t.Cleanup(func() { require.NoError(t, r.telemetry.Shutdown(context.Background())) })
	consumers := make(map[pipeline.ID]consumer.Logs)
	for _, name := range pipelines {
		r.sinks[name] = &sink{}
		consumers[pipeline.NewIDWithName(pipeline.SignalLogs, name)] = r.sinks[name].consumer(t)
	}
	set := connectortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = r.telemetry.NewTelemetrySettings()
	core, logged := observer.New(zap.InfoLevel)
	set.Logger, r.logged = zap.New(core), logged
	var err error
	r.Logs, err = NewFactory().CreateLogsToLogs(t.Context(), set, cfg, connector.NewLogsRouter(consumers))
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), h))
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	require.NoError(t, r.Shutdown(context.Background()))
}

// config has rules in YAML, over the defaults.
func config(rules ...RuleConfig) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.Rules = rules
	return cfg
}

func text(name, condition string) RuleConfig {
	return RuleConfig{Name: name, Severity: "high", Condition: ConditionConfig{text: condition}}
}

var noon = time.Date(2025, 1, 27, 12, 0, 0, 0, time.UTC)

// failures returns auth failures at times in seconds after noon, with ids.
func failures(t testing.TB, more string, seconds ...int) plog.Logs {
	t.Helper()
	var all []string
	for _, s := range seconds {
		at := noon.Add(time.Duration(s) * time.Second).Format(time.RFC3339)
		all = append(all, fmt.Sprintf(`{"timestamp":%q,"event_type":"auth.failure","severity":"medium","event_id":"id-%d"%s}`, at, s, more))
	}
	b := eventlog.NewDecoder(eventlog.Options{}).NewBatch(noon.Add(time.Hour))
	require.NoError(t, b.AddAll([]byte(strings.Join(all, "\n"))))
	return b.Logs()
}

func TestGuideRules(t *testing.T) {
	r := start(t, load(t, "guide"), componenttest.NewNopHost())
	defer r.stop(t)
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 0, 60, 120, 180, 240)))
	assert.Empty(t, r.sinks["all"].names(), "five do not")
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 299)))
	assert.Equal(t, []string{"Multiple Auth Failures"}, r.sinks["all"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 300, 301)))
	require.NoError(t, r.ConsumeLogs(t.Context(), siemtest.Decode(t, "", `
		{"event_type":"authz.privilege_escalation"}
		{"event_type":"security.suspicious_activity"}
		{"event_type":"security.threat_detected"}
		{"event_type":"authz.privilege_escalation"}`)))
	assert.Equal(t, []string{"Multiple Auth Failures", "Privilege Escalation", "Suspicious Activity", "Privilege Escalation"}, r.sinks["all"].names())
	logged := r.logged.FilterMessageSnippet("actions have no pipeline").All()
	require.Len(t, logged, 1)
	assert.Equal(t, []any{"block_user", "investigate", "notify_security_team"}, logged[0].ContextMap()["actions"])
}

// TestSlips: a rule that can hardly fire is told of.
func TestSlips(t *testing.T) {
	r := start(t, config(
		text("Typo", "event_type == 'auth.failed'"), text("Own and known", "event_type in ['custom.x', 'auth.failure']"),
		text("Never", "event_type == 'auth.failure' AND event_type == 'auth.success'"), text("Any", "severity >= 'high'"),
	), componenttest.NewNopHost())
	defer r.stop(t)
	var rules []any
	for _, entry := range r.logged.FilterMessageSnippet("none of MockForge's event types").All() {
		rules = append(rules, entry.ContextMap()["rule"])
	}
	assert.Equal(t, []any{"Typo", "Never"}, rules)
}

// TestRecord compares an alert with a golden record.
func TestRecord(t *testing.T) {
	cfg := config(RuleConfig{
		Name: "Brute force", Description: "Many failures of one address", Severity: "critical",
		Condition: ConditionConfig{text: "event_type == 'auth.failure' AND count >= 3 in 1m by ip_address, metadata.tenant"},
		Actions:   []string{"block_user", "page"},
	})
	r := start(t, cfg, componenttest.NewNopHost())
	defer r.stop(t)
	more := `,"source":{"system":"mockforge","component":"core","version":"0.3.213","environment":"production"}` +
		`,"actor":{"user_id":"user-123","username":"admin","ip_address":"192.168.1.100","user_agent":null}` +
		`,"target":{"resource_type":"api","resource_id":"/api/v1/workspaces","method":"GET"},"outcome":{"success":false,"reason":"Invalid credentials"}` +
		`,"metadata":{"attempt_count":3},"compliance":{"soc2_cc":["CC6"],"iso27001":["A.9.2"]}`
	logs := plog.NewLogs()
	cfgSink := r.sinks["all"]
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, more, 0, 10, 20)))
	require.Len(t, cfgSink.alerts, 1)
	alert := cfgSink.alerts[0]
	alert.SetObservedTimestamp(0)
	alert.CopyTo(logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	path := filepath.Join("testdata", "alert.yaml")
	if *update {
		require.NoError(t, golden.WriteLogsToFile(path, logs))
	}
	want, err := golden.ReadLogs(path)
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(want, logs))
}

func TestGroupsAndRoutes(t *testing.T) {
	cfg := config(text("By address", "event_type == 'auth.failure' AND count > 2 in 1m by ip_address"), text("Any", "event_type == 'auth.failure' AND metadata.odd == true"))
	cfg.Rules[0].Action, cfg.Rules[1].Actions = "slack", []string{"page", "nobody"}
	id := func(name string) pipeline.ID { return pipeline.NewIDWithName(pipeline.SignalLogs, name) }
	cfg.Actions = map[string][]pipeline.ID{"slack": {id("slack")}, "page": {id("page"), id("slack")}}
	r := start(t, cfg, componenttest.NewNopHost(), "slack", "page", "siem")
	defer r.stop(t)
	for i, ip := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.2", "10.0.0.1"} {
		require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, fmt.Sprintf(`,"actor":{"ip_address":%q}`, ip), i)))
	}
	assert.Equal(t, []string{"By address"}, r.sinks["siem"].names())
	assert.Equal(t, "10.0.0.1", attrText(r.sinks["siem"].alerts[0], eventlog.AttrAlertGroupPrefix+"ip_address"))
	assert.Equal(t, `["id-0","id-2","id-4"]`, attrText(r.sinks["siem"].alerts[0], eventlog.AttrAlertEvents))
	assert.Equal(t, []string{"By address"}, r.sinks["slack"].names())
	assert.Empty(t, r.sinks["page"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, `,"metadata":{"odd":true}`, 30)))
	for _, s := range r.sinks {
		assert.Contains(t, s.names(), "Any")
	}

	cfg.Actions["slack"] = append(cfg.Actions["slack"], id("typo"))
	cfg.Actions["page"] = []pipeline.ID{id("other")}
	_, err := NewFactory().CreateLogsToLogs(t.Context(), connectortest.NewNopSettings(metadata.Type), cfg,
		connector.NewLogsRouter(map[pipeline.ID]consumer.Logs{id("slack"): (&sink{}).consumer(t), id("siem"): (&sink{}).consumer(t)}))
	assert.EqualError(t, err, "actions::page: found \"logs/other\", expected the name of a pipeline behind the connector\n"+
		"actions::slack: found \"logs/typo\", expected the name of a pipeline behind the connector")
}

// TestFailingPipeline: the error reaches the sender, nothing is lost and nothing
// counted twice when the events come again.
func TestFailingPipeline(t *testing.T) {
	cfg := config(text("Window", "event_type == 'auth.failure' AND count > 2 in 1m"), text("Single", "event_type == 'auth.failure' AND metadata.odd == true"))
	r := start(t, cfg, componenttest.NewNopHost(), "good", "bad")
	defer r.stop(t)
	const down = "delivering alerts to logs/bad: down"
	r.sinks["bad"].set(func(int) error { return errors.New("down") })
	first, second := failures(t, `,"metadata":{"odd":true}`, 0, 1), failures(t, "", 2)
	require.EqualError(t, r.ConsumeLogs(t.Context(), first), down)
	require.EqualError(t, r.ConsumeLogs(t.Context(), second), down, "not evaluated while alerts are pending")
	require.EqualError(t, r.ConsumeLogs(t.Context(), first), down)
	assert.Equal(t, []string{"Single", "Single"}, r.sinks["good"].names())
	assert.Empty(t, r.sinks["bad"].names())
	r.sinks["bad"].set(nil)
	require.NoError(t, r.ConsumeLogs(t.Context(), first))
	assert.Equal(t, []string{"Single", "Single"}, r.sinks["good"].names(), "not again")
	assert.Equal(t, []string{"Single", "Single"}, r.sinks["bad"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), second))
	assert.Equal(t, []string{"Single", "Single", "Window"}, r.sinks["bad"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), second))
	require.NoError(t, r.ConsumeLogs(t.Context(), second))
	assert.Len(t, r.sinks["good"].names(), 3, "one event is one match")
}

// TestRefusedAlert: one alert that a pipeline never takes holds up no other.
func TestRefusedAlert(t *testing.T) {
	r := start(t, config(text("Single", "event_type == 'auth.failure'")), componenttest.NewNopHost())
	defer r.stop(t)
	asked := 0
	r.sinks["all"].set(func(n int) error {
		if asked++; n > 1 || asked == 3 {
			return consumererror.NewPermanent(errors.New("too large"))
		}
		return nil
	})
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 0, 1, 2)))
	assert.Len(t, r.sinks["all"].names(), 2)
	assert.Equal(t, 1, r.logged.FilterMessage("an alert was refused for good").Len())
	metadatatestRefused(t, r.telemetry, 1)

	r.sinks["all"].set(func(int) error {
		return errors.Join(consumererror.NewPermanent(errors.New("too large")), errors.New("down"))
	})
	require.Error(t, r.ConsumeLogs(t.Context(), failures(t, "", 3)), "one of two exporters needs it again")
	r.sinks["all"].set(nil)
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 3)))
	assert.Len(t, r.sinks["all"].names(), 3)
}

// TestPartlyTaken: what a pipeline took of several alerts is not sent again, and
// its answer about alerts is none about events.
func TestPartlyTaken(t *testing.T) {
	r := start(t, config(text("Single", "event_type == 'auth.failure'")), componenttest.NewNopHost())
	defer r.stop(t)
	answer := &httpsend.Error{Status: 503}
	var asked []int
	r.sinks["all"].set(func(n int) error {
		if asked = append(asked, n); len(asked) > 1 {
			return nil
		}
		return &httpsend.Partial{Sent: 2, Of: 3, Err: answer}
	})
	events := failures(t, "", 0, 1, 2)
	err := r.ConsumeLogs(t.Context(), events)
	require.ErrorIs(t, err, answer)
	var partial *httpsend.Partial
	assert.NotErrorAs(t, err, &partial)
	require.NoError(t, r.ConsumeLogs(t.Context(), events))
	assert.Equal(t, []int{3, 1}, asked)
}

// TestOwnAlerts: an alert fires none.
func TestOwnAlerts(t *testing.T) {
	r := start(t, config(text("All", "severity >= 'low'")), componenttest.NewNopHost())
	defer r.stop(t)
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 0)))
	require.Len(t, r.sinks["all"].alerts, 1)
	alerts := plog.NewLogs()
	r.sinks["all"].alerts[0].CopyTo(alerts.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	require.NoError(t, r.ConsumeLogs(t.Context(), alerts))
	assert.Len(t, r.sinks["all"].names(), 1)
}

// TestTestEvents: their alerts are marked, and they do not count with real ones.
func TestTestEvents(t *testing.T) {
	r := start(t, config(text("Three", "event_type == 'auth.failure' AND count >= 3 in 1m")), componenttest.NewNopHost())
	defer r.stop(t)
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, `,"test":true`, 0, 1)))
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 2, 3)))
	assert.Empty(t, r.sinks["all"].names())
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, `,"test":true`, 4)))
	require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", 5)))
	require.Len(t, r.sinks["all"].alerts, 2, "a test silences nothing")
	assert.Equal(t, "true", attrText(r.sinks["all"].alerts[0], eventlog.AttrTest))
	assert.Equal(t, "absent", attrText(r.sinks["all"].alerts[1], eventlog.AttrTest))
}

// TestTimes: an event's own time counts, unless it has none or a wrong one.
func TestTimes(t *testing.T) {
	rule := text("Two", "event_type == 'auth.failure' AND count >= 2 in 1m")
	for name, tt := range map[string]struct {
		clock   Clock
		seconds []int // after noon; all arrive an hour after it
		want    int
	}{
		"event time":       {ClockEvent, []int{0, 61}, 0},
		"arrival":          {ClockArrival, []int{0, 61}, 1},
		"far ahead":        {ClockEvent, []int{9000, 12000}, 1},
		"a little ahead":   {ClockEvent, []int{3600, 3600 + 299}, 0},
		"in the same time": {ClockEvent, []int{3700, 3730}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(rule)
			cfg.Time = tt.clock
			r := start(t, cfg, componenttest.NewNopHost())
			defer r.stop(t)
			require.NoError(t, r.ConsumeLogs(t.Context(), failures(t, "", tt.seconds...)))
			assert.Len(t, r.sinks["all"].names(), tt.want)
		})
	}
}

// TestConcurrency: each alert once, whoever brings the events.
func TestConcurrency(t *testing.T) {
	cfg := config(text("By user", "event_type == 'auth.failure' AND count >= 10 in 1h by user_id"))
	r := start(t, cfg, componenttest.NewNopHost())
	defer r.stop(t)
	var wg sync.WaitGroup
	for i := range 10 {
		logs := make([]plog.Logs, 20)
		for user := range logs {
			logs[user] = failures(t, fmt.Sprintf(`,"actor":{"user_id":"u%d"}`, user), i)
		}
		wg.Go(func() {
			for _, l := range logs {
				assert.NoError(t, r.ConsumeLogs(context.Background(), l))
			}
		})
	}
	wg.Wait()
	assert.Len(t, r.sinks["all"].names(), 20)
}
