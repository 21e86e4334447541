// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, j.Close()) })
	return j
}

func payload(n int) []byte {
	return []byte(fmt.Sprintf("%06d%s", n, bytes.Repeat([]byte{byte('a' + n%26)}, 594)))
}

func fill(t testing.TB, j *Journal, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		seq, err := j.Append(payload(n))
		require.NoError(t, err)
		require.Equal(t, uint64(n), seq)
	}
}

// readAll returns the numbers read, and holds that each has its payload; lost
// are the numbers that were reported as damaged.
func readAll(t testing.TB, j *Journal, from uint64) (read, lost []int) {
	t.Helper()
	r := j.NewReader(from)
	defer func() { require.NoError(t, r.Close()) }()
	for {
		e, err := r.Next()
		var damage *DamageError
		switch {
		case errors.Is(err, io.EOF):
			return read, lost
		case errors.As(err, &damage):
			require.NotZero(t, damage.Count())
			for seq := damage.From; seq <= damage.To; seq++ {
				lost = append(lost, int(seq))
			}
		default:
			require.NoError(t, err)
			require.Equal(t, string(payload(int(e.Seq))), string(e.Payload))
			read = append(read, int(e.Seq))
		}
	}
}

// only returns the only segment of a folder.
func only(t testing.TB, dir string) string {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	require.NoError(t, err)
	require.Len(t, segments, 1)
	return segments[0]
}

func numbers(from, to int) []int {
	var all []int
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func TestAppendAndRead(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{SegmentBytes: 10_000})
	require.NoError(t, err)
	fill(t, j, 0, 100)
	first, err := j.Append(payload(100), payload(101), payload(102))
	require.NoError(t, err)
	assert.Equal(t, uint64(100), first)
	read, lost := readAll(t, j, 0)
	assert.Equal(t, numbers(0, 103), read)
	assert.Empty(t, lost)
	read, _ = readAll(t, j, 57)
	assert.Equal(t, numbers(57, 103), read)
	require.NoError(t, j.Close())
	_, err = j.Append(payload(0))
	assert.ErrorIs(t, err, ErrClosed)

	j = open(t, dir, Options{SegmentBytes: 10_000})
	fill(t, j, 103, 110)
	read, lost = readAll(t, j, 0)
	assert.Equal(t, numbers(0, 110), read)
	assert.Empty(t, lost)
	begin, end := j.Bounds()
	assert.Equal(t, []uint64{0, 110}, []uint64{begin, end})

	segments, err := listSegments(dir)
	require.NoError(t, err)
	info, err := os.Stat(segments[0].path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// TestReaderFollows reads while others append.
func TestReaderFollows(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 20_000})
	const total = 3000
	var wg sync.WaitGroup
	wg.Go(func() {
		for range total {
			if _, err := j.Append([]byte("x")); err != nil {
				t.Error(err)
				return
			}
		}
	})
	r := j.NewReader(0)
	defer r.Close()
	for n := range uint64(total) {
		require.NoError(t, j.Wait(t.Context(), n))
		e, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, n, e.Seq)
	}
	wg.Wait()
	_, err := r.Next()
	assert.ErrorIs(t, err, io.EOF)
}

// TestSendersShareSyncs: who comes while a write is under way shares the next
// one.
func TestSendersShareSyncs(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	const senders = 64
	seen := make([]bool, senders)
	var mu sync.Mutex
	var wg sync.WaitGroup
	j.writeMu.Lock() // a write is under way
	for range senders {
		wg.Go(func() {
			seq, err := j.Append([]byte("payload"))
			mu.Lock()
			defer mu.Unlock()
			if err != nil || seen[seq] {
				t.Errorf("seq %d, error %v", seq, err)
			}
			seen[seq] = true
		})
	}
	require.Eventually(t, func() bool {
		j.pendingMu.Lock()
		defer j.pendingMu.Unlock()
		return j.pending != nil && len(j.pending.payloads) == senders
	}, 10*time.Second, time.Millisecond)
	j.writeMu.Unlock()
	wg.Wait()
	stats := j.Stats()
	assert.Equal(t, uint64(senders), stats.Appended)
	assert.Equal(t, uint64(1), stats.Syncs)
}

