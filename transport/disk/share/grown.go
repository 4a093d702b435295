package share

import (
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// grownFile is an open file of which a prefix is served. It embeds no *os.File, so that the system
// does not send what it has not compared.
type grownFile struct {
	file *os.File
	name string
	*prefix
	at      int64 // where the next Read begins
	buffer  []byte
	group   []byte // the group that was read last
	groupAt int64  // where that begins; -1: nowhere
	changed atomic.Bool
}

// Size returns the size of the prefix.
func (f *grownFile) Size() uint64 { return uint64(f.size) }

// Hash returns the hash of the prefix.
func (f *grownFile) Hash() protocol.Hash { return f.hash }

// Attributes returns those of the file as it is now.
func (f *grownFile) Attributes() protocol.Attributes {
	info, err := f.file.Stat()
	if err != nil {
		return protocol.Attributes{}
	}
	return protocol.AttributesOf(info.ModTime(), info.Mode()&0o111 != 0)
}

// Slice returns the part of the prefix's tree that verifies count groups from first on.
func (f *grownFile) Slice(first, count uint64) ([]byte, error) {
	return content.Slice(f.tree, protocol.Groups(f.Size()), first, count), nil
}

// Changed reports whether the file is known not to begin with the prefix any more.
func (f *grownFile) Changed() bool {
	info, err := f.file.Stat()
	return f.changed.Load() || err != nil || !f.fits(index.SignatureOf(f.name, info))
}

// Close implements io.Closer.
func (f *grownFile) Close() error { return f.file.Close() }

// Seek implements io.Seeker.
func (f *grownFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	f.at = offset
	return offset, nil
}

// Read reads from the prefix. The file ends where a group is not as it was.
func (f *grownFile) Read(p []byte) (int, error) {
	if f.at >= f.size || f.changed.Load() {
		return 0, io.EOF
	}
	if at := f.at &^ (protocol.GroupSize - 1); at != f.groupAt {
		if err := f.load(at); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.group[f.at-f.groupAt:])
	f.at += int64(n)
	return n, nil
}

// load reads the group that begins there, and compares it with its hash.
func (f *grownFile) load(at int64) error {
	if f.buffer == nil {
		f.buffer = make([]byte, min(f.size, protocol.GroupSize))
	}
	group := uint64(at) / protocol.GroupSize
	f.groupAt = -1
	data, err := f.read(f.file, group, f.buffer)
	if err == nil && content.ChainingValue(group, data, f.size <= protocol.GroupSize) != f.values[group] {
		err = errChanged
	}
	if err == errChanged {
		f.changed.Store(true)
		return io.EOF
	}
	f.group, f.groupAt = data, at
	if err != nil {
		f.groupAt = -1
	}
	return err
}
