package sim

import "slices"

// extent is a piece of a file on a client's disk.
type extent struct {
	at uint64
	segment
	synced bool // it survives a power loss
}

func (e *extent) end() uint64 { return e.at + uint64(e.size) }

// grown is a file on a client's disk: extents in order, without overlaps. The gaps are zeros.
type grown struct {
	extents []extent
	before  *grown // its bytes before it was emptied, which a power loss may bring back; may be nil
}

// without returns the file without its earlier bytes.
func (f *grown) without() *grown {
	if f == nil {
		return nil
	}
	return &grown{extents: f.extents}
}

// write writes bytes at an offset, over the present ones.
func (f *grown) write(at uint64, seg segment) {
	if n := len(f.extents); n > 0 {
		if last := &f.extents[n-1]; last.end() <= at {
			if last.end() == at && !last.synced && last.follows(&seg) {
				last.size += seg.size
				return
			}
			f.extents = append(f.extents, extent{at: at, segment: seg})
			return
		}
	}
	end := at + uint64(seg.size)
	var kept []extent
	for _, old := range f.extents {
		if old.at < at {
			before := old
			if old.end() > at {
				before.segment, _ = old.split(int(at - old.at))
			}
			kept = append(kept, before)
		}
		if old.end() > end {
			after := old
			if old.at < end {
				_, after.segment = old.split(int(end - old.at))
				after.at = end
			}
			kept = append(kept, after)
		}
	}
	f.extents = append(kept, extent{at: at, segment: seg})
	slices.SortFunc(f.extents, func(a, b extent) int { return int(int64(a.at) - int64(b.at)) })
}

// follows reports whether the next segment continues the same content.
func (s *segment) follows(next *segment) bool {
	return s.raw == nil && next.raw == nil && s.content == next.content && s.offset+uint64(s.size) == next.offset
}

// cut drops what is beyond a size.
func (f *grown) cut(size uint64) {
	for i := range f.extents {
		if e := &f.extents[i]; e.end() > size {
			if e.at < size {
				e.segment, _ = e.split(int(size - e.at))
				i++
			}
			f.extents = f.extents[:i]
			return
		}
	}
}

// size returns the end of the file.
func (f *grown) size() uint64 {
	if n := len(f.extents); n > 0 {
		return f.extents[n-1].end()
	}
	return 0
}

// gather returns the bytes between two offsets.
func (f *grown) gather(from, to uint64) (g gathered) {
	at := from
	for _, e := range f.extents {
		if e.end() <= from || e.at >= to {
			continue
		}
		if e.at > at {
			g.add(segment{content: zeros, size: int(e.at - at)})
			at = e.at
		}
		seg := e.segment
		if e.at < at {
			_, seg = seg.split(int(at - e.at))
		}
		if over := int64(at) + int64(seg.size) - int64(to); over > 0 {
			seg, _ = seg.split(seg.size - int(over))
		}
		g.add(seg)
		at += uint64(seg.size)
	}
	return g
}

// sync makes all bytes survive a power loss.
func (f *grown) sync() {
	f.before = nil
	for i := range f.extents {
		f.extents[i].synced = true
	}
}

// identity returns the content of the file, or nil if it is a mix of several or has a hole.
func (f *grown) identity(w *World) *identity {
	size := f.size()
	if size == 0 {
		return w.identity(zeros, 0)
	}
	g := f.gather(0, size)
	number, uniform := g.content(0)
	if !uniform {
		return nil
	}
	return w.identity(number, size)
}
