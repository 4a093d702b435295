// Package index keeps what is known about the files of a folder: the content of each, as long as
// its [Signature] stays the same, and the trees that prove its chunk groups. A [DB] is in memory
// and, if it is given one, in a file that outlives the program.
package index

import (
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// DB maps a file's inode to the record of its content, and keeps the trees of contents, by
// segments. New records are in memory until the keeper writes them to the database. Without a
// database they stay there.
type DB struct {
	log    hclog.Logger
	db     *database     // nil: none
	kick   chan struct{} // wakes the keeper
	stop   chan struct{} // ends it
	keeper sync.WaitGroup
	ending sync.Once

	flushing sync.Mutex // one writes to the file at a time
	mu       sync.Mutex
	fresh    *batch // to be written
	writing  *batch // being written; nil: nothing is
	trees    uint64 // names given to trees
	failing  bool   // the last write failed
}

const (
	writeGap   = 2 * time.Second // between two writes, so that few syncs do for many files
	writeAfter = 1 << 20         // bytes after which one is due at once
	keepSpare  = 1000            // records of files that are not there, which may come back
	closeWait  = time.Second     // for the last write
)

// ErrNoTree is returned for a tree that the index has lost.
var ErrNoTree = errors.New("disk: the tree is not in the index")

var errHangs = errors.New("disk: the index could not be closed: its disk does not answer")

// Open opens the index in a file. Without a name, or where the file cannot be used, the index is in
// memory. log may be nil.
func Open(path string, log hclog.Logger) *DB {
	if log == nil {
		log = hclog.NewNullLogger()
	}
	x := &DB{log: log, fresh: newBatch(), kick: make(chan struct{}, 1), stop: make(chan struct{})}
	if path == "" {
		return x
	}
	db, trees, err := openDatabase(path, log)
	if err != nil {
		log.Warn("the index of hashes cannot be used: files are hashed anew this time", "index", path, "why", err)
		return x
	}
	x.db, x.trees = db, trees
	x.keeper.Go(x.keep)
	return x
}

// Owns reports whether a file is the index's own.
func (x *DB) Owns(i Inode) bool { return x.db != nil && x.db.owns(i) }

// Close writes new records and closes the file. It does not wait for a disk that hangs. Closing again
// does nothing.
func (x *DB) Close() (err error) {
	x.ending.Do(func() {
		close(x.stop)
		done := make(chan error, 1)
		go func() {
			x.keeper.Wait()
			done <- x.db.close()
		}()
		patience := time.NewTimer(closeWait)
		defer patience.Stop()
		select {
		case err = <-done:
		case <-patience.C:
			err = errHangs
		}
	})
	return err
}

// keep writes new records every now and then.
func (x *DB) keep() {
	beat := time.NewTicker(writeGap)
	defer beat.Stop()
	for last := false; !last; {
		select {
		case <-beat.C:
		case <-x.kick:
		case <-x.stop:
			last = true
		}
		x.Flush()
		if !last {
			x.mend()
		}
	}
}

// mend makes the file anew if that is due.
func (x *DB) mend() {
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.db.mend(x.stop)
}

// Flush writes new records to the database. Records that cannot be written stay in memory.
func (x *DB) Flush() {
	x.flushing.Lock()
	defer x.flushing.Unlock()
	x.mu.Lock()
	b := x.fresh
	if len(b.records)+len(b.segments)+len(b.dropped)+len(b.gone) == 0 {
		x.mu.Unlock()
		return
	}
	x.fresh, x.writing = newBatch(), b
	x.mu.Unlock()
	err := x.db.write(b)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.writing = nil
	if err != nil {
		x.takeBack(b)
		if !x.failing {
			x.log.Warn("the index of hashes cannot be written for the moment", "why", err)
		}
	}
	x.failing = err != nil
}

// takeBack puts a batch back that could not be written, under the records that have come since.
func (x *DB) takeBack(b *batch) {
	since := x.fresh
	x.fresh = b
	b.dropped, b.weight = append(b.dropped, since.dropped...), 0
	for i := range since.gone {
		delete(b.records, i)
	}
	maps.Copy(b.gone, since.gone)
	maps.Copy(b.segments, since.segments)
	for _, r := range since.records {
		b.put(r)
	}
	for _, tree := range since.dropped {
		b.dropTree(tree)
	}
}

// Put replaces the record of a file.
func (x *DB) Put(r Record) {
	x.mu.Lock()
	x.fresh.put(r)
	x.rouse()
	x.mu.Unlock()
}

// Remove deletes a record, unless another has taken its place.
func (x *DB) Remove(r Record) {
	if now, there := x.get(r.Signature.Inode); !there || now != r {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.fresh.records, r.Signature.Inode)
	x.fresh.dropTree(r.Tree)
	x.fresh.gone[r.Signature.Inode] = true
}

// NewTree returns an unused name for a tree.
func (x *DB) NewTree() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.trees++
	return x.trees
}

