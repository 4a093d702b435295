package index

import (
	"encoding/binary"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

// Inode identifies a file, under all its names.
type Inode struct{ Device, Number uint64 }

// Signature changes with each change of a file. Times are nanoseconds since 1970.
type Signature struct {
	Inode
	Size, Modified, Changed int64
}

// RacyFor returns how long the signature may still be that of two contents: see [disk.RacyFor].
func (sig Signature) RacyFor(now time.Time) time.Duration { return disk.RacyFor(sig.Changed, now) }

// Groups returns the number of the file's chunk groups.
func (sig Signature) Groups() uint64 { return protocol.Groups(uint64(sig.Size)) }

// Record says that a file with this signature has that content.
type Record struct {
	Signature
	Hash protocol.Hash // none: it is still being hashed, and tree has its first segments
	Tree uint64        // names its tree; 0: it has none
}

const filePayload = 4 * 8

func number(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// encode returns what the database has of a record besides its inode and hash.
func (r Record) encode() []byte {
	b := make([]byte, 0, filePayload)
	for _, n := range []int64{r.Signature.Size, r.Signature.Modified, r.Signature.Changed} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return binary.BigEndian.AppendUint64(b, r.Tree)
}

// decode reads the result of encode.
func decode(i Inode, hash protocol.Hash, b []byte) Record {
	return Record{
		Signature: Signature{Inode: i, Size: int64(number(b)), Modified: int64(number(b[8:])), Changed: int64(number(b[16:]))},
		Hash:      hash, Tree: number(b[24:]),
	}
}
