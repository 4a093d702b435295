package transport

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// foreseen is a small file that has come whole behind others and has not been asked for yet: where its
// CONTENT and its bytes lie in the inbox, and the hash of these bytes. It is forgotten when the bytes
// of the inbox move or others come.
type foreseen struct {
	frame, begin, end int
	message           protocol.Message
	hash              protocol.Hash
}

// mostForeseen bounds the files that are hashed together.
const mostForeseen = 64

// decode is protocol.DecodeWithin of what is unread.
func (in *inbox) decode(most int) (m protocol.Message, size int, err error) {
	for in.next < len(in.ahead) && in.ahead[in.next].begin < in.from {
		in.next++
	}
	if in.next < len(in.ahead) && in.ahead[in.next].frame == in.from && most == protocol.MaxList {
		f := in.ahead[in.next]
		return f.message, f.begin - f.frame, nil
	}
	return protocol.DecodeWithin(in.unread(), most)
}

// hash returns the hash of the next bytes, which are a file of that size. Files that have come whole
// behind it are hashed with it: that takes less time than one after the other.
func (in *inbox) hash(size int) protocol.Hash {
	if in.next < len(in.ahead) {
		if f := in.ahead[in.next]; f.begin == in.from && f.end == in.from+size {
			return f.hash
		}
	}
	in.forget()
	in.foresee(size)
	hashes := content.Hashes(in.files)
	for i := range in.ahead {
		in.ahead[i].hash = hashes[i+1]
	}
	return hashes[0]
}

// foresee collects small files: that of the next bytes, and those behind it.
func (in *inbox) foresee(size int) {
	at := in.from + size
	in.files = append(in.files, in.buf[in.from:at])
	for len(in.files) < mostForeseen {
		m, frame, _ := protocol.DecodeWithin(in.buf[at:in.to], protocol.MaxList)
		file, is := m.(*protocol.Content)
		begin := at + frame
		if !is || file.Length == 0 || file.Length > uint64(in.to-begin) {
			return
		}
		end := begin + int(file.Length)
		in.ahead = append(in.ahead, foreseen{frame: at, begin: begin, end: end, message: m})
		in.files = append(in.files, in.buf[begin:end])
		at = end
	}
}

// forget drops what was foreseen, before the bytes of the inbox change.
func (in *inbox) forget() {
	clear(in.ahead)
	clear(in.files)
	in.ahead, in.files, in.next = in.ahead[:0], in.files[:0], 0
}
