// SPDX-License-Identifier: Apache-2.0

package event

import "strings"

// Category is the group of event types that a heading of the guide's section
// "Security Event Types" names.
type Category string

// The categories of the guide.
const (
	CategoryAuthentication   Category = "authentication"
	CategoryAuthorization    Category = "authorization"
	CategoryAccessManagement Category = "access_management"
	CategoryConfiguration    Category = "configuration"
	CategoryData             Category = "data"
	CategorySecurity         Category = "security"
	CategoryCompliance       Category = "compliance"
)

// Type describes one event type of the catalogue.
type Type struct {
	// Name is the value of event_type on the wire, such as "auth.failure".
	Name string
	// Category is the guide's group.
	Category Category
	// Severity is what MockForge gives the type by default; it stands in where
	// an event carries none.
	Severity Severity
	// Description is one line for people.
	Description string
}

// TypeAlertFired is the event type of alerts. MockForge emits none, so it is not
// in the catalogue.
const TypeAlertFired = "alert.fired"

// catalogue is in the order of the guide.
var catalogue = [...]Type{
	{"auth.success", CategoryAuthentication, SeverityLow, "Credentials were accepted and the caller is authenticated"},
	{"auth.failure", CategoryAuthentication, SeverityMedium, "Credentials were rejected (bad password, key or token)"},
	{"auth.token_expired", CategoryAuthentication, SeverityMedium, "A request presented a token past its lifetime"},
	{"auth.token_revoked", CategoryAuthentication, SeverityMedium, "A token was invalidated before it would have expired"},
	{"auth.mfa_enabled", CategoryAuthentication, SeverityLow, "A second authentication factor was switched on for an account"},
	{"auth.mfa_disabled", CategoryAuthentication, SeverityMedium, "A second authentication factor was switched off for an account"},
	{"auth.password_changed", CategoryAuthentication, SeverityMedium, "A password was replaced by someone who knew the old one or by an administrator"},
	{"auth.password_reset", CategoryAuthentication, SeverityMedium, "A password was reset through a recovery path (e-mail or administrator)"},
	{"authz.access_granted", CategoryAuthorization, SeverityLow, "An access check allowed the action (upstream: every 2xx response)"},
	{"authz.access_denied", CategoryAuthorization, SeverityMedium, "An access check refused the action"},
	{"authz.privilege_escalation", CategoryAuthorization, SeverityHigh, "An identity obtained or used rights above its normal ones"},
	{"authz.role_changed", CategoryAuthorization, SeverityMedium, "The role of an identity was changed"},
	{"authz.permission_changed", CategoryAuthorization, SeverityMedium, "Individual permissions of an identity were added or removed"},
	{"access.user_created", CategoryAccessManagement, SeverityLow, "A user account was created"},
	{"access.user_deleted", CategoryAccessManagement, SeverityHigh, "A user account was removed"},
	{"access.user_suspended", CategoryAccessManagement, SeverityMedium, "A user account was disabled or its access was revoked"},
	{"access.user_activated", CategoryAccessManagement, SeverityLow, "A user account was enabled"},
	{"access.api_token_created", CategoryAccessManagement, SeverityLow, "A programmatic credential was issued"},
	{"access.api_token_deleted", CategoryAccessManagement, SeverityMedium, "A programmatic credential was withdrawn"},
	{"access.api_token_rotated", CategoryAccessManagement, SeverityHigh, "A programmatic credential was replaced by a new one"},
	{"config.changed", CategoryConfiguration, SeverityMedium, "A configuration value (upstream: also a change request or a risk entry) was modified"},
	{"config.security_policy_updated", CategoryConfiguration, SeverityHigh, "A security policy setting was modified"},
	{"config.encryption_key_rotated", CategoryConfiguration, SeverityHigh, "A cryptographic key was replaced"},
	{"config.tls_certificate_updated", CategoryConfiguration, SeverityHigh, "A TLS certificate was installed or replaced"},
	{"data.exported", CategoryData, SeverityMedium, "A set of records left the system"},
	{"data.deleted", CategoryData, SeverityMedium, "Records were removed"},
	{"data.encrypted", CategoryData, SeverityLow, "Data was put under encryption"},
	{"data.decrypted", CategoryData, SeverityHigh, "Encrypted data was read in clear"},
	{"data.classified", CategoryData, SeverityLow, "A classification level was assigned to data"},
	{"security.vulnerability_detected", CategorySecurity, SeverityCritical, "A weakness was found in a component"},
	{"security.threat_detected", CategorySecurity, SeverityHigh, "Hostile activity was recognised"},
	{"security.anomaly_detected", CategorySecurity, SeverityHigh, "Behaviour deviated from the baseline"},
	{"security.rate_limit_exceeded", CategorySecurity, SeverityMedium, "A caller went over its request quota"},
	{"security.suspicious_activity", CategorySecurity, SeverityHigh, "Activity matched a suspicious pattern (carries a risk score)"},
	{"compliance.audit_log_accessed", CategoryCompliance, SeverityMedium, "Someone read, searched or exported the audit log"},
	{"compliance.compliance_check", CategoryCompliance, SeverityLow, "A control check or access review was run"},
	{"compliance.policy_violation", CategoryCompliance, SeverityHigh, "An action or state broke a policy"},
}

var byName = func() map[string]*Type {
	m := make(map[string]*Type, len(catalogue))
	for i := range catalogue {
		m[catalogue[i].Name] = &catalogue[i]
	}
	return m
}()

// byPrefix maps the first segment of a type to its category: auth to
// authentication.
var byPrefix = func() map[string]Category {
	m := make(map[string]Category)
	for _, t := range catalogue {
		prefix, _, _ := strings.Cut(t.Name, ".")
		m[prefix] = t.Category
	}
	return m
}()

// Catalogue returns a copy of the event types of the guide, in its order.
func Catalogue() []Type {
	return append([]Type(nil), catalogue[:]...)
}

// Lookup finds a type of the catalogue by its exact name.
func Lookup(name string) (Type, bool) {
	t, ok := byName[name]
	if !ok {
		return Type{}, false
	}
	return *t, true
}

// CategoryOf returns the category of an event type, known or not: a type that
// the catalogue lacks belongs to the category of its first segment, and where
// that segment is unknown too it is its own category.
func CategoryOf(name string) Category {
	if t, ok := byName[name]; ok {
		return t.Category
	}
	prefix, _, _ := strings.Cut(name, ".")
	if c, ok := byPrefix[prefix]; ok {
		return c
	}
	return Category(prefix)
}
