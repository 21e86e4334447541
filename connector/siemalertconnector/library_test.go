// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/mockforge/otelcol-mockforge/internal/event"
	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// library is the rule library in examples.
func library(t testing.TB) *Config {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("..", "..", "examples", "alerts", "mockforge-rules.yaml"))
	require.NoError(t, err)
	sub, err := conf.Sub("connectors::siem_alert")
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, sub.Unmarshal(cfg))
	require.NoError(t, xconfmap.Validate(cfg))
	return cfg
}

// series are events at equal distances: %d in more is the number of the event.
type series struct {
	count int
	every time.Duration
	kind  string
	more  string
}

func (s series) events(from int) (all []string) {
	for i := range s.count {
		at := noon.Add(time.Duration(from+i) * s.every).Format(time.RFC3339Nano)
		all = append(all, fmt.Sprintf(`{"timestamp":%q,"event_type":%q%s}`, at, s.kind, strings.ReplaceAll(s.more, "%d", strconv.Itoa(i))))
	}
	return all
}

func one(kind, more string) []series { return []series{{1, time.Second, kind, more}} }

func many(n int, every time.Duration, kind, more string) []series {
	return []series{{n, every, kind, more}}
}

// actor is one of %d users at one of %d addresses.
func actor(user, address string) string {
	return fmt.Sprintf(`,"actor":{"user_id":"u-%[1]s","username":"n-%[1]s","ip_address":"10.0.0.%[2]s"}`, user, address)
}

const s = time.Second

// libraryCases say what fires each rule, and what almost does.
var libraryCases = map[string]struct{ fires, not []series }{
	"Brute force from one address": {
		many(10, 6*s, "auth.failure", actor("%d", "1")), many(10, 7*s, "auth.failure", actor("%d", "1")),
	},
	"Repeated failures of one user": {
		many(6, 59*s, "auth.failure", actor("1", "%d")), many(9, 59*s, "auth.failure", `,"actor":{"ip_address":"10.0.0.1"}`),
	},
	"Password spraying": {
		many(8, 70*s, "auth.failure", actor("%d", "1")), many(20, 20*s, "auth.failure", actor("7", "1")),
	},
	"One user from many addresses": {
		many(4, 600*s, "auth.success", actor("1", "%d")), many(20, 60*s, "auth.success", actor("%d", "1")),
	},
	"Second factor switched off": {one("auth.mfa_disabled", actor("1", "1")), one("auth.mfa_enabled", actor("1", "1"))},
	"Login after the second factor was switched off": {
		[]series{{1, s, "auth.mfa_disabled", actor("1", "1")}, {1, s, "auth.success", actor("1", "1")}},
		[]series{{1, s, "auth.mfa_disabled", actor("1", "1")}, {1, s, "auth.success", actor("2", "1")}},
	},
	"Account lockout": {
		one("auth.failure", `,"metadata":{"lockout_triggered":true}`), one("auth.failure", `,"metadata":{"lockout_triggered":false}`),
	},
	"Revoked token in use": {
		many(20, 20*s, "auth.token_revoked", actor("1", "1")), many(19, 20*s, "auth.token_revoked", actor("1", "1")),
	},
	"Privilege escalation": {one("authz.privilege_escalation", actor("1", "1")), one("authz.role_changed", actor("1", "1"))},
	"Repeated denials on one resource": {
		many(3, 200*s, "authz.access_denied", actor("1", "1")+`,"target":{"resource_id":"/a"}`),
		many(6, 20*s, "authz.access_denied", actor("1", "1")+`,"target":{"resource_id":"/%d"}`),
	},
	"Probing of resources": {
		many(10, 20*s, "authz.access_denied", actor("1", "1")+`,"target":{"resource_id":"/%d"}`),
		many(30, 10*s, "authz.access_denied", actor("1", "1")+`,"target":{"resource_id":"/a"}`),
	},
	"Burst of role and permission changes": {
		[]series{{6, s, "authz.role_changed", actor("1", "1")}, {4, s, "authz.permission_changed", actor("1", "1")}},
		many(12, s, "authz.role_changed", actor("%d", "1")),
	},
	"User deleted":            {one("access.user_deleted", ""), one("access.user_created", "")},
	"Burst of new API tokens": {many(5, 100*s, "access.api_token_created", actor("1", "1")), many(5, 151*s, "access.api_token_created", actor("1", "1"))},
	"Mass suspension of users": {
		[]series{{5, s, "access.user_suspended", actor("%d", "1")}, {5, s, "access.user_deleted", actor("%d", "1")}},
		many(9, s, "access.user_suspended", ""),
	},
	"Security policy updated":        {one("config.security_policy_updated", ""), one("config.changed", "")},
	"Key or certificate replaced":    {one("config.tls_certificate_updated", ""), one("config.security_policy_updated", "")},
	"Burst of configuration changes": {many(31, 10*s, "config.changed", ""), many(30, 10*s, "config.changed", "")},
	"Mass export": {
		many(3, 1000*s, "data.exported", actor("1", "1")+`,"metadata":{"record_count":4000}`),
		many(3, 1000*s, "data.exported", actor("%d", "1")+`,"metadata":{"record_count":4000}`),
	},
	"Data deleted in bulk": {many(20, 20*s, "data.deleted", actor("1", "1")), many(20, 60*s, "data.deleted", actor("1", "1"))},
	"Data decrypted":       {one("data.decrypted", ""), one("data.decrypted", `,"severity":"low"`)},
	"Severe vulnerability": {one("security.vulnerability_detected", `,"severity":"critical"`), one("security.vulnerability_detected", `,"severity":"medium"`)},
	"Threat detected":      {one("security.threat_detected", ""), one("security.anomaly_detected", "")},
	"Suspicious activity of high risk": {
		one("security.suspicious_activity", `,"metadata":{"risk_score":"7.5"}`), one("security.suspicious_activity", `,"metadata":{"risk_score":7}`),
	},
	"Persistent rate limit violations": {
		many(10, 5*s, "security.rate_limit_exceeded", actor("1", "1")), many(20, 5*s, "security.rate_limit_exceeded", actor("1", "%d")),
	},
	"Policy violation":    {one("compliance.policy_violation", ""), one("compliance.compliance_check", "")},
	"Audit log taken out": {one("compliance.audit_log_accessed", `,"metadata":{"access_type":"export"}`), one("compliance.audit_log_accessed", `,"metadata":{"access_type":"view"}`)},
}

