package share

import (
	"io/fs"
	"slices"

	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// Hashed returns how many groups the share has hashed.
func (s *Folder) Hashed() uint64 { return s.hashed.Load() }

// FailToRead has the share hash a file and find that it cannot be read.
func (s *Folder) FailToRead(name string) {
	s.mu.Lock()
	e := s.named(name)
	j := s.newJob(name, e.signature)
	s.give(j, e)
	s.mu.Unlock()
	s.end(j, index.Record{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission})
}

// TellUnread has the share say what it says after a walk.
func (s *Folder) TellUnread() { s.tellUnread() }

// FailToEnter has the share find so often that a folder cannot be entered.
func (s *Folder) FailToEnter(folder string, times int) {
	scan := &scanner{Folder: s, shut: map[string]bool{}}
	for range times {
		scan.cannotEnter(folder, &fs.PathError{Op: "openat", Path: folder, Err: fs.ErrPermission})
	}
}

// MostUnread is how many files that cannot be read are named.
const MostUnread = mostUnread

// Deafen has the share notice nothing but by walking.
func (s *Folder) Deafen() { s.hints.close() }

// Overlook has the share miss all hints of what f does, and walk after it.
func (s *Folder) Overlook(f func()) {
	s.hints.mu.Lock()
	defer s.hints.mu.Unlock()
	s.hints.all = true
	clear(s.hints.names)
	f()
	s.hints.wake()
}

// Watches reports whether what happens in a folder is noticed.
func (s *Folder) Watches(folder string) bool {
	return slices.Contains(s.hints.watcher.WatchList(), s.hints.path(folder))
}

// Flush brings to the index's file what is new.
func (s *Folder) Flush() { s.index.Flush() }

// MostPassed is how many names that are not shared are told.
const MostPassed = mostPassed

// MostAliases bounds the folders that links lead to.
const MostAliases = mostAliases

// OnRead has f called whenever a part of a file has been read to be hashed.
func (o Options) OnRead(f func()) Options {
	o.onRead = f
	return o
}

// Due returns how many files wait for a worker, with a request that waits for them and without one.
func (s *Folder) Due() (urgent, todo int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range s.todo {
		todo += len(of)
	}
	return len(s.urgent), todo
}

// OnAsk has f called before the disk is asked something about a name; what f returns is the answer.
func (o Options) OnAsk(f func(what, name string) error) Options {
	o.onAsk = f
	return o
}

// OnWatch has f called in place of having a folder watched.
func (o Options) OnWatch(f func() error) Options {
	o.onWatch = f
	return o
}

// Opaque returns how many names are told as such whose content cannot be known.
func (s *Folder) Opaque() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opaque
}

// Doubts returns how many stretches wait to be compared, and how many are known.
func (s *Folder) Doubts() (waiting, known int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.doubts.waiting), len(s.doubts.since)
}

// CheckNow does what Check has done.
func (s *Folder) CheckNow(d roles.CheckFile) {
	for _, name := range s.holders(d.Hash) {
		s.compare(name, d)
	}
}

// SpoilTree has the index hold a wrong value for a group of a file of one segment.
func (s *Folder) SpoilTree(name string, group int) {
	s.mu.Lock()
	e := s.named(name)
	r := index.Record{Signature: e.signature, Hash: e.hash, Tree: e.tree}
	s.mu.Unlock()
	slice, err := s.index.Slice(r, 0, r.Groups())
	values, ok := content.Verify(r.Hash, r.Groups(), 0, r.Groups(), slice)
	if err != nil || !ok {
		panic("the tree is not sound")
	}
	values[group][0]++
	s.index.Add(r.Tree, 0, r.Hash, values)
}

// TellOutdated has the share say at once what it says after a while.
func (s *Folder) TellOutdated() { s.tellOutdated() }

// MakeRestless has the share take a file for one that has changed often.
func (s *Folder) MakeRestless(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named(name).tries = mostRest
}

// HashAtOnce has the share appear to hash all files that it has, and returns their names in order.
func (s *Folder) HashAtOnce() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := range s.entries.all() {
		name := s.entryName(e)
		s.jobs[e.signature.Inode] = &job{name: name, signature: e.signature, opened: true}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
