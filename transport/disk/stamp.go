package disk

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// inode says which file it is, whatever its names.
type inode struct{ device, number uint64 }

// stamp is what the system changes when a file changes. Times are nanoseconds since 1970.
type stamp struct {
	inode
	size, modified, changed int64
}

// A file system's clock ticks: a file that is written twice within a tick bears the same stamp after both. So a stamp
// says which content it is only once the clock has passed it, and no file is hashed before.
const (
	tick       = 100 * time.Millisecond  // more than the clock of a usual file system takes
	coarseTick = 3 * time.Second         // of one that counts in seconds or pairs of them
	seconds    = int64(time.Second)      // what such a clock's times are multiples of
	distantly  = int64(10 * time.Minute) // between two changes of a file that is not restless
)

// unsettled returns for how long the stamp may yet be that of two contents. A stamp of the future, by a clock that is
// ahead of ours, settles a tick after it was first seen.
func (st stamp) unsettled(now time.Time) time.Duration {
	wait := tick
	if st.changed%seconds == 0 {
		wait = coarseTick
	}
	age := time.Duration(now.UnixNano() - st.changed)
	if age < 0 {
		return wait
	}
	return max(0, wait-age)
}

// groups returns how many groups the file has.
func (st stamp) groups() uint64 { return protocol.Groups(uint64(st.size)) }

// record is what the index knows of a file: with this stamp it had that content.
type record struct {
	stamp stamp
	hash  protocol.Hash // none: it is still being hashed, and tree has its first segments
	tree  uint64        // names its tree; 0: it has none
}

const (
	keySize    = 8 + 8
	recordSize = 8 + 8 + 8 + protocol.HashSize + 8
)

func number(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// key returns how a file is called in the index.
func (i inode) key() []byte {
	key := binary.BigEndian.AppendUint64(make([]byte, 0, keySize), i.device)
	return binary.BigEndian.AppendUint64(key, i.number)
}

func (r record) encode() []byte {
	b := make([]byte, 0, recordSize)
	for _, n := range []int64{r.stamp.size, r.stamp.modified, r.stamp.changed} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return binary.BigEndian.AppendUint64(append(b, r.hash[:]...), r.tree)
}

// decode reads what encode has written, or says that it did not.
func decode(i inode, b []byte) (r record, ok bool) {
	if len(b) != recordSize {
		return r, false
	}
	r.stamp = stamp{inode: i, size: int64(number(b)), modified: int64(number(b[8:])), changed: int64(number(b[16:]))}
	copy(r.hash[:], b[24:])
	r.tree = number(b[24+protocol.HashSize:])
	return r, true
}
