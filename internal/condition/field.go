// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/mockforge/otelcol-mockforge/internal/eventlog"
)

// lookup finds a field's value; false where the field is absent.
type lookup func(record plog.LogRecord, resource pcommon.Resource) (pcommon.Value, bool)

// aliases are the bare names of fields that stand inside a part of the event.
var aliases = map[string]string{
	"user_id": "actor", "username": "actor", "user_agent": "actor",
	"resource_type": "target", "resource_id": "target", "method": "target",
	"success": "outcome", "reason": "outcome",
	"system": "source", "component": "source", "version": "source",
	"soc2_cc": "compliance", "iso27001": "compliance",
}

// roots are the parts of an event: a dotted name that begins with one is a path
// into the Body and nothing else.
var roots = map[string]bool{
	"source": true, "actor": true, "target": true, "outcome": true, "metadata": true, "compliance": true,
}

// resolve finds once, while compiling, where a name is looked up.
func resolve(f fieldName) lookup {
	switch {
	case f.key != "" && f.name == "attributes":
		return attribute(f.key)
	case f.key != "":
		return resourceAttribute(f.key)
	}
	root, _, dotted := strings.Cut(f.name, ".")
	switch {
	case roots[root]:
		return body(f.name)
	case dotted:
		return firstOf(body(f.name), attribute(f.name), resourceAttribute(f.name))
	}
	switch f.name {
	case "event_type":
		return firstOf(attribute(eventlog.AttrEventType), body(f.name))
	case "category":
		return attribute(eventlog.AttrEventCategory)
	case "test":
		return firstOf(attribute(eventlog.AttrTest), body(f.name))
	case "ip_address":
		return firstOf(attribute(eventlog.AttrClientAddress), body("actor.ip_address"))
	case "environment":
		// The order in which eventlog fills the resource; a record of another
		// receiver may have it in one place alone.
		return firstText(body(f.name), body("source.environment"), body("metadata.environment"),
			resourceAttribute(eventlog.AttrDeploymentEnvironment), resourceAttribute("deployment.environment"))
	case "severity", "timestamp":
		return body(f.name)
	}
	if part, ok := aliases[f.name]; ok {
		return body(part + "." + f.name)
	}
	return firstOf(body("metadata."+f.name), body(f.name), attribute(f.name), resourceAttribute(f.name))
}

func attribute(key string) lookup {
	return func(record plog.LogRecord, _ pcommon.Resource) (pcommon.Value, bool) {
		return record.Attributes().Get(key)
	}
}

func resourceAttribute(key string) lookup {
	return func(_ plog.LogRecord, resource pcommon.Resource) (pcommon.Value, bool) {
		return resource.Attributes().Get(key)
	}
}

func body(path string) lookup {
	names := strings.Split(path, ".")
	return func(record plog.LogRecord, _ pcommon.Resource) (pcommon.Value, bool) {
		v := record.Body()
		for _, name := range names {
			var ok bool
			if v, ok = eventlog.Member(v, name); !ok {
				return v, false
			}
		}
		return v, true
	}
}

// firstOf takes the first that is there and not null.
func firstOf(lookups ...lookup) lookup {
	return first(lookups, func(v pcommon.Value) bool { return v.Type() != pcommon.ValueTypeEmpty })
}

// firstText takes the first that is a text and not empty.
func firstText(lookups ...lookup) lookup {
	return first(lookups, func(v pcommon.Value) bool { return v.Type() == pcommon.ValueTypeStr && v.Str() != "" })
}

func first(lookups []lookup, accept func(pcommon.Value) bool) lookup {
	return func(record plog.LogRecord, resource pcommon.Resource) (pcommon.Value, bool) {
		for _, find := range lookups {
			if v, ok := find(record, resource); ok && accept(v) {
				return v, true
			}
		}
		return pcommon.Value{}, false
	}
}
