package share

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// entry is a name in the share and what is known of it. It is guarded by the share's mutex, and holds
// no pointer.
type entry struct {
	signature index.Signature // as it was last seen; none: the name is gone
	hash      protocol.Hash   // if known, of the content with that stamp; otherwise what followers were told last
	tree      uint64          // of that content

	self, before, after link          // itself, and others that are known to have the same content
	name                uint32        // in the arena
	held                uint16        // times that the queue and others have it
	tries               uint8         // how often it was hashed in vain lately
	mark                protocol.Mark // that followers were told last, in place of a hash
	flags               flags
	known               bool // what its content is
	queued              bool // it waits to be hashed, or is being

	in             dirNumber // where it was last seen; this and the rest belong to the scanner's goroutine
	previous, next link      // others there
	round          uint32    // the read of its folder that last saw it
}

// flags are what is so of few entries, or for short.
type flags uint8

const (
	awaited    flags = 1 << iota // indexed waits for it
	unreadable                   // it could not be read, which has been counted
	whole                        // its name in the arena has that of the folder
	restated                     // followers were told another size or date than it has
)

func (e *entry) is(what flags) bool { return e.flags&what != 0 }
func (e *entry) set(what flags)     { e.flags |= what }
func (e *entry) unset(what flags)   { e.flags &^= what }

const (
	restWait = 250 * time.Millisecond // after a file's change, before it is hashed without being asked for
	mostRest = 10                     // doublings of that for a restless file

	distantly = int64(10 * time.Minute) // between two changes of a file that is not restless
)

// observe records that a walk or a hint has found a name in a folder, with a signature, and returns
// its entry; or nil, if there is no room for it.
func (s *Folder) observe(d *dir, name string, sig index.Signature) *entry {
	s.mu.Lock()
	e := s.named(name)
	if e != nil && e.signature == sig && (e.known || e.queued) {
		s.mu.Unlock()
		return e
	}
	s.mu.Unlock()
	r, known := s.index.Lookup(sig) // may take its time
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e == nil && s.usedUp():
		return nil
	case e == nil:
		e = s.add(d, name)
	case e.signature != sig:
		s.outdate(e, sig)
	}
	e.signature = sig
	switch {
	case e.known: // meanwhile
	case known:
		s.identify(e, r)
	case !e.queued:
		if !s.isWalked() && !e.is(awaited) {
			e.set(awaited)
			s.waiting++
		}
		s.enqueue(e)
	}
	s.tellPending(e)
	return e
}

// outdate marks an entry whose file has changed. A file that is hashed in vain backs off; a file that
// is still being written does not.
func (s *Folder) outdate(e *entry, sig index.Signature) {
	switch distance := sig.Changed - e.signature.Changed; {
	case distance < 0 || distance >= distantly:
		e.tries = 0
	case e.known:
		e.backOff()
	}
	s.keepStated(e, sig)
	s.unlink(e)
	s.mayBeOutdated(e)
	s.arrive(e)
}

// backOff counts an attempt to hash a file that was in vain.
func (e *entry) backOff() { e.tries = min(e.tries+1, mostRest) }

// restlessTries is the number of attempts in vain after which a file is one that changes all the
// time.
const restlessTries = 3

// identify records the content of an entry.
func (s *Folder) identify(e *entry, r index.Record) {
	if e.signature != r.Signature || e.known && e.hash == r.Hash && e.tree == r.Tree {
		return
	}
	s.unlink(e)
	news := e.hash != r.Hash || e.is(restated)
	s.unmark(e)
	e.hash, e.tree = r.Hash, r.Tree
	e.unset(unreadable)
	s.link(e)
	s.arrive(e)
	if news {
		s.state(e)
		s.tell(s.asTold(e))
	}
}

// drop removes a name that no longer exists.
func (s *scanner) drop(e *entry) {
	s.unlink(e)
	s.arrive(e)
	if e.isTold() {
		s.tell(protocol.Entry{Name: s.entryName(e)})
	}
	s.unmark(e)
	s.remove(e)
}

// disbelieve removes a record whose tree the index has lost, and has the file hashed anew.
func (s *Folder) disbelieve(name string, r index.Record) {
	s.index.Remove(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.named(name); e != nil && e.known && e.signature == r.Signature && e.tree == r.Tree {
		s.unlink(e)
		s.enqueue(e)
	}
}

// arrive marks an entry that Indexed no longer waits for.
func (s *Folder) arrive(e *entry) {
	if e.is(awaited) {
		e.unset(awaited)
		s.waiting--
		s.checkIndexed()
	}
}

// checkIndexed closes indexed when the first walk is over and all of its files have arrived.
func (s *Folder) checkIndexed() {
	if s.waiting > 0 || !s.isWalked() {
		return
	}
	select {
	case <-s.indexed:
	default:
		close(s.indexed)
	}
}

func (s *Folder) isWalked() bool {
	select {
	case <-s.walked:
		return true
	default:
		return false
	}
}

// link makes an entry known, as the first of those with its content.
func (s *Folder) link(e *entry) {
	e.known = true
	s.known++
	s.prepend(e)
}

// unlink makes an entry unknown.
func (s *Folder) unlink(e *entry) {
	if !e.known {
		return
	}
	e.known = false
	s.known--
	s.extract(e)
}

// holders returns some of the names that are known to have a content.
func (s *Folder) holders(hash protocol.Hash) (names []string) {
	const enough = 8
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.having(hash); e != nil && len(names) < enough; e = s.at(e.after) {
		names = append(names, s.entryName(e))
	}
	return names
}
