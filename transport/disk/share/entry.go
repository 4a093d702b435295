package share

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// entry is a name in the share and what is known of it. It is guarded by the share's mutex.
type entry struct {
	name      string
	signature index.Signature // as it was last seen
	hash      protocol.Hash   // if known, of the content with that stamp; otherwise what followers were told last
	size      uint64          // that they were told with it
	tree      uint64          // of that content
	round     uint32          // the read of its folder that last saw it
	tries     uint8           // how often it was hashed in vain lately
	known     bool            // what its content is
	queued    bool            // it waits to be hashed, or is being
	first     bool            // indexed waits for it
	unread    bool            // it could not be read, which has been counted
	mark      protocol.Mark   // that followers were told last, in place of a hash

	before, after *entry // others that are known to have the same content

	in             *dir   // where it was last seen; these three belong to the scanner's goroutine
	previous, next *entry // others there
}

const (
	restWait = 250 * time.Millisecond // after a file's change, before it is hashed without being asked for
	mostRest = 10                     // doublings of that for a restless file

	distantly = int64(10 * time.Minute) // between two changes of a file that is not restless
)

// observe records that a walk or a hint has found a name with a signature, and returns its entry.
func (s *Folder) observe(name string, sig index.Signature) *entry {
	s.mu.Lock()
	e := s.names[name]
	if e != nil && e.signature == sig && (e.known || e.queued) {
		s.mu.Unlock()
		return e
	}
	s.mu.Unlock()
	r, known := s.index.Lookup(sig) // may take its time
	s.mu.Lock()
	defer s.mu.Unlock()
	if e == nil {
		e = &entry{name: name}
		s.names[name] = e
	} else if e.signature != sig {
		s.outdate(e, sig)
	}
	e.signature = sig
	switch {
	case e.known: // meanwhile
	case known:
		s.identify(e, r)
	case !e.queued:
		if !s.isWalked() && !e.first {
			e.first = true
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
	news := e.hash != r.Hash
	s.unmark(e)
	e.hash, e.tree, e.unread = r.Hash, r.Tree, false
	s.link(e)
	s.arrive(e)
	if news {
		e.size = uint64(e.signature.Size)
		s.tell(protocol.Entry{Name: e.name, Size: e.size, Hash: e.hash})
	}
}

// drop removes a name that no longer exists.
func (s *scanner) drop(e *entry) {
	s.unlink(e)
	e.displace()
	s.arrive(e)
	delete(s.names, e.name)
	e.signature = index.Signature{} // a worker that is about to hash it sees that
	if e.isTold() {
		s.tell(protocol.Entry{Name: e.name})
	}
	s.unmark(e)
}

// disbelieve removes a record whose tree the index has lost, and has the file hashed anew.
func (s *Folder) disbelieve(name string, r index.Record) {
	s.index.Remove(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.names[name]; e != nil && e.known && e.signature == r.Signature && e.tree == r.Tree {
		s.unlink(e)
		s.enqueue(e)
	}
}

// arrive marks an entry that Indexed no longer waits for.
func (s *Folder) arrive(e *entry) {
	if e.first {
		e.first = false
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

// shorten returns the key of a content: a part of the hash, to save memory. Contents with the same
// key share a chain.
func shorten(hash protocol.Hash) uint64 { return binary.BigEndian.Uint64(hash[:8]) }

// link makes an entry known, as the first of those with its content.
func (s *Folder) link(e *entry) {
	e.known = true
	s.known++
	e.before, e.after = nil, s.contents[shorten(e.hash)]
	if e.after != nil {
		e.after.before = e
	}
	s.contents[shorten(e.hash)] = e
}

// unlink makes an entry unknown.
func (s *Folder) unlink(e *entry) {
	if !e.known {
		return
	}
	e.known = false
	s.known--
	if e.after != nil {
		e.after.before = e.before
	}
	switch {
	case e.before != nil:
		e.before.after = e.after
	case e.after != nil:
		s.contents[shorten(e.hash)] = e.after
	default:
		delete(s.contents, shorten(e.hash))
	}
	e.before, e.after = nil, nil
}

// holders returns some of the names that are known to have a content.
func (s *Folder) holders(hash protocol.Hash) (names []string) {
	const enough = 8
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.contents[shorten(hash)]; e != nil && len(names) < enough; e = e.after {
		if e.hash == hash {
			names = append(names, e.name)
		}
	}
	return names
}
