// Package fsshare shares the files of any [fs.FS]: what is embedded in a program, a zip archive, a
// tree in memory.
//
// A [Share] hashes each file once, in the background, a requested file ahead of the others, and keeps
// hashes and trees in memory. Whenever a file is opened, and while it is sent, its size and
// modification time are compared with those of the file that was hashed: an fs.FS says no more. A
// folder of the disk is better shared by package disk/share, which notices changes by itself, keeps
// hashes between runs, and sends without copying.
package fsshare

import (
	"context"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Share serves the regular files of an fs.FS under their names and by their content. It is a
// transport.Lister, and safe for concurrent use, which the fs.FS must be as well.
type Share struct {
	fsys    fs.FS
	options Options
	log     hclog.Logger

	ctx     context.Context // until Close
	cancel  context.CancelFunc
	workers sync.WaitGroup
	slots   chan struct{} // one a file that is being hashed
	walked  chan struct{} // closed when all names have been seen

	mu        sync.Mutex
	closed    bool
	files     map[string]identity
	marks     map[string]protocol.Mark   // of the files that are not known
	pending   int                        // of these marks
	contents  map[protocol.Hash][]string // the names that have them
	jobs      map[string]*job
	followers map[*follower]struct{}
}

// Options are how an fs.FS is shared. The zero value is of use.
type Options struct {
	Hidden bool         // share names with a component that starts with a dot as well
	Log    hclog.Logger // may be nil
}

// follower is one call of Follow.
type follower struct{ change func(protocol.Entry) }

// New returns a Share of the fs.FS, and begins to hash its files. It is to be closed.
func New(fsys fs.FS, options Options) *Share {
	s := &Share{
		fsys: fsys, options: options, log: options.Log,
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)), walked: make(chan struct{}),
		files: map[string]identity{}, marks: map[string]protocol.Mark{}, contents: map[protocol.Hash][]string{},
		jobs: map[string]*job{}, followers: map[*follower]struct{}{},
	}
	if s.log == nil {
		s.log = hclog.NewNullLogger()
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.workers.Go(s.hashAll)
	return s
}

// Close ends the hashing. Files that are open stay so; no other is opened. Closing again does
// nothing.
func (s *Share) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.workers.Wait()
	return nil
}

// Follow implements transport.Lister. The names that are there at the start are told as the whole:
// files that are changed or added later are noticed when they are requested.
func (s *Share) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	f := &follower{change}
	s.mu.Lock()
	for name, id := range s.files {
		change(id.entry(name))
	}
	for name, mark := range s.marks {
		change(protocol.Entry{Name: name, Mark: mark})
	}
	s.followers[f] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.followers, f)
	}()
	for walked := s.walked; ; walked = nil {
		select {
		case <-walked:
			s.mu.Lock()
			extent(roles.ExtentWhole)
			s.mu.Unlock()
		case <-ctx.Done():
			return nil
		case <-s.ctx.Done():
			return fs.ErrClosed
		}
	}
}

// learn notes what a file is.
func (s *Share) learn(name string, id identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unmark(name)
	old, known := s.files[name]
	s.files[name] = id
	if known && old.hash != id.hash {
		s.unlink(name, old.hash)
	}
	if !known || old.hash != id.hash {
		s.contents[id.hash] = append(s.contents[id.hash], name)
	}
	if !known || old.entry(name) != id.entry(name) {
		s.tell(id.entry(name))
	}
}

// forget notes that a file is not there.
func (s *Share) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.files[name]
	if known {
		delete(s.files, name)
		s.unlink(name, old.hash)
	}
	if s.unmark(name) || known {
		s.tell(protocol.Entry{Name: name})
	}
}

// found notes that the walk has met a file. A client may have asked for it before: what is known of it
// stays.
func (s *Share) found(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.files[name]; !known && s.marks[name] == 0 {
		s.set(name, protocol.Pending)
	}
}

// mark notes that a file is there and that its content is not known.
func (s *Share) mark(name string, mark protocol.Mark) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, known := s.files[name]; known {
		delete(s.files, name)
		s.unlink(name, old.hash)
	} else if s.marks[name] == mark {
		return
	}
	s.set(name, mark)
}

// set gives a file that is not known a mark. The caller holds the mutex.
func (s *Share) set(name string, mark protocol.Mark) {
	s.unmark(name)
	if s.marks[name] = mark; mark == protocol.Pending {
		s.pending++
	}
	s.tell(protocol.Entry{Name: name, Mark: mark})
}

// unmark reports whether a file had a mark, and takes it away.
func (s *Share) unmark(name string) bool {
	mark, had := s.marks[name]
	if delete(s.marks, name); mark == protocol.Pending {
		s.pending--
	}
	return had
}

// unlink takes a name from those that have a content.
func (s *Share) unlink(name string, hash protocol.Hash) {
	rest := slices.DeleteFunc(s.contents[hash], func(other string) bool { return other == name })
	if s.contents[hash] = rest; len(rest) == 0 {
		delete(s.contents, hash)
	}
}

func (s *Share) tell(e protocol.Entry) {
	for f := range s.followers {
		f.change(e)
	}
}
