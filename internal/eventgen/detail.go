// SPDX-License-Identifier: Apache-2.0

package eventgen

import "github.com/mockforge/otelcol-mockforge/internal/event"

// who is behind an event.
type who uint8

const (
	colleague who = iota // from an address inside
	outsider             // from an address outside
	service              // no person, so there is no actor
)

// detail is what the events of one type have of their own.
type detail struct {
	who      who
	resource string
	id       value
	method   value
	success  int   // of 100
	reason   value // where there is no success
	metadata []field
}

// everywhere are the metadata of every event.
var everywhere = []field{
	{"environment", oneOf("production", "production", "production", "staging", "development")},
	{"request_id", hex64("req-")},
}

// carried are the controls that MockForge itself puts on most events of a category.
var carried = map[event.Category]string{
	event.CategoryAuthentication:   `{"soc2_cc":["CC6"],"iso27001":["A.9.2"]}`,
	event.CategoryAuthorization:    `{"soc2_cc":["CC6"],"iso27001":["A.9.4"]}`,
	event.CategoryAccessManagement: `{"soc2_cc":["CC6"],"iso27001":["A.9.2"]}`,
	event.CategoryConfiguration:    `{"soc2_cc":["CC7"],"iso27001":["A.12.1"]}`,
	event.CategoryData:             `{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}`,
	event.CategorySecurity:         `{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}`,
	event.CategoryCompliance:       `{"soc2_cc":["CC4"],"iso27001":["A.12.4"]}`,
}

// What several types draw from.
var (
	post       = oneOf("POST")
	put        = oneOf("PUT", "PATCH")
	remove     = oneOf("DELETE")
	users      = numbered("/api/v1/users/user-")
	tokens     = numbered("/api/v1/tokens/tok-")
	workspaces = numbered("/api/v1/workspaces/ws-")
	person     = numbered("user-")
	token      = numbered("tok-")
	session    = numbered("sess-")
	key        = numbered("key-")
	roles      = oneOf("viewer", "editor", "auditor", "operator", "admin")
	scopes     = listOf("mocks:read", "mocks:write", "workspaces:read", "audit:read")
	dataTypes  = oneOf("customer_records", "audit_log", "api_traces", "payment_tokens", "mock_definitions")
	refused    = oneOf("Approval is missing", "The request timed out", "The policy forbids it")
	signs      = listOf("unusual hour", "new device", "impossible travel", "many failed requests", "known bad address")
)

