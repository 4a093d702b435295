package share

import (
	"os"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// file is an open file of a share.
type file struct {
	*os.File
	share  *Folder
	name   string
	record index.Record
}

// Size returns the size of the content that was hashed.
func (f *file) Size() uint64 { return uint64(f.record.Signature.Size) }

// Hash returns the hash of the content that was hashed.
func (f *file) Hash() protocol.Hash { return f.record.Hash }

// Attributes returns those of the version that was hashed. A change of the mode is a change of the
// signature: then there is no telling what the mode was.
func (f *file) Attributes() protocol.Attributes {
	info, err := f.Stat()
	same := err == nil && index.SignatureOf(f.name, info) == f.record.Signature
	return protocol.AttributesOf(time.Unix(0, f.record.Modified), same && info.Mode()&0o111 != 0)
}

// Slice returns the part of the tree that verifies count groups from first on. It fails after the
// share's Close, and when the index has lost the tree; then the file is hashed anew.
func (f *file) Slice(first, count uint64) ([]byte, error) {
	slice, err := f.share.index.Slice(f.record, first, count)
	if err != index.ErrNoTree {
		return slice, err
	}
	if p := f.share.keptPrefix(f.record.Signature, f.record.Hash); p != nil {
		return content.Slice(p.tree, f.record.Groups(), first, count), nil
	}
	f.share.disbelieve(f.name, f.record)
	return nil, err
}

// Changed reports whether the file's signature differs from the hashed one.
func (f *file) Changed() bool {
	info, err := f.Stat()
	return err != nil || index.SignatureOf(f.name, info) != f.record.Signature
}

// Holds implements [transport.Prover]: a file that has grown holds what it began with, and one that
// has got another name all of it.
func (f *file) Holds(offset, length uint64) bool {
	info, err := f.Stat()
	if err != nil || uint64(info.Size()) < f.Size() {
		return false
	}
	if length == 0 {
		return true
	}
	first, groups := offset/protocol.GroupSize, f.record.Groups()
	count := protocol.Groups(offset+length) - first
	slice, err := f.Slice(first, count)
	if err != nil {
		return false
	}
	values, ok := content.Verify(f.Hash(), groups, first, count, slice)
	same, err := f.has(first, values)
	return ok && err == nil && same
}