func TestWait(t *testing.T) {
	j, err := Open(t.TempDir(), Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, j.Wait(ctx, 0), context.DeadlineExceeded)
	done := make(chan error)
	go func() { done <- j.Wait(context.Background(), 0) }()
	require.NoError(t, j.Close())
	assert.ErrorIs(t, <-done, ErrClosed)
}

func TestLimits(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 5_000, MaxBytes: 20_000})
	n := 0
	for ; ; n++ {
		if _, err := j.Append(payload(n)); err != nil {
			require.ErrorIs(t, err, ErrFull)
			break
		}
	}
	assert.Greater(t, n, 20)
	require.NoError(t, j.RemoveBefore(uint64(n), time.Now().Add(-time.Hour)), "young segments stay")
	read, _ := readAll(t, j, 0)
	assert.Equal(t, numbers(0, n), read)

	require.NoError(t, j.RemoveBefore(10, time.Now().Add(time.Hour)))
	begin, _ := j.Bounds()
	assert.LessOrEqual(t, begin, uint64(10))
	assert.Positive(t, begin)
	fill(t, j, n, n+1)
	read, lost := readAll(t, j, 0)
	assert.Equal(t, numbers(int(begin), n+1), read)
	assert.Empty(t, lost, "a reader begins with what is kept")

	_, err := j.Append(make([]byte, MaxPayload+1))
	assert.ErrorContains(t, err, "expected at most 67108864")
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	_, err := Open(dir, Options{})
	assert.ErrorIs(t, err, ErrLocked)
}

func TestOtherVersion(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	require.NoError(t, err)
	fill(t, j, 0, 3)
	require.NoError(t, j.Close())
	data, err := os.ReadFile(only(t, dir))
	require.NoError(t, err)
	data[len(segmentMagic)] = 7
	binary.LittleEndian.PutUint32(data[segmentHeader-4:], crc32.Checksum(data[:segmentHeader-4], castagnoli))
	require.NoError(t, os.WriteFile(only(t, dir), data, 0o600))
	_, err = Open(dir, Options{})
	assert.ErrorContains(t, err, "found format version 7, expected 1")
	after, err := os.ReadFile(only(t, dir))
	require.NoError(t, err)
	assert.Equal(t, data, after, "nothing is overwritten")
}

func TestForeignFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(segmentPath(dir, 0, 0), []byte("something else that somebody put here"), 0o600))
	_, err := Open(dir, Options{})
	assert.ErrorContains(t, err, "found no segment of a journal")
	require.NoError(t, os.Rename(only(t, dir), filepath.Join(dir, "x"+segmentSuffix)))
	_, err = Open(dir, Options{})
	assert.ErrorContains(t, err, "expected a number and a salt for a name")
}

// damaged fills a journal, closes it, changes the bytes of its only segment,
// and opens it again.
func damaged(t *testing.T, count int, change func([]byte) []byte) *Journal {
	t.Helper()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	require.NoError(t, err)
	fill(t, j, 0, count)
	require.NoError(t, j.Close())
	path := only(t, dir)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, change(data), 0o600))
	return open(t, dir, Options{})
}