// details is in the order of the catalogue. The fields of metadata are those that
// MockForge's documents name for the type.
var details = map[string]detail{
	"auth.success": {colleague, "api", oneOf("/api/v1/auth/login", "/api/v1/auth/token"), post, 100, null, []field{
		{"auth_method", oneOf("jwt", "jwt", "api_key", "oidc")}, {"session_id", session}, {"mfa", sometimes(70)},
	}},
	"auth.failure": {outsider, "api", oneOf("/api/v1/auth/login", "/api/v1/workspaces"), post, 0, oneOf("Invalid credentials", "Unknown user", "Account locked"), []field{
		{"auth_method", oneOf("jwt", "basic", "api_key")}, {"failure_reason", oneOf("invalid_password", "invalid_token", "unknown_user")}, {"attempt_count", number(1, 8)}, {"lockout_triggered", sometimes(10)},
	}},
	"auth.token_expired": {colleague, "api", workspaces, oneOf("GET"), 0, oneOf("The token expired"), []field{
		{"token_type", oneOf("access", "refresh", "api")}, {"expired_seconds_ago", number(1, 86400)},
	}},
	"auth.token_revoked": {colleague, "token", token, remove, 100, null, []field{
		{"token_type", oneOf("access", "refresh", "api")}, {"revoked_by", person}, {"revocation_reason", oneOf("logout", "compromised", "role changed")},
	}},
	"auth.mfa_enabled": {colleague, "api", users, post, 100, null, []field{
		{"mfa_method", oneOf("totp", "webauthn", "sms")}, {"recovery_codes", number(8, 10)},
	}},
	"auth.mfa_disabled": {colleague, "api", users, remove, 90, refused, []field{
		{"mfa_method", oneOf("totp", "webauthn", "sms")}, {"disabled_by", person},
	}},
	"auth.password_changed": {colleague, "api", users, put, 95, oneOf("The password was used before"), []field{
		{"changed_by", person}, {"password_strength", number(60, 100)},
	}},
	"auth.password_reset": {outsider, "api", oneOf("/api/v1/auth/reset"), post, 85, oneOf("The link expired"), []field{
		{"reset_method", oneOf("email", "administrator")}, {"requested_for", person},
	}},

	"authz.access_granted": {colleague, "api", workspaces, oneOf("GET", "GET", "POST", "PUT"), 100, null, []field{
		{"status_code", number(200, 204)}, {"action", oneOf("read", "write", "list")}, {"permissions", scopes}, {"session_id", session},
	}},
	"authz.access_denied": {colleague, "api", workspaces, oneOf("GET", "POST", "DELETE"), 0, oneOf("Insufficient permissions", "The workspace is private"), []field{
		{"status_code", number(403, 403)}, {"action", oneOf("read", "write", "delete")}, {"requested_role", roles},
	}},
	"authz.privilege_escalation": {colleague, "role", roles, oneOf("admin", "operator"), 70, refused, []field{
		{"old_role", oneOf("viewer", "editor")}, {"new_role", oneOf("operator", "admin")}, {"escalated_by", person}, {"expiration_days", number(1, 30)},
	}},
	"authz.role_changed": {colleague, "user", person, put, 98, refused, []field{
		{"old_role", roles}, {"new_role", roles}, {"changed_by", person},
	}},
	"authz.permission_changed": {colleague, "user", person, put, 98, refused, []field{
		{"permissions_added", scopes}, {"permissions_removed", scopes}, {"changed_by", person}, {"review_id", numbered("review-")},
	}},

	"access.user_created": {colleague, "user", person, post, 97, oneOf("The name is taken"), []field{
		{"role", roles}, {"created_by", person}, {"email_verified", sometimes(40)},
	}},
	"access.user_deleted": {colleague, "user", person, remove, 97, refused, []field{
		{"deleted_by", person}, {"deletion_reason", oneOf("left the company", "duplicate", "requested by the user")},
	}},
	"access.user_suspended": {colleague, "user", person, put, 99, refused, []field{
		{"suspended_by", person}, {"suspension_reason", oneOf("inactive", "under review", "policy violation")}, {"duration_hours", number(1, 720)},
	}},
	"access.user_activated": {colleague, "user", person, put, 99, refused, []field{
		{"activated_by", person}, {"inactive_days", number(0, 365)},
	}},
	"access.api_token_created": {colleague, "api", oneOf("/api/v1/tokens"), post, 98, refused, []field{
		{"token_id", token}, {"token_name", oneOf("ci", "deploy", "reporting", "backup")}, {"scopes", scopes}, {"expires_at", later(365)},
	}},
	"access.api_token_deleted": {colleague, "api", tokens, remove, 99, refused, []field{
		{"token_id", token}, {"deleted_by", person}, {"last_used_days_ago", number(0, 400)},
	}},
	"access.api_token_rotated": {colleague, "api", tokens, post, 99, refused, []field{
		{"token_id", token}, {"rotated_by", person}, {"expires_at", later(90)},
	}},

	"config.changed": {colleague, "config", oneOf("http.cors", "logging.level", "rate_limits", "storage.retention"), put, 96, refused, []field{
		{"config_key", oneOf("level", "max_age", "enabled", "limit")}, {"old_value", number(1, 100)}, {"new_value", number(1, 100)}, {"changed_by", person},
	}},
	"config.security_policy_updated": {colleague, "policy", numbered("policy-"), put, 96, refused, []field{
		{"policy_name", oneOf("password", "session", "network", "retention")}, {"policy_version", number(2, 40)}, {"updated_by", person}, {"changes", number(1, 12)},
	}},
	"config.encryption_key_rotated": {service, "key", key, post, 99, oneOf("The key store did not answer"), []field{
		{"key_type", oneOf("AES-256", "RSA-4096", "Ed25519")}, {"rotation_method", oneOf("scheduled", "manual")}, {"previous_key_id", key}, {"reencrypted_records", number(0, 250000)}, {"service_account", oneOf("svc-key-rotation", "svc-vault")},
	}},
	"config.tls_certificate_updated": {colleague, "certificate", numbered("cert-"), put, 98, oneOf("The chain is incomplete"), []field{
		{"subject", oneOf("mocks.example.com", "api.example.com", "admin.example.com")}, {"expires_at", later(397)}, {"updated_by", person},
	}},

	"data.exported": {colleague, "api", oneOf("/api/v1/export", "/api/v1/audit/export"), post, 94, refused, []field{
		{"data_type", dataTypes}, {"record_count", number(1, 50000)}, {"export_format", oneOf("csv", "json", "parquet")}, {"destination", oneOf("download", "s3", "sftp")},
	}},
	"data.deleted": {colleague, "dataset", numbered("ds-"), remove, 98, refused, []field{
		{"data_type", dataTypes}, {"record_count", number(1, 20000)}, {"deletion_method", oneOf("soft", "hard", "retention")},
	}},
	"data.encrypted": {service, "dataset", numbered("ds-"), post, 100, null, []field{
		{"data_type", dataTypes}, {"encryption_method", oneOf("AES-256-GCM", "ChaCha20-Poly1305")}, {"key_id", key}, {"bytes", number(4096, 1<<30)}, {"service_account", oneOf("svc-storage", "svc-backup")}, {"job", hex64("job-")},
	}},
	"data.decrypted": {colleague, "dataset", numbered("ds-"), post, 93, refused, []field{
		{"data_type", dataTypes}, {"key_id", key}, {"purpose", oneOf("support case", "migration", "legal request")},
	}},
	"data.classified": {colleague, "dataset", numbered("ds-"), put, 100, null, []field{
		{"data_type", dataTypes}, {"classification", oneOf("public", "internal", "confidential", "restricted")}, {"classified_by", person},
	}},

	"security.vulnerability_detected": {service, "component", oneOf("openssl", "libxml2", "log-shipper", "admin-ui"), oneOf("scan"), 0, oneOf("A fixed version is not installed"), []field{
		{"vulnerability_id", numbered("VULN-2025-")}, {"vulnerability_type", oneOf("buffer overflow", "injection", "outdated component")}, {"cvss_score", tenths(10)}, {"installed_version", oneOf("1.1.1w", "2.9.14", "3.0.2")}, {"remediation", oneOf("Update to the fixed version and restart the service", "Switch the feature off until it is fixed")}, {"scanner", oneOf("svc-scanner")},
	}},
	"security.threat_detected": {outsider, "api", oneOf("/api/v1/search", "/admin", "/api/v1/upload"), post, 0, oneOf("Blocked by a rule"), []field{
		{"threat_id", numbered("THREAT-")}, {"threat_type", oneOf("sql_injection", "path_traversal", "credential_stuffing", "malware_upload")}, {"indicators", signs}, {"blocked", sometimes(85)},
	}},
	"security.anomaly_detected": {colleague, "api", workspaces, oneOf("GET", "POST"), 60, oneOf("The baseline was left"), []field{
		{"anomaly_type", oneOf("traffic_spike", "unusual_hour", "new_location")}, {"deviation", tenths(9)}, {"indicators", signs},
	}},
	"security.rate_limit_exceeded": {outsider, "api", oneOf("/api/v1/search", "/api/v1/mocks", "/api/v1/auth/login"), oneOf("GET", "POST"), 0, oneOf("Too many requests"), []field{
		{"status_code", number(429, 429)}, {"limit", number(60, 600)}, {"actual", number(601, 5000)}, {"window_seconds", number(60, 60)},
	}},
	"security.suspicious_activity": {outsider, "api", workspaces, oneOf("GET", "POST", "DELETE"), 50, oneOf("The risk is too high"), []field{
		{"activity_type", oneOf("enumeration", "privilege_probe", "bulk_read")}, {"indicators", signs}, {"risk_score", number(1, 10)},
	}},

	"compliance.audit_log_accessed": {colleague, "audit_log", oneOf("audit-2025-q1", "audit-2025-q2", "audit-2024"), oneOf("GET"), 97, refused, []field{
		{"access_type", oneOf("view", "search", "export", "bulk_view")}, {"filters", listOf("user", "severity", "period")}, {"record_count", number(1, 5000)},
	}},
	"compliance.compliance_check": {service, "control", oneOf("CC6.1", "CC7.2", "A.9.2.3", "A.12.4.1"), oneOf("check"), 88, oneOf("Evidence is missing"), []field{
		{"check_type", oneOf("access_review", "encryption", "backup", "logging")}, {"standard", oneOf("SOC2", "ISO27001")}, {"checked_items", number(5, 900)}, {"findings", number(0, 9)}, {"next_check", later(90)}, {"service_account", oneOf("svc-compliance")}, {"run", hex64("run-")},
	}},
	"compliance.policy_violation": {colleague, "policy", numbered("policy-"), oneOf("POST", "PUT"), 0, oneOf("The policy forbids it", "An exception has expired"), []field{
		{"policy_name", oneOf("password", "session", "network", "retention")}, {"violation_type", oneOf("weak_password", "open_port", "unapproved_export", "missing_mfa")}, {"affected", numbered("ws-")},
	}},
}
