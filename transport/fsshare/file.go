package fsshare

import (
	"errors"
	"io"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// file is an open file of a share.
type file struct {
	reader
	identity
}

// reader is an open file that goes anywhere.
type reader interface {
	fs.File
	io.Seeker
}

// Size returns the bytes of what was hashed.
func (f *file) Size() uint64 { return uint64(f.size) }

// Hash returns the hash of that.
func (f *file) Hash() protocol.Hash { return f.hash }

// Attributes returns those of what was hashed.
func (f *file) Attributes() protocol.Attributes {
	info, err := f.Stat()
	return protocol.AttributesOf(f.modified, err == nil && info.Mode()&0o111 != 0)
}

// Slice returns the part of the tree that verifies count groups from first on.
func (f *file) Slice(first, count uint64) ([]byte, error) {
	return content.Slice(f.tree, protocol.Groups(f.Size()), first, count), nil
}

// Changed reports whether size or modification time is another than when the file was hashed.
func (f *file) Changed() bool {
	info, err := f.Stat()
	return err != nil || !versionOf(info).is(f.version)
}

// reader returns an open file as one that goes anywhere.
func (s *Share) reader(name string, opened fs.File, v version) reader {
	if seeks, can := opened.(reader); can {
		return seeks
	}
	return &rewound{File: opened, reopen: func() (fs.File, error) {
		again, seen, err := s.openFile(name)
		if err == nil && !seen.is(v) {
			again.Close()
			err = errChanged
		}
		return again, err
	}}
}

// rewound is a file that cannot seek: to go back is to open it anew and to read up to there. It keeps
// the bytes that were read last, since a sender with a slow peer goes back a little, and often.
type rewound struct {
	fs.File
	reopen func() (fs.File, error)
	at     int64  // where the next Read begins
	read   int64  // where the file is
	last   []byte // the bytes that were read last, up to there
}

const mostLast = 64 << 10 // bytes that are kept

// Seek implements io.Seeker, but for io.SeekEnd.
func (r *rewound) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		offset += r.at
	}
	if whence == io.SeekEnd || offset < 0 {
		return 0, fs.ErrInvalid
	}
	r.at = offset
	return r.at, nil
}

func (r *rewound) Read(p []byte) (int, error) {
	if begin := r.read - int64(len(r.last)); begin <= r.at && r.at < r.read {
		n := copy(p, r.last[r.at-begin:])
		r.at += int64(n)
		return n, nil
	}
	if err := r.reach(); err != nil {
		return 0, err
	}
	n, err := r.File.Read(p)
	r.read += int64(n)
	r.at = r.read
	r.last = append(r.last[:0], p[max(0, n-mostLast):n]...)
	return n, err
}

// reach brings the file to where the next Read begins.
func (r *rewound) reach() error {
	if r.at < r.read {
		again, err := r.reopen()
		if err != nil {
			return err
		}
		err = r.File.Close()
		r.File, r.read, r.last = again, 0, r.last[:0]
		if err != nil {
			return err
		}
	}
	n, err := io.CopyN(io.Discard, r.File, r.at-r.read)
	if r.read += n; n > 0 {
		r.last = r.last[:0]
	}
	if errors.Is(err, io.EOF) {
		return io.EOF // beyond the end
	}
	return err
}
