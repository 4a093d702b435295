package disk

import (
	"errors"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// index is what a share knows of its files' content, under their inodes: a record each, and the trees of those that
// have one, by segments. What is new is in memory until the keeper has written it to the database. Without a database
// it stays there.
type index struct {
	log    hclog.Logger
	db     *database     // nil: none
	own    inode         // the database's file
	kick   chan struct{} // wakes the keeper
	stop   chan struct{} // ends it
	keeper sync.WaitGroup

	mu      sync.Mutex
	fresh   *batch // to be written
	writing *batch // being written; nil: nothing is
	trees   uint64 // names given to trees
	failing bool   // the last write failed
}

// batch is records and segments on their way to the database.
type batch struct {
	records  map[inode]record
	segments map[segmentName]segment
	dropped  []uint64       // trees that nothing needs any more
	gone     map[inode]bool // files whose records, of before this batch, are not to be kept
	weight   int            // bytes, about
}

type segmentName struct{ tree, number uint64 }

// segment is the values of a segment's groups, and the one that stands for them all.
type segment struct {
	value  protocol.Hash
	values []protocol.Hash
}

const (
	writeGap   = 2 * time.Second // between two writes, so that few syncs do for many files
	writeAfter = 1 << 20         // bytes after which one is due at once
	keepSpare  = 1000            // records of files that are not there, which may come back
)

var errNoTree = errors.New("disk: the tree is not in the index")

func newBatch() *batch {
	return &batch{records: map[inode]record{}, segments: map[segmentName]segment{}, gone: map[inode]bool{}}
}

// openIndex opens the index in a file, or, where that can't be had or none is named, one in memory.
func openIndex(path string, log hclog.Logger) *index {
	x := &index{log: log, fresh: newBatch(), kick: make(chan struct{}, 1), stop: make(chan struct{})}
	if path == "" {
		return x
	}
	db, trees, err := openDatabase(path)
	if err != nil {
		log.Warn("the index of hashes cannot be used: files are hashed anew this time", "index", path, "why", err)
		return x
	}
	x.db, x.trees = db, trees
	if info, err := os.Stat(path); err == nil {
		x.own = stampOf(path, info).inode
	}
	x.keeper.Go(x.keep)
	return x
}

// is reports whether a file is the index's own.
func (x *index) is(i inode) bool { return x.db != nil && i == x.own }

// close writes what is new and closes the file.
func (x *index) close() error {
	close(x.stop)
	x.keeper.Wait()
	if x.db == nil {
		return nil
	}
	return x.db.close()
}

// keep writes now and then what is new.
func (x *index) keep() {
	beat := time.NewTicker(writeGap)
	defer beat.Stop()
	for last := false; !last; {
		select {
		case <-beat.C:
		case <-x.kick:
		case <-x.stop:
			last = true
		}
		x.write()
	}
}

// write brings what is new to the database. What can't be written stays in memory.
func (x *index) write() {
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

// takeBack puts a batch back that could not be written, under what has come since.
func (x *index) takeBack(b *batch) {
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

func (b *batch) put(r record) {
	if before, there := b.records[r.stamp.inode]; there && before.tree != r.tree {
		b.dropTree(before.tree)
	}
	b.records[r.stamp.inode] = r
	b.weight += keySize + recordSize
}

func (b *batch) dropTree(tree uint64) {
	if tree == 0 {
		return
	}
	maps.DeleteFunc(b.segments, func(name segmentName, _ segment) bool { return name.tree == tree })
	b.dropped = append(b.dropped, tree)
}

// put notes a record in place of the one that the file had.
func (x *index) put(r record) {
	x.mu.Lock()
	x.fresh.put(r)
	x.rouse()
	x.mu.Unlock()
}

// remove forgets a record, unless another has taken its place.
func (x *index) remove(r record) {
	if now, there := x.get(r.stamp.inode); !there || now != r {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.fresh.records, r.stamp.inode)
	x.fresh.dropTree(r.tree)
	x.fresh.gone[r.stamp.inode] = true
}

// newTree names a tree.
func (x *index) newTree() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.trees++
	return x.trees
}

// add notes a segment of a tree. The values are the index's from then on.
func (x *index) add(tree, number uint64, value protocol.Hash, values []protocol.Hash) {
	x.mu.Lock()
	x.fresh.segments[segmentName{tree, number}] = segment{value, values}
	x.fresh.weight += len(values) * content.NodeSize
	x.rouse()
	x.mu.Unlock()
}

// rouse has the keeper write when there is much, with the mutex held.
func (x *index) rouse() {
	if x.fresh.weight < writeAfter || x.failing {
		return
	}
	select {
	case x.kick <- struct{}{}:
	default:
	}
}

// get returns what is known of a file, under whatever stamp.
func (x *index) get(i inode) (r record, there bool) {
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

// lookup returns the record of the content that bears the stamp.
func (x *index) lookup(st stamp) (r record, known bool) {
	r, there := x.get(st.inode)
	return r, there && r.stamp == st && !r.hash.IsZero()
}

// held returns a segment that is in memory.
func (x *index) held(name segmentName) (s segment, there bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	s, there = x.fresh.segments[name]
	if !there && x.writing != nil {
		s, there = x.writing.segments[name]
	}
	return s, there
}

// prune forgets files that do not live any more. In memory there is no room for them; of those in the database some may
// come back, until they are the most. names is how many there are that live, at most.
func (x *index) prune(names int, live func() map[inode]bool) {
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
			x.fresh.dropTree(r.tree)
		}
	}
	x.fresh.dropped = nil
}
