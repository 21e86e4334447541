// SPDX-License-Identifier: Apache-2.0

package siemalertconnector

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const second = int64(time.Second)

func minutes(n int64) int64 { return n * 60 * second }

// firedAt returns the indices of the times, in seconds, at which a rule fires.
func firedAt(s shape, times ...int64) (fired []int) {
	g := group{}
	for i, at := range times {
		if v, _ := g.add(&s, entry{at: at * second}); v == verdictFired {
			fired = append(fired, i)
		}
	}
	return fired
}

func TestWindow(t *testing.T) {
	five := shape{within: minutes(5), lateness: minutes(1), suppress: minutes(5), limit: 5}
	six := five
	six.limit, six.orEqual = 6, true
	for name, tt := range map[string]struct {
		times []int64
		want  []int
	}{
		"six within five minutes":       {[]int64{1000, 1060, 1120, 1180, 1240, 1299}, []int{5}},
		"half-open":                     {[]int64{1000, 1060, 1120, 1180, 1240, 1300}, nil},
		"over the edge of tumbling":     {[]int64{1290, 1292, 1294, 1301, 1303, 1305}, []int{5}},
		"five":                          {[]int64{1000, 1001, 1002, 1003, 1004}, nil},
		"at one time":                   {[]int64{1000, 1000, 1000, 1000, 1000, 1000}, []int{5}},
		"once while it goes on":         {[]int64{1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009}, []int{5}},
		"again after suppress_for":      {[]int64{1000, 1001, 1002, 1003, 1004, 1005, 1300, 1301, 1302, 1303, 1304, 1305}, []int{5, 11}},
		"a late one completes it":       {[]int64{1000, 1060, 1120, 1180, 1299, 1240}, []int{5}},
		"a late one of a closed window": {[]int64{1000, 1001, 1002, 1003, 1004, 1400, 1005}, nil},
		"too late":                      {[]int64{1000, 1001, 1002, 1003, 1004, 9000, 1005}, nil},
		"in reverse":                    {[]int64{1050, 1040, 1030, 1020, 1010, 1000}, []int{5}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, firedAt(five, tt.times...))
			assert.Equal(t, tt.want, firedAt(six, tt.times...), "more than 5 is at least 6")
		})
	}
}

func TestWindowTellsWhatItHolds(t *testing.T) {
	s := shape{aggregate: aggregateSum, within: minutes(1), suppress: minutes(1), limit: 100}
	g := group{}
	for i, at := range []int64{10, 65, 70, 75} {
		v, f := g.add(&s, entry{at: at * second, value: 40, uid: strconv.Itoa(i)})
		if i < 3 {
			assert.Equal(t, verdictQuiet, v)
			continue
		}
		assert.Equal(t, verdictFired, v)
		assert.Equal(t, found{end: 75 * second, value: 120, from: f.from, to: f.from + 3}, f)
		assert.Equal(t, "1", g.entries[f.from].uid)
	}
	v, _ := g.add(&s, entry{at: 75 * second, value: 40, uid: "3"})
	assert.Equal(t, verdictDuplicate, v)
	v, _ = g.add(&s, entry{at: 76 * second, value: 40, uid: "4"})
	assert.Equal(t, verdictSuppressed, v)
	assert.EqualValues(t, 1, g.suppressed)
	v, _ = g.add(&s, entry{at: 76*second - minutes(1), value: 40, uid: "5"})
	assert.Equal(t, verdictLate, v, "without lateness only the newest window is open")
}

// model is the window as it is defined, over everything that was ever accepted.
type model struct {
	shape
	all     []entry
	newest  int64
	fired   bool
	firedAt int64
}

func (m *model) add(e entry) (verdict, float64) {
	if e.at <= m.newest-m.lateness-m.within {
		return verdictLate, 0
	}
	m.all = append(m.all, e)
	m.newest = max(m.newest, e.at)
	ends := []int64{m.newest - m.lateness}
	for _, other := range m.all {
		ends = append(ends, other.at)
	}
	slices.Sort(ends)
	slices.Reverse(ends)
	var best float64
	var at int64
	for i, end := range slices.Compact(ends) {
		if end < m.newest-m.lateness || end < e.at || end-m.within >= e.at {
			continue
		}
		if v := m.measure(end); i == 0 || at == 0 || v > best {
			best, at = v, end
		}
	}
	if !m.reached(best) {
		return verdictQuiet, 0
	}
	if m.fired && at < m.firedAt+m.suppress && at > m.firedAt-m.suppress {
		return verdictSuppressed, 0
	}
	m.fired, m.firedAt = true, at
	return verdictFired, best
}

