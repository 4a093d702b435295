package sim

import (
	"encoding/binary"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
)

// inode is a file on a node's disk. One that is open stays as it is when its name goes to another.
type inode struct {
	content int
	size    uint64
	version uint64 // what the version tag is made of: counts changes that the node can notice
}

func (f *inode) tag() []byte { return binary.BigEndian.AppendUint64(nil, f.version) }

// shared is a name on a node's disk.
type shared struct {
	name string
	file *inode
}

// placement is a content that a node had under a name at some time.
type placement struct {
	host    *host
	name    string
	content int
	size    uint64
}

func (h *host) file(name string) *inode {
	for i := range h.files {
		if h.files[i].name == name {
			return h.files[i].file
		}
	}
	return nil
}

// place puts a file under a name, in the place of one that was there.
func (w *World) place(h *host, name string, content int, size uint64) {
	w.versions++
	f := &inode{content: content, size: size, version: w.versions}
	w.placed = append(w.placed, placement{h, name, content, size})
	for i := range h.files {
		if h.files[i].name == name {
			h.files[i].file = f
			return
		}
	}
	h.files = append(h.files, shared{name, f})
}

// overwrite changes a file in place, under the eyes of whoever has it open.
func (w *World) overwrite(h *host, name string, content int, size uint64) {
	f := h.file(name)
	w.versions++
	f.content, f.size, f.version = content, size, w.versions
	w.placed = append(w.placed, placement{h, name, content, size})
}

func (h *host) remove(name string) {
	h.files = slices.DeleteFunc(h.files, func(s shared) bool { return s.name == name })
}

// freshContent returns a content number that nobody has used.
func (w *World) freshContent() int {
	w.contents++
	return w.contents
}

// read returns so many bytes of a file for sending, zeros and a code where it can't be read.
func (w *World) read(h *host, f *inode, offset uint64, size int) (segment, protocol.Code) {
	if t := w.troubled(DiskError, h); t != nil && t.N == 1 {
		w.fired(t)
		return segment{content: zeros, size: size}, protocol.Internal
	}
	if offset+uint64(size) > f.size {
		return segment{content: zeros, size: size}, protocol.Changed
	}
	return segment{content: f.content, offset: offset, size: size}, 0
}

// store is what a client has received of a file.
type store struct {
	extents []extent
}

type extent struct {
	at uint64
	segment
}

func (s *store) write(at uint64, seg segment) {
	if n := len(s.extents); n > 0 && seg.raw == nil {
		last := &s.extents[n-1]
		if last.raw == nil && last.content == seg.content && last.at+uint64(last.size) == at && last.offset+uint64(last.size) == seg.offset {
			last.size += seg.size
			return
		}
	}
	s.extents = append(s.extents, extent{at, seg})
}

func (s *store) clear() { s.extents = s.extents[:0] }

// holds reports whether the store is exactly so many bytes of a content.
func (s *store) holds(content int, size uint64) bool {
	at := uint64(0)
	for i := range s.extents {
		e := &s.extents[i]
		if e.at != at {
			return false
		}
		if e.raw == nil {
			if e.content != content || e.offset != at {
				return false
			}
		} else {
			for j, b := range e.raw {
				if b != contentByte(content, at+uint64(j)) {
					return false
				}
			}
		}
		at += uint64(e.size)
	}
	return at == size
}
