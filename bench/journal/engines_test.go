// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Package journal measures storage engines against what the journal must do:
// many senders share a sync, a damaged page costs few events, a torn tail is
// cut, a full disk heals, old events go cheaply.
package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	tidwall "github.com/tidwall/wal"
	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/etcd/server/v3/storage/wal/walpb"
	"go.etcd.io/raft/v3/raftpb"
	"go.uber.org/zap"

	"github.com/mockforge/otelcol-mockforge/internal/journal"
)

// store is an open engine.
type store struct {
	// append returns when the events are on disk.
	append func(events [][]byte) error
	// remove drops the first n events, as cheaply as the engine can.
	remove func(n uint64) error
	// settle moves the events to where they stay, for engines that have such a
	// place besides the log.
	settle func() error
	close  func() error
}

// found is what a reader calls.
type found struct {
	event func(data []byte)
	// loss is called for what the engine says is lost or wrong.
	loss func(err error)
}

type engine struct {
	name string
	// grouped engines let concurrent callers share a sync by themselves; for
	// the others the harness does it.
	grouped bool
	// settles says that the store has settle.
	settles bool
	// open makes a store. segment is the size of its parts, 0 for the engine's
	// own choice; those that know no parts ignore it.
	open func(dir string, segment int64) (store, error)
	// read opens what is there, and goes on behind damage where the engine lets
	// it. An error says that opening failed.
	read func(dir string, found found) error
}

// The floor is a file that is appended to and synced: it has no checksums and
// is no candidate.
var floor = engine{name: "file", open: openFile}

var engines = []engine{
	{name: "journal", grouped: true, open: openJournal, read: readJournal},
	{name: "etcd_wal", open: openEtcd, read: readEtcd},
	{name: "tidwall_wal", open: openTidwall, read: readTidwall},
	{name: "bbolt", open: openBolt, read: readBolt},
	{name: "pebble", grouped: true, settles: true, open: openPebble, read: readPebble},
	{name: "jetstream", open: openJetStream, read: readJetStream},
}

// Each sender by itself: JetStream then syncs each message.
var jetStreamPlain = engine{name: "jetstream_plain", grouped: true, open: openJetStream, read: readJetStream}

func find(name string) (engine, error) {
	for _, e := range append([]engine{floor, jetStreamPlain}, engines...) {
		if e.name == name {
			return e, nil
		}
	}
	return engine{}, fmt.Errorf("found the engine %q, expected one of those in the table", name)
}

func openFile(dir string, _ int64) (store, error) {
	f, err := os.Create(filepath.Join(dir, "events"))
	if err != nil {
		return store{}, err
	}
	return store{close: f.Close, append: func(events [][]byte) error {
		if _, err := f.Write(slices.Concat(events...)); err != nil {
			return err
		}
		return f.Sync()
	}}, nil
}

func openJournal(dir string, segment int64) (store, error) {
	j, err := journal.Open(dir, journal.Options{SegmentBytes: segment})
	if err != nil {
		return store{}, err
	}
	return store{
		close:  j.Close,
		append: func(events [][]byte) error { _, err := j.Append(events...); return err },
		remove: func(n uint64) error { return j.RemoveBefore(n, time.Now().Add(time.Hour)) },
	}, nil
}

func readJournal(dir string, found found) error {
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		return err
	}
	defer j.Close()
	if n := j.Stats().CutBytes; n > 0 {
		found.loss(fmt.Errorf("cut %d bytes", n))
	}
	r := j.NewReader(0)
	defer r.Close()
	for {
		entry, err := r.Next()
		var damage *journal.DamageError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &damage):
			found.loss(err)
		case err != nil:
			found.loss(err)
			return nil
		default:
			found.event(entry.Payload)
		}
	}
}

