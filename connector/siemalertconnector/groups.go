// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import "container/list"

// budget bounds the matches that all rules keep together. Where it is not enough
// the rule that keeps most gives: a flood of what one rule counts must not blind
// the others.
type budget struct {
	max, used int
	all       []*groups
}

func (b *budget) shrink() {
	for b.used > b.max {
		heaviest := b.all[0]
		for _, g := range b.all[1:] {
			if g.used > heaviest.used {
				heaviest = g
			}
		}
		if !heaviest.give(b.used - b.max) {
			return
		}
	}
}

// groups are the groups of one rule, the one seen last in front.
type groups struct {
	shape  shape
	max    int
	budget *budget
	used   int                      // matches
	lost   lost                     // to the budget, and not told yet
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

func newGroups(s shape, maxGroups int) *groups {
	return &groups{shape: s, max: maxGroups, byKey: make(map[string]*list.Element), recent: list.New()}
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

// join shares a budget with the other rules that have joined it.
func (g *groups) join(b *budget) {
	g.budget = b
	b.all = append(b.all, g)
}

func (g *groups) put(k *keyed) *keyed {
	g.byKey[k.key] = g.recent.PushFront(k)
	g.count(len(k.entries))
	return k
}

// add counts a match in the group of a key.
func (g *groups) add(key []byte, e entry) (v verdict, f found, k *keyed, l lost) {
	k, l = g.get(key)
	before := len(k.entries)
	v, f = k.add(&g.shape, e)
	g.count(len(k.entries) - before)
	return v, f, k, l
}

func (g *groups) count(n int) {
	g.used += n
	g.budget.used += n
}

// shrink keeps to the budget, and tells what that has cost this rule so far.
func (g *groups) shrink() (l lost) {
	g.budget.shrink()
	l, g.lost = g.lost, lost{}
	return l
}

// give makes room: the group seen longest ago goes, and of a last one the oldest
// matches. It reports whether there was anything to give.
func (g *groups) give(over int) bool {
	if len(g.byKey) > 1 {
		g.evict()
		g.lost.groups++
		return true
	}
	if len(g.byKey) == 0 {
		return false
	}
	k := g.recent.Front().Value.(*keyed)
	n := min(over, len(k.entries)-1)
	if n <= 0 {
		return false
	}
	k.forget(&g.shape, n)
	g.count(-n)
	g.lost.matches += n
	return true
}

func (g *groups) evict() {
	k := g.recent.Remove(g.recent.Back()).(*keyed)
	g.count(-len(k.entries))
	delete(g.byKey, k.key)
}
