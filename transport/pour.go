package transport

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// sendBody sends bytes of the open file from another goroutine, so that the machine can go on.
func (k *link) sendBody(e roles.SendBody) {
	r := k.run
	r.mu.Lock()
	file := r.file
	if file != nil {
		file.busy = true
	}
	r.mu.Unlock()
	if file == nil {
		panic("transport: SendBody without an open file")
	}
	head := outbox{}
	if e.Length <= smallBody && len(k.out.buf) <= pageSize {
		head, k.out = k.out, head
	}
	k.flush()
	k.sending = true
	more := k.asked()
	r.toDisk(func() (l letter) {
		if len(head.buf) > 0 {
			l = k.pourSmall(file, head, e, more)
		} else {
			l = k.pour(file, e)
		}
		r.mu.Lock()
		file.busy = false
		detached := file.detached
		r.mu.Unlock()
		if detached {
			file.Close()
		}
		l.from = k
		return l
	})
}

// pour sends bytes of the file. The kernel moves them (sendfile) if neither the file nor the
// connection is wrapped. After each piece pour checks the file. Once it has changed since it was
// hashed, or can't be read, zeros take the place of the rest, because CONTENT has promised the
// length.
func (k *link) pour(file *sharedFile, e roles.SendBody) letter {
	spoiled := protocol.Code(0)
	for sent := uint64(0); sent < e.Length; {
		var n int64
		var err error
		padding := spoiled != 0
		k.conn.SetWriteDeadline(time.Now().Add(bodyTick))
		if most := int64(min(e.Length-sent, bodyChunk)); !padding {
			// Seek each time: a copy that the deadline ended may have read more than it sent.
			if _, err = file.Seek(int64(e.Offset+sent), io.SeekStart); err == nil {
				n, err = io.CopyN(k.conn, file.File, most)
			}
			if n > 0 && file.lacks(e.Offset+sent, uint64(n)) {
				spoiled = protocol.Changed
			}
		} else {
			var wrote int
			wrote, err = k.conn.Write(zeros[:min(most, int64(len(zeros)))])
			n = int64(wrote)
		}
		sent += uint64(n)
		if n > 0 {
			k.run.post(letter{from: k, input: roles.Moved{Link: k.id, Bytes: n}})
		}
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		if padding {
			return k.lose(err)
		}
		code := file.fault(int64(e.Offset + sent))
		if code == 0 {
			return k.lose(err)
		}
		if spoiled == 0 {
			spoiled = code
		}
	}
	return k.poured(e, spoiled)
}

// poured returns the letter for a body that has been sent, whole or spoiled.
func (k *link) poured(e roles.SendBody, spoiled protocol.Code) letter {
	l := letter{what: SentBody, bytes: int64(e.Length), input: roles.BodyDone{Link: k.id}}
	if spoiled != 0 {
		l.input = roles.BodySpoiled{Link: k.id, Code: spoiled}
	}
	return l
}

type smallBuffer [pageSize + smallBody]byte

// pourSmall sends the pending messages, the last of which is the CONTENT, and a small body in one
// write. more says that another answer follows at once.
func (k *link) pourSmall(file *sharedFile, head outbox, e roles.SendBody, more bool) letter {
	buffer := smallBuffers.Get().(*smallBuffer)
	defer smallBuffers.Put(buffer)
	begin := copy(buffer[:], head.buf)
	head.giveBack()
	all := buffer[:begin+int(e.Length)]
	spoiled := file.fill(all[begin:], int64(e.Offset))
	for sent := 0; sent < len(all); {
		k.conn.SetWriteDeadline(time.Now().Add(bodyTick))
		n, err := k.put(all[sent:], more)
		if moved := sent + n - max(sent, begin); moved > 0 {
			k.run.post(letter{from: k, input: roles.Moved{Link: k.id, Bytes: int64(moved)}})
		}
		if sent += n; err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return k.lose(err)
		}
	}
	return k.poured(e, spoiled)
}

// fill reads bytes of the file. If the file can't be read or has changed, it fills data with zeros
// and returns the code.
func (f *sharedFile) fill(data []byte, offset int64) (spoiled protocol.Code) {
	_, err := f.Seek(offset, io.SeekStart)
	if err == nil {
		_, err = io.ReadFull(f, data)
	}
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && f.lacks(uint64(offset), uint64(len(data))):
		spoiled = protocol.Changed
	case err != nil:
		spoiled = protocol.Internal
	default:
		return 0
	}
	clear(data)
	return spoiled
}

// fault checks whether the file is the reason of a failed copy. It returns Changed if the file ends
// at offset, Internal if it can't be read there, and otherwise 0.
func (f *sharedFile) fault(offset int64) protocol.Code {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return protocol.Internal
	}
	var b [1]byte
	switch _, err := io.ReadFull(f, b[:]); err {
	case nil:
		return 0
	case io.EOF:
		return protocol.Changed
	}
	return protocol.Internal
}
