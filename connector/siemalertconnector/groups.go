// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import "container/list"

// budget bounds the matches that all rules keep together.
type budget struct {
	max, used int
}

// groups are the groups of one rule, the one seen last in front.
type groups struct {
	shape  shape
	max    int
	budget *budget
	byKey  map[string]*list.Element // of *keyed
	recent *list.List
}

type keyed struct {
	group
	key string
}

// lost is what memory's bounds have cost.
type lost struct {
	groups, matches int
}

func newGroups(s shape, maxGroups int, b *budget) *groups {
	return &groups{shape: s, max: maxGroups, budget: b, byKey: make(map[string]*list.Element), recent: list.New()}
}

// get finds or makes a group. The key is copied when it is new.
func (g *groups) get(key []byte) (k *keyed, l lost) {
	if element, ok := g.byKey[string(key)]; ok {
		g.recent.MoveToFront(element)
		return element.Value.(*keyed), l
	}
	for len(g.byKey) >= g.max {
		g.evict()
		l.groups++
	}
	return g.put(&keyed{key: string(key)}), l
}

func (g *groups) put(k *keyed) *keyed {
	g.byKey[k.key] = g.recent.PushFront(k)
	g.budget.used += len(k.entries)
	return k
}

// add counts a match in the group of a key.
func (g *groups) add(key []byte, e entry) (v verdict, f found, k *keyed, l lost) {
	k, l = g.get(key)
	before := len(k.entries)
	v, f = k.add(&g.shape, e)
	g.budget.used += len(k.entries) - before
	return v, f, k, l
}

// shrink keeps to the budget: groups seen longest ago go, and of a last one the
// oldest matches.
func (g *groups) shrink() (l lost) {
	for g.budget.used > g.budget.max && len(g.byKey) > 1 {
		g.evict()
		l.groups++
	}
	if over := g.budget.used - g.budget.max; over > 0 && len(g.byKey) == 1 {
		k := g.recent.Front().Value.(*keyed)
		if l.matches = min(over, len(k.entries)-1); l.matches > 0 {
			k.forget(&g.shape, l.matches)
			g.budget.used -= l.matches
		}
	}
	return l
}

func (g *groups) evict() {
	k := g.recent.Remove(g.recent.Back()).(*keyed)
	g.budget.used -= len(k.entries)
	delete(g.byKey, k.key)
}