func openEtcd(dir string, segment int64) (store, error) {
	if segment > 0 {
		wal.SegmentSizeBytes = segment
	}
	dir = filepath.Join(dir, "wal")
	w, err := wal.Create(zap.NewNop(), dir, nil)
	if err != nil {
		return store{}, err
	}
	last := uint64(0)
	state := func(index uint64) *raftpb.HardState {
		term := uint64(1)
		return &raftpb.HardState{Term: &term, Commit: &index}
	}
	return store{
		close: w.Close,
		append: func(events [][]byte) error {
			entries := make([]*raftpb.Entry, len(events))
			for i, e := range events {
				index, term := last+1+uint64(i), uint64(1)
				entries[i] = &raftpb.Entry{Index: &index, Term: &term, Data: e}
			}
			if err := w.Save(state(last+uint64(len(events))), entries); err != nil {
				return err
			}
			last += uint64(len(events))
			return nil
		},
		// As etcd does it: the lock goes, and the files without a lock go.
		remove: func(n uint64) error {
			if err := w.ReleaseLockTo(n); err != nil {
				return err
			}
			names, err := filepath.Glob(filepath.Join(dir, "*.wal"))
			if err != nil {
				return err
			}
			for _, name := range names {
				l, err := fileutil.TryLockFile(name, os.O_WRONLY, fileutil.PrivateFileMode)
				if err != nil {
					return nil
				}
				if err := errors.Join(os.Remove(name), l.Close()); err != nil {
					return err
				}
			}
			return nil
		},
	}, nil
}

func readEtcd(dir string, found found) error {
	dir = filepath.Join(dir, "wal")
	for repaired := false; ; repaired = true {
		w, err := wal.Open(zap.NewNop(), dir, &walpb.Snapshot{})
		if err != nil {
			return err
		}
		_, _, entries, err := w.ReadAll()
		if closeErr := w.Close(); closeErr != nil {
			return closeErr
		}
		if err != nil {
			found.loss(err)
		}
		// As etcd does it at its start.
		if !repaired && errors.Is(err, io.ErrUnexpectedEOF) && wal.Repair(zap.NewNop(), dir) {
			continue
		}
		for _, e := range entries {
			found.event(e.Data)
		}
		if err != nil && len(entries) == 0 {
			return err
		}
		return nil
	}
}

func openTidwall(dir string, segment int64) (store, error) {
	options := *tidwall.DefaultOptions
	if segment > 0 {
		options.SegmentSize = int(segment)
	}
	w, err := tidwall.Open(dir, &options)
	if err != nil {
		return store{}, err
	}
	last := uint64(0)
	return store{
		close: w.Close,
		append: func(events [][]byte) error {
			var b tidwall.Batch
			for i, e := range events {
				b.Write(last+1+uint64(i), e)
			}
			if err := w.WriteBatch(&b); err != nil {
				return err
			}
			last += uint64(len(events))
			return nil
		},
		remove: func(n uint64) error { return w.TruncateFront(n + 1) },
	}, nil
}

func readTidwall(dir string, found found) error {
	w, err := tidwall.Open(dir, nil)
	if err != nil {
		return err
	}
	defer w.Close()
	first, err := w.FirstIndex()
	if err != nil {
		return err
	}
	last, err := w.LastIndex()
	if err != nil {
		return err
	}
	for i := first; i <= last && i > 0; i++ {
		data, err := w.Read(i)
		if err != nil {
			found.loss(fmt.Errorf("%d: %w", i, err))
			continue
		}
		found.event(data)
	}
	return nil
}