// Add adds a segment to a tree. The index owns the values from then on.
func (x *DB) Add(tree, number uint64, value protocol.Hash, values []protocol.Hash) {
	x.mu.Lock()
	x.fresh.segments[segmentName{tree, number}] = segment{value, values}
	x.fresh.weight += len(values) * content.NodeSize
	x.rouse()
	x.mu.Unlock()
}

// rouse wakes the keeper when there is much to write. The caller holds the mutex.
func (x *DB) rouse() {
	if x.fresh.weight < writeAfter || x.failing {
		return
	}
	select {
	case x.kick <- struct{}{}:
	default:
	}
}

// get returns the record of a file, under any signature.
func (x *DB) get(i Inode) (r Record, there bool) {
	x.mu.Lock()
	r, there = x.fresh.records[i]
	gone := x.fresh.gone[i]
	if !there && !gone && x.writing != nil {
		r, there = x.writing.records[i]
	}
	x.mu.Unlock()
	if there || gone || x.db == nil {
		return r, there
	}
	return x.db.get(i)
}

// Lookup returns the record of the content that has the signature. A record whose tree is lost is as
// if it were not there.
func (x *DB) Lookup(sig Signature) (r Record, known bool) {
	r, known = x.Latest(sig.Inode)
	return r, known && r.Signature == sig
}

// Latest returns the record of the content that a file had when it was last hashed, whatever its
// signature is now.
func (x *DB) Latest(i Inode) (r Record, known bool) {
	r, there := x.get(i)
	return r, there && !r.Hash.IsZero() && x.hasTree(r)
}

// hasTree reports whether all segments of a record's tree are there.
func (x *DB) hasTree(r Record) bool {
	if r.Groups() < 2 {
		return true
	}
	for number := range content.Segments(r.Groups()) {
		name := segmentName{r.Tree, number}
		if _, there := x.held(name); !there && (x.db == nil || !x.db.has(name)) {
			return false
		}
	}
	return true
}

// held returns a segment that is in memory.
func (x *DB) held(name segmentName) (s segment, there bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s, there = x.fresh.segments[name]
	if !there && x.writing != nil {
		s, there = x.writing.segments[name]
	}
	return s, there
}

// Prune deletes records of files that no longer exist. An index in memory has no room for any of
// them. The database keeps some, since files come back, until they are in the majority. names
// bounds the number of living files.
func (x *DB) Prune(names int, live func() map[Inode]bool) {
	if x.db != nil {
		if x.db.records() > 2*names+keepSpare {
			dead := x.db.dead(live())
			x.mu.Lock()
			for _, i := range dead {
				x.fresh.gone[i] = true
			}
			x.mu.Unlock()
		}
		return
	}
	alive := live()
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, r := range x.fresh.records {
		if !alive[i] {
			delete(x.fresh.records, i)
			x.fresh.dropTree(r.Tree)
		}
	}
	x.fresh.dropped = nil
}
