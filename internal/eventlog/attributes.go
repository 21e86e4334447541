// SPDX-License-Identifier: Apache-2.0

package eventlog

// Keys of the index over an event, all of them. Keys without the mockforge
// prefix are OpenTelemetry semantic conventions, v1.44.0, or ComplyBeacon's
// compliance namespace.
const (
	AttrEventType     = "mockforge.event.type"
	AttrEventCategory = "mockforge.event.category"
	AttrTest          = "mockforge.test"
	// AttrWarnings lists what was wrong with an event that was carried all the
	// same; it is absent from a clean one.
	AttrWarnings = "mockforge.parse.warnings"
	// AttrParseError says why a record holds text and no event.
	AttrParseError = "mockforge.parse_error"

	AttrSourceComponent = "mockforge.source.component"

	AttrUserID        = "user.id"
	AttrUserName      = "user.name"
	AttrClientAddress = "client.address"
	AttrClientPort    = "client.port"
	AttrUserAgent     = "user_agent.original"

	AttrTargetResourceType    = "mockforge.target.resource_type"
	AttrTargetResourceID      = "mockforge.target.resource_id"
	AttrTargetMethod          = "mockforge.target.method"
	AttrURLPath               = "url.path"
	AttrHTTPMethod            = "http.request.method"
	AttrHTTPMethodOriginal    = "http.request.method_original"
	AttrHTTPStatusCode        = "http.response.status_code"
	AttrSessionID             = "session.id"
	AttrOutcomeSuccess        = "mockforge.outcome.success"
	AttrOutcomeReason         = "mockforge.outcome.reason"
	AttrErrorType             = "error.type"
	AttrRecordUID             = "log.record.uid"
	AttrLogFilePath           = "log.file.path"
	AttrServiceName           = "service.name"
	AttrServiceVersion        = "service.version"
	AttrDeploymentEnvironment = "deployment.environment.name"

	AttrPeerAddress = "network.peer.address"

	// What a syslog message had around the event (RFC 5424 section 6), named as
	// in the log data model's example mappings.
	AttrSyslogFacility       = "syslog.facility"
	AttrSyslogSeverity       = "syslog.severity"
	AttrSyslogHostname       = "syslog.hostname"
	AttrSyslogAppName        = "syslog.appname"
	AttrSyslogProcID         = "syslog.procid"
	AttrSyslogMsgID          = "syslog.msgid"
	AttrSyslogStructuredData = "syslog.structured_data"

	// AttrMetadataPrefix stands before a key of the event's metadata.
	AttrMetadataPrefix = "mockforge.metadata."
	// AttrExtraPrefix stands before the dotted path of a field that MockForge
	// does not document.
	AttrExtraPrefix = "mockforge."

	// What Splunk's envelope said of an event. Never com.splunk.*: by those the
	// sender of an event would choose its index at the destination.
	AttrSplunkHost       = "mockforge.splunk.host"
	AttrSplunkSource     = "mockforge.splunk.source"
	AttrSplunkSourcetype = "mockforge.splunk.sourcetype"
	AttrSplunkIndex      = "mockforge.splunk.index"
	// AttrSplunkFieldsPrefix stands before a name of the envelope's fields.
	AttrSplunkFieldsPrefix = "mockforge.splunk.fields."

	// AttrCompliancePrefix stands before the name of a list of controls, the
	// same name as in the event's compliance object: soc2_cc, iso27001.
	AttrCompliancePrefix     = "compliance."
	AttrComplianceFrameworks = "compliance.frameworks"
	AttrComplianceRequired   = "compliance.requirements"
	AttrComplianceStatus     = "compliance.enrichment.status"
	// AttrComplianceAdded lists the controls the pipeline added to what the
	// event claimed.
	AttrComplianceAdded = "mockforge.compliance.added"

	// What fired an alert. AttrAlertGroupPrefix stands before the name of a field
	// that the rule groups by; AttrAlertEvents lists the log.record.uid of events.
	AttrAlertName        = "alert.name"
	AttrAlertSeverity    = "alert.severity"
	AttrAlertActions     = "alert.actions"
	AttrAlertCount       = "alert.count"
	AttrAlertSuppressed  = "alert.suppressed"
	AttrAlertEvents      = "alert.events"
	AttrAlertGroupPrefix = "alert.group."
	// AttrSecurityRuleName is the semantic convention's name for AttrAlertName.
	AttrSecurityRuleName = "security_rule.name"
)

// The instrumentation scope of every record, and the conventions it follows.
const (
	ScopeName    = "mockforge.security"
	ScopeVersion = "1"
	SchemaURL    = "https://opentelemetry.io/schemas/1.44.0"
)

// DefaultServiceName is the service.name of an event that names no source.
const DefaultServiceName = "mockforge"

// ownKeys are the keys that only this pipeline may set: a field of an event
// whose path would yield one of them stays in the Body alone.
var ownKeys = map[string]bool{
	AttrEventType: true, AttrEventCategory: true, AttrTest: true, AttrWarnings: true, AttrParseError: true,
	AttrSourceComponent: true, AttrComplianceAdded: true,
	AttrTargetResourceType: true, AttrTargetResourceID: true, AttrTargetMethod: true,
	AttrOutcomeSuccess: true, AttrOutcomeReason: true,
	AttrSplunkHost: true, AttrSplunkSource: true, AttrSplunkSourcetype: true, AttrSplunkIndex: true,
}

// The members of an event, as MockForge names them.
const (
	fieldTimestamp   = "timestamp"
	fieldEventType   = "event_type"
	fieldSeverity    = "severity"
	fieldSource      = "source"
	fieldActor       = "actor"
	fieldTarget      = "target"
	fieldOutcome     = "outcome"
	fieldMetadata    = "metadata"
	fieldCompliance  = "compliance"
	fieldEnvironment = "environment"
	fieldUsername    = "username"
)

// eventAuthFailure is the type on which MockForge puts a credential into
// actor.username.
const eventAuthFailure = "auth.failure"