var bucket = []byte("journal")

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func openBolt(dir string, _ int64) (store, error) {
	db, err := bbolt.Open(filepath.Join(dir, "db"), 0o600, nil)
	if err != nil {
		return store{}, err
	}
	if err := db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(bucket); return err }); err != nil {
		return store{}, err
	}
	return store{
		close: db.Close,
		append: func(events [][]byte) error {
			return db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket(bucket)
				b.FillPercent = 1
				for _, e := range events {
					n, err := b.NextSequence()
					if err != nil {
						return err
					}
					if err := b.Put(key(n), e); err != nil {
						return err
					}
				}
				return nil
			})
		},
		remove: func(n uint64) error {
			return db.Update(func(tx *bbolt.Tx) error {
				b := tx.Bucket(bucket)
				for i := uint64(1); i <= n; i++ {
					if err := b.Delete(key(i)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}, nil
}

// caught turns a panic into an error.
func caught(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

func readBolt(dir string, found found) error {
	var db *bbolt.DB
	if err := caught(func() (err error) {
		db, err = bbolt.Open(filepath.Join(dir, "db"), 0o600, &bbolt.Options{Timeout: time.Second})
		return err
	}); err != nil {
		return err
	}
	// Not closed: behind a panic that would wait for ever.
	last := uint64(0)
	if err := caught(func() error {
		return db.View(func(tx *bbolt.Tx) error { last = tx.Bucket(bucket).Sequence(); return nil })
	}); err != nil {
		return err
	}
	for n := uint64(1); n <= last; n++ {
		if err := caught(func() error {
			return db.View(func(tx *bbolt.Tx) error {
				data := tx.Bucket(bucket).Get(key(n))
				if data == nil {
					return errors.New("no such key")
				}
				found.event(data)
				return nil
			})
		}); err != nil {
			found.loss(fmt.Errorf("%d: %w", n, err))
		}
	}
	return nil
}

// quietPebble keeps to what an application sees without reading logs.
type quietPebble struct{ loss func(error) }

func (quietPebble) Infof(string, ...any) {}

func (q quietPebble) Errorf(format string, args ...any) {
	if q.loss != nil {
		q.loss(fmt.Errorf(format, args...))
	}
}

// Fatalf ends the process, as pebble's own does, and must.
func (quietPebble) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "fatal error: "+format+"\n", args...)
	os.Exit(1)
}

// The newest format can tell a torn log from a damaged one. Without a listener
// of our own, damage to a table ends the process.
func pebbleOptions(loss func(error)) *pebble.Options {
	o := &pebble.Options{Logger: quietPebble{loss}, FormatMajorVersion: pebble.FormatNewest}
	if loss != nil {
		o.EventListener = &pebble.EventListener{DataCorruption: func(info pebble.DataCorruptionInfo) { loss(info.Details) }}
	}
	return o
}

func openPebble(dir string, _ int64) (store, error) {
	db, err := pebble.Open(dir, pebbleOptions(nil))
	if err != nil {
		return store{}, err
	}
	var index atomic.Uint64
	return store{
		close:  db.Close,
		settle: db.Flush,
		append: func(events [][]byte) error {
			b := db.NewBatch()
			for _, e := range events {
				if err := b.Set(key(index.Add(1)), e, nil); err != nil {
					return err
				}
			}
			return b.Commit(pebble.Sync)
		},
		// Without the flush the tables stay until the log has grown.
		remove: func(n uint64) error {
			if err := db.DeleteRange(key(0), key(n+1), pebble.Sync); err != nil {
				return err
			}
			return db.Flush()
		},
	}, nil
}

func readPebble(dir string, found found) error {
	var db *pebble.DB
	if err := caught(func() (err error) {
		db, err = pebble.Open(dir, pebbleOptions(found.loss))
		return err
	}); err != nil {
		return err
	}
	// By number, so that what lies behind a bad block is found too.
	for n, missing := uint64(1), 0; missing < 2*total; n++ {
		data, closer, err := db.Get(key(n))
		if err != nil {
			missing++
			if !errors.Is(err, pebble.ErrNotFound) {
				found.loss(fmt.Errorf("%d: %w", n, err))
			}
			continue
		}
		found.event(data)
		if err := closer.Close(); err != nil {
			found.loss(err)
		}
	}
	return nil
}

// natsLog passes on what the server warns of.
type natsLog struct{ loss func(error) }

func (natsLog) Noticef(string, ...any) {}
func (natsLog) Debugf(string, ...any)  {}
func (natsLog) Tracef(string, ...any)  {}

func (l natsLog) Warnf(format string, args ...any)  { l.Errorf(format, args...) }
func (l natsLog) Fatalf(format string, args ...any) { l.Errorf(format, args...) }

func (l natsLog) Errorf(format string, args ...any) {
	if message := fmt.Sprintf(format, args...); l.loss != nil && strings.Contains(message, "ilestore") {
		l.loss(errors.New(message))
	}
}

type natsServer struct {
	conn *nats.Conn
	js   jetstream.JetStream
	stop func()
}

func startNATS(dir string, loss func(error)) (natsServer, error) {
	s, err := server.NewServer(&server.Options{
		JetStream: true, StoreDir: dir, DontListen: true, SyncAlways: true, NoLog: true, NoSigs: true,
		JetStreamMaxStore: 8 << 30,
	})
	if err != nil {
		return natsServer{}, err
	}
	s.SetLogger(natsLog{loss}, false, false)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return natsServer{}, errors.New("the server is not ready")
	}
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		return natsServer{}, err
	}
	js, err := jetstream.New(conn)
	return natsServer{conn, js, func() { conn.Close(); s.Shutdown(); s.WaitForShutdown() }}, err
}

