// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"fmt"
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

// fieldName is a field as it was written: a dotted name, and the keys after it.
type fieldName struct {
	name string
	keys []string
}

func (f fieldName) is(bare string) bool { return len(f.keys) == 0 && f.name == bare }

// full is the name with its keys.
func (f fieldName) full() string {
	if len(f.keys) == 0 {
		return f.name
	}
	return fmt.Sprintf("%s%q", f.name, f.keys)
}

// resolve finds once, while compiling, where a field is looked up.
func (f fieldName) resolve() lookup {
	if len(f.keys) == 0 {
		return resolve(f.name)
	}
	switch f.name {
	case "attributes":
		return within(attribute(f.keys[0]), f.keys[1:])
	case "resource":
		return within(resourceAttribute(f.keys[0]), f.keys[1:])
	default:
		return within(resolve(f.name), f.keys)
	}
}

func resolve(name string) lookup {
	root, _, dotted := strings.Cut(name, ".")
	switch {
	case roots[root]:
		return body(name)
	case dotted:
		return firstOf(body(name), attribute(name), resourceAttribute(name))
	}
	switch name {
	case "event_type":
		return eventType
	case "category":
		return attribute(eventlog.AttrEventCategory)
	case "test":
		return firstOf(attribute(eventlog.AttrTest), body(name))
	case "ip_address":
		return firstOf(attribute(eventlog.AttrClientAddress), body("actor.ip_address"))
	case "environment":
		// The order in which eventlog fills the resource; a record of another
		// receiver may have it in one place alone.
		return firstText(body(name), body("source.environment"), body("metadata.environment"),
			resourceAttribute(eventlog.AttrDeploymentEnvironment), resourceAttribute("deployment.environment"))
	case "severity", "timestamp":
		return body(name)
	}
	if part, ok := aliases[name]; ok {
		return body(part + "." + name)
	}
	return firstOf(body("metadata."+name), body(name), attribute(name), resourceAttribute(name))
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

// eventType finds what eventlog.EventType returns, so that rules can be indexed
// by it.
func eventType(record plog.LogRecord, _ pcommon.Resource) (pcommon.Value, bool) {
	v, ok := record.Attributes().Get(eventlog.AttrEventType)
	if !ok {
		v, ok = eventlog.Member(record.Body(), "event_type")
	}
	return v, ok && v.Type() == pcommon.ValueTypeStr
}

func body(path string) lookup {
	return within(func(record plog.LogRecord, _ pcommon.Resource) (pcommon.Value, bool) {
		return record.Body(), true
	}, strings.Split(path, "."))
}

// within finds a value inside the one that find finds.
func within(find lookup, names []string) lookup {
	if len(names) == 0 {
		return find
	}
	return func(record plog.LogRecord, resource pcommon.Resource) (pcommon.Value, bool) {
		v, ok := find(record, resource)
		for _, name := range names {
			if !ok {
				return v, false
			}
			v, ok = eventlog.Member(v, name)
		}
		return v, ok
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
