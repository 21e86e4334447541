// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"net/netip"
	"strings"
)

func (r *reader) readSource() {
	from, to := r.object(r.at.source, fieldSource)
	for k := from; k < to; k = r.tape[k+1].next {
		switch key := r.str(&r.tape[k]); key {
		case "system":
			r.from.system, _ = r.text(k+1, "source.system")
		case "version":
			r.from.version, _ = r.text(k+1, "source.version")
		case "component":
			r.put(AttrSourceComponent, k+1, "source.component")
		case fieldEnvironment:
			r.readEnvironment(k + 1)
		default:
			r.putExtra("source.", key, k+1)
		}
	}
}

func (r *reader) readActor() {
	var username, address int32
	from, to := r.object(r.at.actor, fieldActor)
	for k := from; k < to; k = r.tape[k+1].next {
		switch key := r.str(&r.tape[k]); key {
		case "user_id":
			r.put(AttrUserID, k+1, "actor.user_id")
		case fieldUsername:
			username = k + 1
		case "ip_address":
			address = k + 1
		case "user_agent":
			r.put(AttrUserAgent, k+1, "actor.user_agent")
		default:
			r.putExtra("actor.", key, k+1)
		}
	}
	r.readUsername(username)
	if text, ok := r.text(address, "actor.ip_address"); ok {
		r.putAddress(text)
	}
}

func (r *reader) readUsername(at int32) {
	name, ok := r.text(at, "actor.username")
	if !ok {
		return
	}
	if r.redact {
		if safe := redactUsername(name, r.kind == eventAuthFailure); safe != name {
			name = safe
			actor, _ := r.record.Body().Map().Get(fieldActor)
			actor.Map().PutStr(fieldUsername, safe)
			r.add(WarnRedacted)
		}
	}
	r.attrs.PutStr(AttrUserName, name)
}

// putAddress indexes the client's address. MockForge copies X-Forwarded-For,
// which may be a list; its first element is the client.
func (r *reader) putAddress(text string) {
	first, _, _ := strings.Cut(text, ",")
	first = strings.TrimSpace(first)
	if first == "" {
		return
	}
	// Without a last colon there is no port; asking first saves the error.
	if strings.Contains(first, ":") {
		if ap, err := netip.ParseAddrPort(first); err == nil {
			r.attrs.PutStr(AttrClientAddress, ap.Addr().String())
			r.attrs.PutInt(AttrClientPort, int64(ap.Port()))
			return
		}
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(first, "["), "]"); len(inner) == len(first)-2 {
		first = inner
	}
	r.attrs.PutStr(AttrClientAddress, first)
}

func (r *reader) readTarget() {
	var resourceType, id, method int32
	from, to := r.object(r.at.target, fieldTarget)
	for k := from; k < to; k = r.tape[k+1].next {
		switch key := r.str(&r.tape[k]); key {
		case "resource_type":
			resourceType = k + 1
		case "resource_id":
			id = k + 1
		case "method":
			method = k + 1
		default:
			r.putExtra("target.", key, k+1)
		}
	}
	isAPI := r.put(AttrTargetResourceType, resourceType, "target.resource_type") == "api"
	if text, ok := r.text(id, "target.resource_id"); ok {
		r.putResourceID(text, isAPI)
	}
	if text, ok := r.text(method, "target.method"); ok {
		r.putMethod(text, isAPI)
	}
}

// putResourceID leaves the query of a path to the Body: it may hold secrets.
func (r *reader) putResourceID(id string, isAPI bool) {
	isPath := isAPI && strings.HasPrefix(id, "/")
	if isPath {
		id, _, _ = strings.Cut(id, "?")
	}
	r.attrs.PutStr(AttrTargetResourceID, id)
	if isPath {
		r.attrs.PutStr(AttrURLPath, id)
	}
}

// putMethod keeps http.request.method for methods: MockForge also writes roles
// and resource names into target.method.
func (r *reader) putMethod(method string, isAPI bool) {
	switch method {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE":
		r.attrs.PutStr(AttrHTTPMethod, method)
		return
	}
	if isAPI {
		r.attrs.PutStr(AttrHTTPMethod, "_OTHER")
		r.attrs.PutStr(AttrHTTPMethodOriginal, method)
		return
	}
	r.attrs.PutStr(AttrTargetMethod, method)
}

func (r *reader) readOutcome() {
	from, to := r.object(r.at.outcome, fieldOutcome)
	var failed bool
	for k := from; k < to; k = r.tape[k+1].next {
		switch key := r.str(&r.tape[k]); key {
		case "success":
			failed = r.putSuccess(r.tape[k+1].kind)
		case "reason":
			r.put(AttrOutcomeReason, k+1, "outcome.reason")
		default:
			r.putExtra("outcome.", key, k+1)
		}
	}
	if failed {
		r.attrs.PutStr(AttrErrorType, r.kind)
	}
}

func (r *reader) putSuccess(k kind) (failed bool) {
	switch k {
	case kindTrue, kindFalse:
		r.attrs.PutBool(AttrOutcomeSuccess, k == kindTrue)
	case kindNull:
	default:
		r.add("outcome.success" + warnType)
	}
	return k == kindFalse
}

// controlLists are MockForge's lists of controls and their attributes. Others
// stay in the Body: their names could take a key of the pipeline's own.
var controlLists = map[string]string{
	"soc2_cc":  AttrCompliancePrefix + "soc2_cc",
	"iso27001": AttrCompliancePrefix + "iso27001",
}

func (r *reader) readCompliance() {
	from, to := r.object(r.at.compliance, fieldCompliance)
	for k := from; k < to; k = r.tape[k+1].next {
		key := r.str(&r.tape[k])
		attr := controlLists[key]
		switch n := &r.tape[k+1]; {
		case attr == "":
			r.putExtra("compliance.", key, k+1)
		case n.kind == kindArray:
			r.putControls(attr, k+1)
		case n.kind != kindNull:
			r.add(attr + warnType)
		}
	}
}

// controlsToAdd leaves room for what tagging mostly adds to a list.
const controlsToAdd = 2

func (r *reader) putControls(attr string, i int32) {
	n := &r.tape[i]
	s := r.attrs.PutEmptySlice(attr)
	s.EnsureCapacity(int(n.size) + controlsToAdd)
	for k := i + 1; k < n.next; k = r.tape[k].next {
		if r.tape[k].kind != kindString {
			r.add(attr + warnType)
			continue
		}
		s.AppendEmpty().SetStr(r.str(&r.tape[k]))
	}
}

// put indexes a string and returns it; "" where there is none.
func (r *reader) put(key string, i int32, path string) string {
	text, ok := r.text(i, path)
	if ok {
		r.attrs.PutStr(key, text)
	}
	return text
}