func openJetStream(dir string, _ int64) (store, error) {
	n, err := startNATS(dir, nil)
	if err != nil {
		return store{}, err
	}
	ctx := context.Background()
	stream, err := n.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "J", Subjects: []string{"j"}, Storage: jetstream.FileStorage, AllowAtomicPublish: true,
	})
	if err != nil {
		return store{}, err
	}
	var batches atomic.Uint64
	return store{
		close: func() error { n.stop(); return nil },
		append: func(events [][]byte) error {
			if len(events) > 1 {
				return publishBatch(n.conn, strconv.FormatUint(batches.Add(1), 10), events)
			}
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := n.js.Publish(ctx, "j", events[0])
			return err
		},
		remove: func(upTo uint64) error { return stream.Purge(ctx, jetstream.WithPurgeSequence(upTo+1)) },
	}, nil
}

// publishBatch publishes events as one atomic batch, which the server syncs
// once (its design ADR-50).
func publishBatch(conn *nats.Conn, id string, events [][]byte) error {
	for i, e := range events {
		m := nats.NewMsg("j")
		m.Header.Set("Nats-Batch-Id", id)
		m.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		m.Data = e
		if i < len(events)-1 {
			if err := conn.PublishMsg(m); err != nil {
				return err
			}
			continue
		}
		m.Header.Set("Nats-Batch-Commit", "1")
		reply, err := conn.RequestMsg(m, time.Second)
		if err != nil {
			return err
		}
		if text := string(reply.Data); strings.Contains(text, `"error"`) || !strings.Contains(text, `"count":`) {
			return fmt.Errorf("batch: %s", text)
		}
	}
	return nil
}

func readJetStream(dir string, found found) error {
	n, err := startNATS(dir, found.loss)
	if err != nil {
		return err
	}
	defer n.stop()
	ctx := context.Background()
	st, err := n.js.Stream(ctx, "J")
	if err != nil {
		return err
	}
	info, err := st.Info(ctx)
	if err != nil {
		return err
	}
	if lost := info.State.Lost; lost != nil {
		found.loss(fmt.Errorf("the stream's state: lost %d events, %d bytes", len(lost.Msgs), lost.Bytes))
	}
	for i := info.State.FirstSeq; i <= info.State.LastSeq && i > 0; i++ {
		m, err := st.GetMsg(ctx, i)
		if err != nil {
			found.loss(fmt.Errorf("%d: %w", i, err))
			continue
		}
		found.event(m.Data)
	}
	return nil
}

// group lets concurrent callers of an engine share a sync: who finds none under
// way writes for all who wait.
type group struct {
	mu      sync.Mutex
	pending *round
	write   sync.Mutex
	append  func([][]byte) error
}

type round struct {
	events [][]byte
	done   chan struct{}
	err    error
}

func (g *group) add(e []byte) error {
	g.mu.Lock()
	r := g.pending
	leader := r == nil
	if leader {
		r = &round{done: make(chan struct{})}
		g.pending = r
	}
	r.events = append(r.events, e)
	g.mu.Unlock()
	if !leader {
		<-r.done
		return r.err
	}
	g.write.Lock()
	g.mu.Lock()
	g.pending = nil
	g.mu.Unlock()
	r.err = g.append(r.events)
	g.write.Unlock()
	close(r.done)
	return r.err
}
