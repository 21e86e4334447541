// SPDX-License-Identifier: Apache-2.0

package eventlog

import "go.opentelemetry.io/collector/pdata/pcommon"

// scanned gives the nodes of one event their values. Strings without escapes
// are cut out of event, the one copy that is made of it.
type scanned struct {
	event string
	base  int32 // where the event began in what was scanned
	tape  []node
	warnings
	duplicates bool // a member came up twice
}

// raw returns the text of a node; of a string without its quotes.
func (s *scanned) raw(n *node) string {
	return s.event[n.start-s.base : n.end-s.base]
}

// str returns the value of a string node.
func (s *scanned) str(n *node) string {
	if !n.escaped {
		return s.raw(n)
	}
	text, replaced := unescape(s.raw(n))
	if replaced {
		s.add(warnStringReplaced)
	}
	return text
}

// set copies node i and all it holds into v.
func (s *scanned) set(v pcommon.Value, i int32) {
	switch n := &s.tape[i]; n.kind {
	case kindString:
		v.SetStr(s.str(n))
	case kindNumber:
		if !setNumber(v, s.raw(n)) {
			s.add(warnNumberText)
		}
	case kindTrue, kindFalse:
		v.SetBool(n.kind == kindTrue)
	case kindObject:
		s.setMap(v.SetEmptyMap(), i)
	case kindArray:
		s.setSlice(v.SetEmptySlice(), i)
	case kindNull: // a new value is empty
	}
}

func (s *scanned) setMap(m pcommon.Map, i int32) {
	n := &s.tape[i]
	m.EnsureCapacity(int(n.size) + s.room(i))
	length := 0
	for k := i + 1; k < n.next; k = s.tape[k+1].next {
		// An existing member is emptied: of two with one name the last wins.
		v := m.PutEmpty(s.str(&s.tape[k]))
		if length++; m.Len() < length {
			length, s.duplicates = m.Len(), true
		}
		s.set(v, k+1)
	}
}

// room returns how many members a map may be given later: the event itself, the
// compliance object.
func (*scanned) room(i int32) int {
	if i == 0 {
		return 1
	}
	return 0
}

func (s *scanned) setSlice(sl pcommon.Slice, i int32) {
	n := &s.tape[i]
	sl.EnsureCapacity(int(n.size))
	for k := i + 1; k < n.next; k = s.tape[k].next {
		s.set(sl.AppendEmpty(), k)
	}
}
