package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// hashing is a node's progress in hashing a file, as of the last HASHING that counted.
type hashing struct{ done, size uint64 }

// further reports whether a HASHING shows enough progress: MinProgress bytes and one of
// HashingParts parts of the file, or all of it.
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
