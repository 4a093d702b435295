package sim

// segment is a piece of a stream: literal bytes, or a stretch of a content, whose bytes are
// computed only where they are read. So a file of any size costs nothing to send.
type segment struct {
	raw     []byte // literal bytes, if not nil
	content int    // otherwise: bytes of this content
	offset  uint64 // from this offset
	size    int    // in bytes
}

// zeros is the content that replaces unreadable bytes.
const zeros = 0

func literal(b []byte) segment { return segment{raw: b, size: len(b)} }

// split cuts a segment in two.
func (s segment) split(at int) (segment, segment) {
	if s.raw != nil {
		return literal(s.raw[:at:at]), literal(s.raw[at:])
	}
	return segment{content: s.content, offset: s.offset, size: at},
		segment{content: s.content, offset: s.offset + uint64(at), size: s.size - at}
}

// at returns the byte at an index.
func (s segment) at(i int) byte {
	if s.raw != nil {
		return s.raw[i]
	}
	return contentByte(s.content, s.offset+uint64(i))
}

// contentByte returns the byte of a content at an offset.
func contentByte(content int, offset uint64) byte {
	if content == zeros {
		return 0
	}
	z := (offset + uint64(content)<<40) * 0x9e3779b97f4a7c15
	return byte(z >> 56)
}

// stream is a queue of bytes.
type stream struct {
	segments []segment
	head     int // the first unread segment
	size     int
}

func (s *stream) push(seg segment) {
	if seg.size == 0 {
		return
	}
	if s.head == len(s.segments) {
		s.segments, s.head = s.segments[:0], 0
	}
	s.segments = append(s.segments, seg)
	s.size += seg.size
}

// take removes and returns the first segment, or its first n bytes.
func (s *stream) take(n int) segment {
	seg := s.segments[s.head]
	if seg.size <= n {
		s.segments[s.head] = segment{}
		s.head++
	} else {
		seg, s.segments[s.head] = seg.split(n)
	}
	s.size -= seg.size
	return seg
}

func (s *stream) drop(n int) {
	for n > 0 {
		n -= s.take(n).size
	}
}

func (s *stream) clear() { s.segments, s.head, s.size = s.segments[:0], 0, 0 }

// peek returns the first n bytes, or all if there are fewer. The slice is read-only and valid until
// the next call.
func (s *stream) peek(n int, scratch []byte) ([]byte, []byte) {
	n = min(n, s.size)
	if n == 0 {
		return nil, scratch
	}
	if first := s.segments[s.head]; first.raw != nil && first.size >= n {
		return first.raw[:n], scratch
	}
	scratch = scratch[:0]
	for i := s.head; len(scratch) < n; i++ {
		seg := s.segments[i]
		for j := 0; j < seg.size && len(scratch) < n; j++ {
			scratch = append(scratch, seg.at(j))
		}
	}
	return scratch, scratch
}
