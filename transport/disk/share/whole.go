package share

import (
	"io/fs"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// Read implements [transport.Reader]. What a file was hashed as is taken from its entry, and holds if
// the file has the entry's signature after all of it has been read.
func (s *Folder) Read(name string, hash protocol.Hash, buffer []byte) (found roles.FileFound, ok bool) {
	s.mu.Lock()
	e := s.heldBy(name, hash)
	if e == nil || e.signature.Size > int64(len(buffer)) {
		s.mu.Unlock()
		return found, false
	}
	name, sig := s.entryName(e), e.signature
	found = roles.FileFound{Size: uint64(sig.Size), Hash: e.hash}
	s.mu.Unlock()
	if s.options.ask("open", name) != nil {
		return found, false
	}
	g := s.ground.Load()
	mode, ok := g.read(s.onDisk(g, name), sig, buffer)
	if !ok {
		return found, false
	}
	s.lend(sig.Inode)
	found.Attributes = protocol.AttributesOf(time.Unix(0, sig.Modified), mode&0o111 != 0)
	return found, true
}

// heldBy returns an entry with a name that is known to have a content, of those given. The caller
// holds the mutex.
func (s *Folder) heldBy(name string, hash protocol.Hash) *entry {
	if name != "" {
		if e := s.named(name); e != nil && e.known && (hash.IsZero() || hash == e.hash) {
			return e
		}
		return nil
	}
	return s.having(hash)
}

// onDisk returns the name that a file of the share has in its folder.
func (s *Folder) onDisk(g *ground, name string) string {
	if s.only != "" {
		return g.file
	}
	return name
}

// read reads a file that was seen with a signature: see [beneath.read].
func (g *ground) read(name string, seen index.Signature, buffer []byte) (mode fs.FileMode, ok bool) {
	if g.root == nil {
		return 0, false
	}
	return g.beneath.read(name, seen, buffer)
}
