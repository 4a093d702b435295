package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// inode is a file on a node's disk. An open file stays as it is when its name passes to another
// one.
type inode struct {
	content int
	size    uint64
	version uint64 // counts changes that the node can notice
	hashed  uint64 // the version that was hashed last; 0: none
	known   *identity
	seen    uint64        // the version that the node has noticed
	vain    uint64        // the version that it could not hash
	shut    protocol.Code // why it cannot be read; 0: it can
	since   time.Duration // when it became what it is
	accused accusation
}

// accusation is when a client called a file wrong that had rotted, and to which process.
type accusation struct {
	at time.Duration
	by *process
}

// isRotten reports whether the file is not what the node takes it for.
func (f *inode) isRotten() bool {
	id := f.indexed()
	return id != nil && id.content != f.content
}

// date returns when a version was made, in seconds since 1970: no two versions have the same.
func date(version uint64) uint64 { return 1 + version }

// attributes returns those of a version.
func attributes(version uint64) protocol.Attributes {
	return protocol.AttributesOf(time.Unix(int64(date(version)), int64(version)), version%2 == 0)
}

// indexed returns the identity of the file, or nil if it has to be hashed first.
func (f *inode) indexed() *identity {
	if f.hashed != f.version {
		return nil
	}
	return f.known
}

// opened is a file that is open for sending, in the version that was hashed.
type opened struct {
	inode   *inode
	version uint64
}

func (o *opened) changed() bool { return o.inode.version != o.version }

// shared is a name in a node's share.
type shared struct {
	name  string
	file  *inode
	since time.Duration // when a file came under the name
}

// placement is a content that a node had under a name at some time.
type placement struct {
	host    *host
	name    string
	content int
	size    uint64
	about   protocol.Attributes
}

// hadBy reports whether a node's file with a content has had these attributes.
func (w *World) hadBy(hash protocol.Hash, about protocol.Attributes) bool {
	return slices.ContainsFunc(w.placed, func(p placement) bool {
		return p.about == about && w.identity(p.content, p.size).hash == hash
	})
}

func (h *host) file(name string) *inode {
	for i := range h.files {
		if h.files[i].name == name {
			return h.files[i].file
		}
	}
	return nil
}

// holding returns a file that is known to have a content, or nil.
func (h *host) holding(hash protocol.Hash) *inode {
	for i := range h.files {
		if id := h.files[i].file.indexed(); id != nil && id.hash == hash {
			return h.files[i].file
		}
	}
	return nil
}

// place puts a new file under a name.
func (w *World) place(h *host, name string, content int, size uint64) *inode {
	w.versions++
	f := &inode{content: content, size: size, version: w.versions, since: w.now}
	w.placed = append(w.placed, placement{h, name, content, size, attributes(f.version)})
	for i := range h.files {
		if h.files[i].name == name {
			h.files[i].file = f
			return f
		}
	}
	h.files = append(h.files, shared{name, f, w.now})
	return f
}

// overwrite changes a file in place, also for those who have it open.
func (w *World) overwrite(h *host, name string, content int, size uint64) {
	f := h.file(name)
	f.content, f.size = content, size
	w.touch(h, name, f)
}

// touch gives a file another time stamp.
func (w *World) touch(h *host, name string, f *inode) {
	w.versions++
	f.version, f.since = w.versions, w.now
	w.placed = append(w.placed, placement{h, name, f.content, f.size, attributes(f.version)})
}

func (h *host) remove(name string) {
	h.files = slices.DeleteFunc(h.files, func(s shared) bool { return s.name == name })
}

// freshContent returns a content number that nobody has used.
func (w *World) freshContent() int {
	w.contents++
	return w.contents
}

// read returns bytes of a file for sending; if they cannot be read, zeros and a code.
func (w *World) read(h *host, f *inode, offset uint64, size int) (segment, protocol.Code) {
	if t := w.troubled(scenario.DiskError, h); t != nil && t.N == 1 {
		w.fired(t)
		return segment{content: zeros, size: size}, protocol.Internal
	}
	if offset+uint64(size) > f.size {
		return segment{content: zeros, size: size}, protocol.Changed
	}
	return segment{content: f.content, offset: offset, size: size}, 0
}
