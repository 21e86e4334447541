// SPDX-License-Identifier: Apache-2.0

package compliancetagprocessor

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

const (
	complianceObject = "compliance"
	// carriedMember keeps what stood in the place of the compliance object.
	carriedMember = "carried"
)

// controlList finds the list that holds an event's controls: in the Body, which
// is the event, or in the attribute where the Body is something else. create
// makes one that is not there.
func controlList(record plog.LogRecord, f *framework, create bool) (pcommon.Slice, bool) {
	if record.Body().Type() != pcommon.ValueTypeMap {
		return listAt(record.Attributes(), f.attribute, create)
	}
	object, ok := objectAt(record.Body().Map(), create)
	if !ok {
		return pcommon.Slice{}, false
	}
	if create {
		record.Attributes().Remove(f.scalar)
	}
	return listAt(object, f.List, create)
}

// objectAt returns the compliance object. What is no object but should be one
// is kept as its member: a tag must not cost a detail.
func objectAt(body pcommon.Map, create bool) (pcommon.Map, bool) {
	v, ok := body.Get(complianceObject)
	if ok && v.Type() == pcommon.ValueTypeMap {
		return v.Map(), true
	}
	if !create {
		return pcommon.Map{}, false
	}
	if !ok {
		return body.PutEmptyMap(complianceObject), true
	}
	carried := pcommon.NewValueEmpty()
	v.MoveTo(carried)
	object := v.SetEmptyMap()
	if carried.Type() != pcommon.ValueTypeEmpty {
		carried.MoveTo(object.PutEmpty(carriedMember))
	}
	return object, true
}

// listAt returns the list under a key. What is no list becomes the first
// element of one.
func listAt(m pcommon.Map, key string, create bool) (pcommon.Slice, bool) {
	v, ok := m.Get(key)
	if ok && v.Type() == pcommon.ValueTypeSlice {
		return v.Slice(), true
	}
	if !create {
		return pcommon.Slice{}, false
	}
	if !ok {
		return m.PutEmptySlice(key), true
	}
	carried := pcommon.NewValueEmpty()
	v.MoveTo(carried)
	list := v.SetEmptySlice()
	if carried.Type() != pcommon.ValueTypeEmpty {
		carried.MoveTo(list.AppendEmpty())
	}
	return list, true
}

// contains compares exactly, after trimming.
func contains(values pcommon.Slice, control string) bool {
	for _, v := range values.All() {
		if v.Type() == pcommon.ValueTypeStr && strings.TrimSpace(v.Str()) == control {
			return true
		}
	}
	return false
}

func hasStrings(values pcommon.Slice) bool {
	for _, v := range values.All() {
		if v.Type() == pcommon.ValueTypeStr {
			return true
		}
	}
	return false
}

func appendStrings(dst []string, values pcommon.Slice) []string {
	for _, v := range values.All() {
		if v.Type() == pcommon.ValueTypeStr {
			dst = append(dst, v.Str())
		}
	}
	return dst
}

// putStrings makes an attribute hold exactly these strings. An attribute that
// is not there is not made for none.
func putStrings(attrs pcommon.Map, key string, want []string) {
	v, ok := attrs.Get(key)
	if !ok && len(want) == 0 {
		return
	}
	var list pcommon.Slice
	if ok && v.Type() == pcommon.ValueTypeSlice {
		list = v.Slice()
	} else {
		list = attrs.PutEmptySlice(key)
	}
	list.EnsureCapacity(len(want))
	for i, s := range want {
		switch {
		case i >= list.Len():
			list.AppendEmpty().SetStr(s)
		case list.At(i).Type() != pcommon.ValueTypeStr || list.At(i).Str() != s:
			list.At(i).SetStr(s)
		}
	}
	if list.Len() > len(want) {
		i := 0
		list.RemoveIf(func(pcommon.Value) bool {
			i++
			return i > len(want)
		})
	}
}

// putUnion makes an attribute hold these strings, and before them what an
// earlier tagging left there, less what this one removed.
func putUnion(attrs pcommon.Map, key string, want, removed []string) {
	if v, ok := attrs.Get(key); ok && v.Type() == pcommon.ValueTypeSlice {
		before := slices.DeleteFunc(appendStrings(nil, v.Slice()), func(s string) bool { return slices.Contains(removed, s) })
		for _, s := range want {
			if !slices.Contains(before, s) {
				before = append(before, s)
			}
		}
		want = before
	}
	putStrings(attrs, key, want)
}