func TestLibrary(t *testing.T) {
	cfg := library(t)
	assert.GreaterOrEqual(t, len(cfg.Rules), 20)
	assert.Len(t, libraryCases, len(cfg.Rules))
	categories := make(map[event.Category]bool)
	for _, rule := range cfg.Rules {
		tt, ok := libraryCases[rule.Name]
		require.True(t, ok, rule.Name)
		alone := createDefaultConfig().(*Config)
		alone.Rules = []RuleConfig{rule}
		assert.Equal(t, []string{rule.Name}, firesOn(t, alone, tt.fires), rule.Name)
		assert.Empty(t, firesOn(t, alone, tt.not), rule.Name)
		categories[event.CategoryOf(tt.fires[0].kind)] = true
		for _, part := range append(slices.Clone(tt.fires), tt.not...) {
			_, known := event.Lookup(part.kind)
			assert.True(t, known, part.kind)
		}
	}
	assert.Len(t, categories, 7, "all of the guide's categories")
}

// firesOn returns the names of the rules that events fire.
func firesOn(t *testing.T, cfg *Config, in []series) []string {
	t.Helper()
	r := start(t, cfg, componenttest.NewNopHost())
	defer r.stop(t)
	from := 0
	for _, part := range in {
		b := eventlog.NewDecoder(eventlog.Options{AssignUIDs: true}).NewBatch(noon.Add(24 * time.Hour))
		require.NoError(t, b.AddAll([]byte(strings.Join(part.events(from), "\n"))))
		require.NoError(t, r.ConsumeLogs(t.Context(), b.Logs()))
		from += part.count
	}
	return r.sinks["all"].names()
}