func TestDamage(t *testing.T) {
	const frame = frameHeader + 600
	for _, tt := range []struct {
		name   string
		change func([]byte) []byte
		lost   []int
		next   int
	}{
		{"none", func(b []byte) []byte { return b }, nil, 2000},
		{"zeroed page", func(b []byte) []byte {
			clear(b[409_600 : 409_600+4096])
			return b
		}, numbers(648, 655), 2000},
		{"zeroed first page", func(b []byte) []byte { clear(b[:4096]); return b }, numbers(0, 7), 2000},
		{"zeroed window", func(b []byte) []byte { clear(b[100_000 : 100_000+2*windowSize]); return b }, numbers(158, 988), 2000},
		{"one bit", func(b []byte) []byte { b[segmentHeader+frame*10+200] ^= 1; return b }, numbers(10, 11), 2000},
		{"a length", func(b []byte) []byte { b[segmentHeader+frame*10+6] ^= 0xFF; return b }, numbers(10, 11), 2000},
		{"a huge length", func(b []byte) []byte { copy(b[segmentHeader+frame*10+4:], "\xff\xff\xff\x03"); return b }, numbers(10, 11), 2000},
		{"a number", func(b []byte) []byte { b[segmentHeader+frame*10+8] ^= 0xFF; return b }, numbers(10, 11), 2000},
		{"torn tail", func(b []byte) []byte { return b[:len(b)-100] }, nil, 1999},
		{"torn header", func(b []byte) []byte { return b[:len(b)-frame+10] }, nil, 1999},
		{"tail of zeros", func(b []byte) []byte { return append(b, make([]byte, 5000)...) }, nil, 2000},
		{"tail of rubbish", func(b []byte) []byte { return append(b, bytes.Repeat(frameMagic, 1000)...) }, nil, 2000},
		{"bytes put in", func(b []byte) []byte {
			at := segmentHeader + frame*10
			return append(append(bytes.Clone(b[:at]), "rubbish"...), b[at:]...)
		}, nil, 2000},
		{"bytes taken out", func(b []byte) []byte {
			at := segmentHeader + frame*10
			return append(bytes.Clone(b[:at]), b[at+5:]...)
		}, numbers(10, 11), 2000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := damaged(t, 2000, tt.change)
			_, end := j.Bounds()
			assert.Equal(t, uint64(tt.next), end)
			read, lost := readAll(t, j, 0)
			assert.Equal(t, tt.lost, lost)
			assert.Len(t, read, tt.next-len(tt.lost))
			assert.LessOrEqual(t, len(lost), 10+2*windowSize/frame)
			fill(t, j, tt.next, tt.next+3)
			again, _ := readAll(t, j, uint64(tt.next))
			assert.Equal(t, numbers(tt.next, tt.next+3), again)
		})
	}
}

// TestNumbersAreNotGivenAgain: readers may have seen what is damaged now.
func TestNumbersAreNotGivenAgain(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	require.NoError(t, err)
	fill(t, j, 0, 5)
	require.NoError(t, j.Close())
	j = open(t, dir, Options{NextAtLeast: 8})
	seq, err := j.Append(payload(8))
	require.NoError(t, err)
	assert.Equal(t, uint64(8), seq)
	read, lost := readAll(t, j, 0)
	assert.Equal(t, []int{0, 1, 2, 3, 4, 8}, read)
	assert.Equal(t, []int{5, 6, 7}, lost)
}

// TestFullDisk: an error for the caller, nothing of it for readers, and all
// well again once there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{SegmentBytes: 1 << 20})
	require.NoError(t, err)
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &before))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 10_000, Max: before.Max}))
	n := 0
	for ; n < 100; n++ {
		if _, err = j.Append(payload(n)); err != nil {
			break
		}
	}
	r := j.NewReader(uint64(n))
	_, readErr := r.Next()
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &before))
	require.ErrorContains(t, err, "writing to the journal")
	assert.ErrorIs(t, readErr, io.EOF)

	fill(t, j, n, n+50)
	e, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, payload(n), e.Payload)
	require.NoError(t, r.Close())
	read, lost := readAll(t, j, 0)
	assert.Equal(t, numbers(0, n+50), read)
	assert.Empty(t, lost)
	require.NoError(t, j.Close())
	j = open(t, dir, Options{})
	read, lost = readAll(t, j, 0)
	assert.Equal(t, numbers(0, n+50), read)
	assert.Empty(t, lost)
}

// TestFailedSync: what a failed sync left in a segment is never read: the next
// segment gives its numbers again.
func TestFailedSync(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	fill(t, j, 0, 3)
	whole := j.file
	readOnly, err := os.Open(only(t, dir))
	require.NoError(t, err)
	// Three unacknowledged frames that can neither be synced nor taken back.
	var ghosts []byte
	for n := 3; n < 6; n++ {
		ghosts = appendFrame(ghosts, j.segments[0].salt, Entry{Seq: uint64(n), Time: time.Now(), Payload: []byte("ghost")})
	}
	_, err = whole.WriteAt(ghosts, j.segments[0].size)
	require.NoError(t, err)
	j.file = readOnly
	_, err = j.Append(payload(3))
	require.Error(t, err)
	require.NoError(t, whole.Close())

	fill(t, j, 3, 10)
	read, lost := readAll(t, j, 0)
	assert.Equal(t, numbers(0, 10), read)
	assert.Empty(t, lost)
}

