package index

import (
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
)

// database is the file in which an index outlives the program: a head and then records, of which
// the last one of a key counts. Each record has checksums, and a damaged one is as if it were not
// there. Where each record lies is in memory.
//
// The file is read and written by system calls and is never mapped: a fault in a mapped file, or a
// page that leads back to itself, ends a program whatever it recovers from.
type database struct {
	path string
	log  hclog.Logger

	mu      sync.RWMutex // guards what follows against the writer, of which there is one
	file    file
	end     int64 // the next record goes there
	waste   int64 // bytes of records that do not count any more
	files   places
	trees   map[segmentName]segmentAt
	last    map[uint64]uint64 // the last segment of a tree that has several
	own     map[Inode]bool    // the files of the index itself
	damaged bool              // a record could not be read
	rests   time.Time         // until then the file is not made anew: that has failed
}

// file is an [os.File]; tests put one that fails in its place.
type file interface {
	io.ReaderAt
	io.WriterAt
	Stat() (fs.FileInfo, error)
	Sync() error
	Close() error
}

// fileAt says where the record of a file is, and which tree it names.
type fileAt struct {
	at   int64
	tree uint64
}

// segmentAt says where a segment is, and how long its record.
type segmentAt struct {
	at   int64
	size int
}

const (
	writeChunk = 1 << 20 // bytes written in one go
	fewWaste   = 1 << 20 // bytes of them that are kept whatever the size of the file
	mendGap    = time.Minute
)

// newDatabase returns a database without records. Its file has a head.
func newDatabase(path string, file file, log hclog.Logger) *database {
	return &database{
		path: path, log: log, file: file, end: headSize,
		files: newPlaces(), trees: map[segmentName]segmentAt{}, last: map[uint64]uint64{}, own: map[Inode]bool{},
	}
}

// read returns a whole record, if that is what lies there.
func (d *database) read(at int64, size int, kind recordKind, key recordKey) (value protocol.Hash, payload []byte, ok bool) {
	record := make([]byte, size)
	if _, err := d.file.ReadAt(record, at); err != nil {
		return value, nil, false
	}
	head, sound := readHead(record)
	if !sound || head.kind != kind || head.key != key {
		return value, nil, false
	}
	payload, ok = head.payload(record)
	return head.value, payload, ok
}

// get returns the record of a file.
func (d *database) get(i Inode) (r Record, there bool) {
	d.mu.RLock()
	place, there := d.files.get(i)
	if !there {
		d.mu.RUnlock()
		return r, false
	}
	hash, payload, sound := d.read(place.at, fileSize, ofFile, i.key())
	d.mu.RUnlock()
	if !sound {
		counts := func() bool {
			now, there := d.files.get(i)
			return there && now == place
		}
		d.lose(counts, func() { d.forgetFile(i) })
		return r, false
	}
	return decode(i, hash, payload), true
}

// has reports whether there is a segment.
func (d *database) has(name segmentName) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, there := d.trees[name]
	return there
}

// value returns the chaining value of a segment.
func (d *database) value(name segmentName) (value protocol.Hash, there bool) {
	d.mu.RLock()
	place, there := d.trees[name]
	if !there {
		d.mu.RUnlock()
		return value, false
	}
	record := make([]byte, recordSize)
	_, err := d.file.ReadAt(record, place.at)
	d.mu.RUnlock()
	head, sound := readHead(record)
	if err != nil || !sound || head.kind != ofSegment || head.key != name.key() {
		d.lose(func() bool { return d.trees[name] == place }, func() { delete(d.trees, name) })
		return value, false
	}
	return head.value, true
}

// segment returns the chaining value and the tree of a segment.
func (d *database) segment(name segmentName) (value protocol.Hash, tree []byte, there bool) {
	d.mu.RLock()
	place, there := d.trees[name]
	if !there {
		d.mu.RUnlock()
		return value, nil, false
	}
	value, tree, sound := d.read(place.at, place.size, ofSegment, name.key())
	d.mu.RUnlock()
	if !sound {
		d.lose(func() bool { return d.trees[name] == place }, func() { delete(d.trees, name) })
	}
	return value, tree, sound
}

// lose forgets a record that could not be read, if it still counts.
func (d *database) lose(counts func() bool, forget func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if counts() {
		d.damaged = true
		forget()
	}
}

// forgetFile forgets the record of a file, and its tree.
func (d *database) forgetFile(i Inode) {
	place, there := d.files.get(i)
	if !there {
		return
	}
	d.files.remove(i)
	d.waste += fileSize
	d.forgetTree(place.tree)
}

// forgetTree forgets the segments of a tree.
func (d *database) forgetTree(tree uint64) {
	if tree == 0 {
		return
	}
	for number := range d.last[tree] + 1 {
		name := segmentName{tree, number}
		d.waste += int64(d.trees[name].size)
		delete(d.trees, name)
	}
	delete(d.last, tree)
}

// noteFile notes where the record of a file is.
func (d *database) noteFile(i Inode, place fileAt) {
	if before, there := d.files.get(i); there {
		d.waste += fileSize
		if before.tree != place.tree {
			d.forgetTree(before.tree)
		}
	}
	if !d.files.put(i, place) { // it is hashed anew at the next start
		d.waste += fileSize
		d.forgetTree(place.tree)
	}
}

// noteSegment notes where a segment is.
func (d *database) noteSegment(name segmentName, place segmentAt) {
	d.waste += int64(d.trees[name].size)
	d.trees[name] = place
	if name.number > d.last[name.tree] {
		d.last[name.tree] = name.number
	}
}

// records returns the number of records of files.
func (d *database) records() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.files.count()
}

// dead returns the files with a record that are not in live.
func (d *database) dead(live map[Inode]bool) (dead []Inode) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for i := range d.files.all() {
		if !live[i] {
			dead = append(dead, i)
		}
	}
	return dead
}

func (d *database) owns(i Inode) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.own[i]
}

// close closes the file, if there is a database.
func (d *database) close() error {
	if d == nil {
		return nil
	}
	return d.file.Close()
}