func (m *model) measure(end int64) float64 {
	var sum float64
	distinct := make(map[uint64]bool)
	n := 0
	for _, e := range m.all {
		if e.at > end-m.within && e.at <= end {
			n++
			sum += e.value
			distinct[e.hash] = true
		}
	}
	switch m.aggregate {
	case aggregateSum:
		return sum
	case aggregateDistinct:
		return float64(len(distinct))
	default:
		return float64(n)
	}
}

// TestWindowIsExact compares with the definition, on events in and out of order.
func TestWindowIsExact(t *testing.T) {
	verdicts := make(map[verdict]int)
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := shape{
			aggregate: aggregate(r.IntN(3)), within: 1 + r.Int64N(40), lateness: r.Int64N(20),
			suppress: r.Int64N(30), limit: float64(r.IntN(8)), orEqual: r.IntN(2) == 0,
		}
		if s.aggregate == aggregateSum {
			s.limit *= 3
		}
		disorder := r.Int64N(60) * int64(r.IntN(2))
		m, g := model{shape: s}, group{}
		now := int64(1000)
		for i := range 80 {
			now += r.Int64N(6)
			e := entry{at: now - r.Int64N(disorder+1), value: float64(r.IntN(9) - 2), hash: r.Uint64N(6)}
			wantVerdict, want := m.add(e)
			gotVerdict, got := g.add(&s, e)
			require.Equal(t, wantVerdict, gotVerdict, "seed %d, event %d, %+v", seed, i, s)
			require.InDelta(t, want, got.value, 0, "seed %d, event %d, %+v", seed, i, s)
			verdicts[gotVerdict]++
		}
		assert.LessOrEqual(t, g.newest-g.entries[0].at, s.within+s.lateness, "no more is kept than is needed")
	}
	for v := verdictQuiet; v <= verdictLate; v++ {
		assert.Greater(t, verdicts[v], 1000, "verdict %d", v)
	}
}

func TestGroupsAreBounded(t *testing.T) {
	b := &budget{max: 10}
	g := newGroups(shape{within: minutes(5), limit: 5}, 3)
	g.join(b)
	add := func(key string, at int64) lost {
		_, _, _, l := g.add([]byte(key), entry{at: at})
		more := g.shrink()
		return lost{l.groups + more.groups, more.matches}
	}
	assert.Zero(t, add("a", 1))
	assert.Zero(t, add("b", 2))
	assert.Zero(t, add("c", 3))
	assert.Zero(t, add("a", 4))
	assert.Equal(t, lost{groups: 1}, add("d", 5), "b was seen longest ago")
	assert.Contains(t, g.byKey, "a")
	assert.NotContains(t, g.byKey, "b")
	assert.Equal(t, 4, b.used)
	for i := range int64(6) {
		assert.Zero(t, add("d", 6+i))
	}
	assert.Equal(t, 10, b.used)
	assert.Equal(t, lost{groups: 1}, add("d", 20), "c, of one match")
	assert.Equal(t, lost{groups: 1}, add("d", 21), "a, of two")
	assert.Zero(t, add("d", 22))
	assert.Len(t, g.byKey, 1)
	for i := range int64(20) {
		add("d", 30+i)
	}
	assert.Equal(t, 10, b.used)
	assert.Len(t, g.byKey["d"].Value.(*keyed).entries, 10)
}

// TestOneRuleDoesNotBlindAnother: a flood fills the memory of all, and costs the
// rule alone that counts it.
func TestOneRuleDoesNotBlindAnother(t *testing.T) {
	b := &budget{max: 100}
	flooded := newGroups(shape{within: minutes(5), limit: 1000}, 10_000)
	flooded.join(b)
	quiet := newGroups(shape{within: minutes(5), limit: 5}, 10_000)
	quiet.join(b)
	var cost lost
	fired := false
	for i := range int64(1000) {
		_, _, _, _ = flooded.add([]byte(strconv.FormatInt(i%300, 10)), entry{at: i})
		l := flooded.shrink()
		cost.groups += l.groups
		if i%100 == 0 {
			v, _, _, _ := quiet.add([]byte("x"), entry{at: i})
			fired = fired || v == verdictFired
			assert.Zero(t, quiet.shrink())
		}
	}
	assert.True(t, fired)
	assert.Equal(t, 100, b.used)
	assert.Equal(t, 10, quiet.used)
	assert.Positive(t, cost.groups)
}
