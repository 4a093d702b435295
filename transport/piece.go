package transport

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// groupsAhead is how many groups of a body may have come and wait to be judged.
const groupsAhead = 2

// buffers are for groups that must not be written before they are verified.
var buffers = sync.Pool{New: func() any { return new([protocol.GroupSize]byte) }}

// piece is a group as it comes in.
type piece struct {
	at   int                       // in the body's values
	size int                       // bytes
	file *os.File                  // where it goes; nil: to data
	data []byte                    // where it goes; nil: to the file
	page *[protocol.GroupSize]byte // from the pool, under data; nil: data lies in the inbox
}

// newPiece says where the body's next group goes: to the store's file if the kernel can move it there, else to memory.
func (b *body) newPiece(at int) piece {
	p := piece{at: at, size: int(min(b.rest, protocol.GroupSize))}
	if b.bare != nil {
		p.file = b.sink.File(b.group(at))
	}
	if p.file == nil {
		p.page = buffers.Get().(*[protocol.GroupSize]byte)
		p.data = p.page[:p.size]
	}
	return p
}

// put takes the first bytes of the piece, which are not from the link.
func (p *piece) put(early []byte) error {
	if p.file != nil && len(early) > 0 {
		_, err := p.file.Write(early)
		return err
	}
	copy(p.data, early)
	return nil
}

// fill takes what the piece lacks off the connection: bare ones to a file by the kernel.
func (p *piece) fill(conn Conn, come int) (int, error) {
	if p.file != nil {
		n, err := io.CopyN(p.file, conn, int64(p.size-come))
		return int(n), err
	}
	n, err := io.ReadFull(conn, p.data[come:])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// value hashes the piece.
func (p *piece) value(group uint64, whole bool) (protocol.Hash, error) {
	if p.file == nil {
		return content.Value(group, p.data, whole), nil
	}
	page := buffers.Get().(*[protocol.GroupSize]byte)
	defer buffers.Put(page)
	if _, err := p.file.ReadAt(page[:p.size], int64(group*protocol.GroupSize)); err != nil {
		return protocol.Hash{}, err
	}
	return content.Value(group, page[:p.size], whole), nil
}

func (p *piece) free() {
	if p.page != nil {
		buffers.Put(p.page)
	}
}

// atFile reports whether a copy by the kernel failed at the file.
func atFile(err error) bool {
	var atFile *os.PathError
	return errors.As(err, &atFile) && !isTimeout(err) && !isLinkError(err)
}
