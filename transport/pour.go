package transport

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// sendBody sends bytes of the open file. Those of a small file follow the messages before them in
// the outbox; when the next request has already come, they wait there for its answer. What may take
// its time is done from another goroutine, so that the machine can go on.
func (k *link) sendBody(e roles.SendBody) {
	small := e.Length <= smallBody && len(k.out.buf) <= smallBody
	if !small {
		k.flush()
	}
	k.sending, k.passed = true, 0
	waits := small && !k.run.loop.Shape.bounds() && len(k.out.buf)+int(e.Length) <= mostWithheld && k.asked()
	if waits {
		k.withhold()
	}
	if small && k.fillWhole(e) {
		k.pourFilled(e, waits)
		return
	}
	file := k.run.occupy()
	k.run.toDisk(func() (l letter) {
		if small {
			l = k.pourSmall(file, e, waits)
		} else {
			l = k.pour(file, e)
		}
		k.run.vacate(file)
		l.from = k
		return l
	})
}

// occupy returns the open file, for a body that is read from it, and vacate ends that.
func (r *run) occupy() *sharedFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		panic("transport: SendBody without an open file")
	}
	r.file.busy = true
	return r.file
}

func (r *run) vacate(file *sharedFile) {
	r.mu.Lock()
	file.busy = false
	detached := file.detached
	r.mu.Unlock()
	if detached {
		file.Close()
	}
}

// pour sends bytes of the file. The kernel moves them (sendfile) if neither the file nor the
// connection is wrapped; over TLS the connection reads them (ReadFrom), and may send a piece that it
// has encrypted in place of zeros. After each piece pour checks the file. Once it has changed since it
// was hashed, or can't be read, zeros take the place of the rest, because CONTENT has promised the
// length.
func (k *link) pour(file *sharedFile, e roles.SendBody) letter {
	spoiled, ration := protocol.Code(0), k.ration()
	defer ration.end()
	for sent := uint64(0); sent < e.Length; {
		var n int64
		may, err := ration.get(int(min(e.Length-sent, bodyChunk)))
		if err != nil {
			return k.lose(err)
		}
		padding := spoiled != 0
		k.conn.SetWriteDeadline(time.Now().Add(bodyTick))
		if most := int64(may); !padding {
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
		ration.sent(int(n))
		if n > 0 {
			k.run.post(letter{from: k, what: SentBody, input: roles.Moved{Link: k.id, Bytes: n}})
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

// fillWhole puts bytes of a file that has been read whole into the outbox. It reports false if there
// is no such file.
func (k *link) fillWhole(e roles.SendBody) bool {
	r := k.run
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.whole == nil {
		return false
	}
	copy(k.out.body(e.Length), r.whole[e.Offset:])
	r.freeWhole()
	return true
}

// pourFilled sends the outbox, which ends with a whole body, unless that waits for the next answer.
func (k *link) pourFilled(e roles.SendBody, waits bool) {
	if waits {
		l := k.poured(e, 0)
		l.from = k
		k.run.post(l)
		return
	}
	k.run.toDisk(func() letter {
		l := k.pourBox(e, 0)
		l.from = k
		return l
	})
}

// pourSmall puts a small body behind its CONTENT into the outbox, and sends that, unless it waits for
// the next answer.
func (k *link) pourSmall(file *sharedFile, e roles.SendBody, waits bool) letter {
	spoiled := file.fill(k.out.body(e.Length), int64(e.Offset))
	if waits {
		return k.poured(e, spoiled)
	}
	return k.pourBox(e, spoiled)
}

// pourBox sends the outbox, which ends with a body.
func (k *link) pourBox(e roles.SendBody, spoiled protocol.Code) letter {
	all, begin, ration := k.out.buf, k.out.begin, k.ration()
	defer ration.end()
	for sent := 0; sent < len(all); {
		may, err := ration.get(len(all) - sent)
		if err != nil {
			return k.lose(err)
		}
		k.conn.SetWriteDeadline(time.Now().Add(bodyTick))
		n, err := k.conn.Write(all[sent : sent+may])
		ration.sent(n)
		if moved := sent + n - max(sent, begin); moved > 0 {
			k.run.post(letter{from: k, input: roles.Moved{Link: k.id, Bytes: int64(moved)}})
		}
		if sent += n; err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return k.lose(err)
		}
	}
	k.out.free()
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
