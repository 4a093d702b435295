package peer

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
)

// Read implements [io.Reader]. It returns no more than is left of a chunk group.
func (f *File) Read(b []byte) (n int, err error) {
	err = f.inTurn("read", func() error {
		n, err = f.readSome(b, f.offset, f.ahead.stretch(f.offset, len(b)))
		f.offset += int64(n)
		return err
	})
	return n, err
}

// ReadAt implements [io.ReaderAt].
func (f *File) ReadAt(b []byte, offset int64) (n int, err error) {
	err = f.inTurn("read", func() error {
		if offset < 0 {
			return errNegative
		}
		for of := f.ahead.stretch(offset, len(b)); n < len(b); {
			some, err := f.readSome(b[n:], offset+int64(n), of)
			if n += some; err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

var errNegative = fmt.Errorf("%w: a negative offset", fs.ErrInvalid)

// Seek implements [io.Seeker].
func (f *File) Seek(offset int64, whence int) (at int64, err error) {
	err = f.inTurn("seek", func() error {
		switch whence {
		case io.SeekStart:
			at = offset
		case io.SeekCurrent:
			at = f.offset + offset
		case io.SeekEnd:
			at = int64(f.is.Size) + offset
		default:
			return fmt.Errorf("%w: whence %d", fs.ErrInvalid, whence)
		}
		if at < 0 {
			at = 0
			return errNegative
		}
		f.offset = at
		return nil
	})
	return at, err
}

// readSome reads from an offset to the end of its group.
func (f *File) readSome(b []byte, offset int64, of stretch) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case uint64(offset) >= f.is.Size:
		return 0, io.EOF
	}
	slot, err := f.group(uint64(offset)/protocol.GroupSize, of)
	if err != nil {
		return 0, err
	}
	defer f.cache.release(slot)
	return copy(b, slot.data()[offset%protocol.GroupSize:]), nil
}

// WriteTo implements [io.WriterTo]. The writer gets a whole group at once, and is not waited for by those who read the
// file besides.
func (f *File) WriteTo(w io.Writer) (n int64, err error) {
	for {
		slot, data, err := f.next()
		if err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		wrote, err := w.Write(data)
		f.cache.release(slot)
		n += int64(wrote)
		if rest := len(data) - wrote; rest > 0 {
			f.Seek(int64(-rest), io.SeekCurrent)
			err = cmp.Or(err, io.ErrShortWrite)
		}
		if err != nil {
			return n, err
		}
	}
}

// next takes what is left of the group at the offset, and moves that to its end.
func (f *File) next() (slot *slot, data []byte, err error) {
	err = f.inTurn("read", func() error {
		if uint64(f.offset) >= f.is.Size {
			return io.EOF
		}
		group := uint64(f.offset) / protocol.GroupSize
		if slot, err = f.group(group, f.ahead.onward(group)); err != nil {
			return err
		}
		data = slot.data()[f.offset%protocol.GroupSize:]
		f.offset += int64(len(data))
		return nil
	})
	return slot, data, err
}