// FuzzDamage writes over any part of a segment and holds that what was not hit
// is read, and what was hit is named.
func FuzzDamage(f *testing.F) {
	f.Add(uint16(30), []byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(uint16(0), frameMagic)
	f.Add(uint16(600), bytes.Repeat(frameMagic, 20))
	const count = 30
	var whole []byte
	ends := []int{segmentHeader}
	whole = appendSegmentHeader(whole, 0, 7)
	for n := range count {
		whole = appendFrame(whole, 7, Entry{Seq: uint64(n), Time: time.Unix(0, 0), Payload: payload(n)[:20+n]})
		ends = append(ends, len(whole))
	}
	f.Fuzz(func(t *testing.T, at uint16, change []byte) {
		data := bytes.Clone(whole)
		from := int(at) % len(data)
		to := from + copy(data[from:], change)
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(segmentPath(dir, 0, 7), data, 0o600))
		j, err := Open(dir, Options{})
		if err != nil {
			return // another version
		}
		defer j.Close()
		seen := make(map[uint64]bool)
		r := j.NewReader(0)
		defer r.Close()
		for {
			e, err := r.Next()
			var damage *DamageError
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.As(err, &damage) {
				continue
			}
			require.NoError(t, err)
			require.Less(t, e.Seq, uint64(count))
			require.Equal(t, payload(int(e.Seq))[:20+e.Seq], e.Payload)
			seen[e.Seq] = true
		}
		for n := range count {
			if to <= ends[n] || from >= ends[n+1] {
				require.True(t, seen[uint64(n)], "payload %d was not hit", n)
			}
		}
	})
}

// TestSkip: a reader goes on behind what another one has read, over segments too.
func TestSkip(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 10_000})
	fill(t, j, 0, 100)
	r := j.NewReader(0)
	defer r.Close()
	for n := uint64(0); n < 98; n += 7 {
		require.Equal(t, n, r.Seq())
		e, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, n, e.Seq)
		r.Skip(n + 7)
	}
	r.Skip(100)
	_, err := r.Next()
	require.ErrorIs(t, err, io.EOF)
	fill(t, j, 100, 101)
	e, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, payload(100), e.Payload)
}

// TestForgedFrames: frames inside a payload are never taken for the journal's,
// not even behind damage, and looking for one costs no more than reading.
func TestForgedFrames(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	require.NoError(t, err)
	fill(t, j, 0, 3)
	var forged []byte
	for range 2 << 20 / 44 {
		forged = appendFrame(forged, 0, Entry{Seq: 1 << 60, Payload: []byte("forged frame")})
	}
	_, err = j.Append(forged)
	require.NoError(t, err)
	require.NoError(t, j.Close())
	info, err := os.Stat(only(t, dir))
	require.NoError(t, err)
	require.NoError(t, os.Truncate(only(t, dir), info.Size()-10))
	begin := time.Now()
	j = open(t, dir, Options{})
	assert.Less(t, time.Since(begin), time.Second)
	_, end := j.Bounds()
	assert.Equal(t, uint64(3), end)
	fill(t, j, 3, 5)
	read, lost := readAll(t, j, 0)
	assert.Equal(t, numbers(0, 5), read)
	assert.Empty(t, lost)
}

// TestFullOfWhatNobodyNeeds: once all is delivered there is room again.
func TestFullOfWhatNobodyNeeds(t *testing.T) {
	j := open(t, t.TempDir(), Options{SegmentBytes: 1000, MaxBytes: 4000})
	_, err := j.Append(make([]byte, 1900))
	require.NoError(t, err)
	_, err = j.Append(make([]byte, 1900))
	require.NoError(t, err)
	_, err = j.Append(make([]byte, 1900))
	require.ErrorIs(t, err, ErrFull)
	require.NoError(t, j.RemoveBefore(2, time.Now().Add(time.Hour)))
	_, err = j.Append(make([]byte, 1900))
	require.NoError(t, err)
	_, err = j.Append(make([]byte, 2100))
	assert.ErrorIs(t, err, ErrTooLarge)
}
