package node

import "github.com/relaypeer/relaypeer/protocol"

// record is the latest change of a name. Without a hash and a mark, the name is shared no longer.
type record struct {
	size     [2]uint32 // a number of eight bytes would stand at a multiple of eight
	hash     protocol.Hash
	name     uint32
	sequence uint32
	mark     protocol.Mark
	modified protocol.PackedDate
}

// sized returns a size as a record has it.
func sized(size uint64) [2]uint32 { return [2]uint32{uint32(size), uint32(size >> 32)} }

func (r *record) bytes() uint64 { return uint64(r.size[0]) | uint64(r.size[1])<<32 }

// says reports whether the record says what another one does: of the same name.
func (r *record) says(other *record) bool {
	return r.hash == other.hash && r.size == other.size && r.mark == other.mark && r.modified == other.modified
}

func (r *record) isGone() bool { return r.hash.IsZero() && r.mark == 0 }
