package disk

import (
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/relaypeer/relaypeer/protocol"
)

// SetBefore has f called before each change of the disk, and returns what takes that back.
func SetBefore(f func(what string)) (undo func()) {
	was := before
	before = f
	return func() { before = was }
}

// BesideName and the suffixes are where tests look for what is not whole.
var BesideName = besideName

// The names of what is not whole.
const (
	PartSuffix    = partSuffix
	JournalSuffix = journalSuffix
)

// Hashed returns how many groups the share has hashed.
func (s *Share) Hashed() uint64 { return s.hashed.Load() }

// FailToRead has the share hash a file and find that it cannot be read.
func (s *Share) FailToRead(name string) {
	s.mu.Lock()
	e := s.names[name]
	j := s.newJob(name, e.stamp)
	j.entries = append(j.entries, e)
	s.mu.Unlock()
	s.end(j, record{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission})
}

// TellUnread has the share say what it says after a walk.
func (s *Share) TellUnread() { s.tellUnread() }

// FailToEnter has the share find so often that a folder cannot be entered.
func (s *Share) FailToEnter(folder string, times int) {
	scan := &scanner{Share: s, shut: map[string]bool{}}
	for range times {
		scan.cannotEnter(folder, &fs.PathError{Op: "openat", Path: folder, Err: fs.ErrPermission})
	}
}

// MostUnread is how many files that cannot be read are named.
const MostUnread = mostUnread

// Deafen has the share notice nothing but by walking.
func (s *Share) Deafen() { s.hints.close() }

// Overlook has the share miss all hints of what f does, and walk after it.
func (s *Share) Overlook(f func()) {
	s.hints.mu.Lock()
	defer s.hints.mu.Unlock()
	s.hints.all = true
	clear(s.hints.names)
	f()
	s.hints.wake()
}

// Watches reports whether what happens in a folder is noticed.
func (s *Share) Watches(folder string) bool {
	return slices.Contains(s.hints.watcher.WatchList(), filepath.Join(s.folder, folder))
}

// Write brings to the index's file what is new.
func (s *Share) Write() { s.index.write() }

// Records returns of how many files the index's file has a record.
func (s *Share) Records() int { return s.index.db.records() }

// LoseTrees has the index lose all trees that are in its file.
func (s *Share) LoseTrees() error { return s.index.db.loseTrees() }

func (d *database) loseTrees() error {
	return d.bolt.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(treesBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucket(treesBucket)
		return err
	})
}

// The ticks of file systems.
const (
	Tick       = tick
	CoarseTick = coarseTick
)

// Unsettled returns for how long a file that changed then is left alone.
func Unsettled(changed, now time.Time) time.Duration {
	return stamp{changed: changed.UnixNano()}.unsettled(now)
}

// Learn has the share take a file as it is now for that content.
func (s *Share) Learn(name string, hash protocol.Hash, values []protocol.Hash) error {
	info, err := s.root.Lstat(name)
	if err == nil {
		s.learn(name, &kept{hash, values, info.ModTime().UnixNano()})
	}
	return err
}
