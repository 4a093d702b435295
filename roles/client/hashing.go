package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// hashing is how far a node is with hashing a file, as the last HASHING that counted said.
type hashing struct{ done, size uint64 }

// further reports whether a HASHING shows that the node gets on: by MinProgress, by a part of the file that is large
// enough for the whole to end, or to the end.
func (h *hashing) further(m *protocol.Hashing) bool {
	if h.size == 0 {
		h.size = m.Size
	}
	step := max(roles.MinProgress, h.size/roles.HashingParts)
	if m.Size != h.size || m.Done <= h.done || m.Done < h.done+step && m.Done < m.Size {
		return false
	}
	h.done = m.Done
	return true
}
