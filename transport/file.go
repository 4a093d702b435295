package transport

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// sharedFile is the file that OpenFile opened. Its flags are guarded by the run's mutex.
type sharedFile struct {
	io.ReadSeekCloser
	busy   bool // a body is being read from it
	orphan bool // whoever is busy with it closes it
}

// openFile has the disk asked. It may take its time, or hang: nobody waits for it but the machine's deadline.
func (r *run) openFile(e roles.OpenFile) {
	r.closeFile()
	r.mu.Lock()
	r.opening++
	number := r.opening
	r.mu.Unlock()
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		file, refusal := r.loop.Share.Open(r.diskContext(), e.Name, e.Hash, func(done, size uint64) {
			r.post(letter{input: roles.FileHashing{Done: done, Size: size}})
		})
		if refusal != nil {
			r.post(letter{input: roles.FileRefused{Code: refusal.Code, Text: refusal.Text}})
			return
		}
		nodes, err := file.Slice(e.First, e.Count)
		if err != nil {
			file.Close()
			r.post(letter{input: roles.FileRefused{Code: protocol.Internal, Text: "the node could not read this file's tree"}})
			return
		}
		found := roles.FileFound{Size: file.Size(), Hash: file.Hash(), Nodes: nodes}
		r.mu.Lock()
		wanted := !r.tidied && r.opening == number
		if wanted {
			r.file = &sharedFile{ReadSeekCloser: file}
		}
		r.mu.Unlock()
		if !wanted {
			file.Close()
			return
		}
		r.post(letter{input: found})
	}()
}

// closeFile closes the file that is open, if one is, and disowns one that is still being opened.
func (r *run) closeFile() {
	r.mu.Lock()
	file := r.file
	r.file = nil
	r.opening++
	if file != nil && file.busy {
		file.orphan, file = true, nil
	}
	r.mu.Unlock()
	if file != nil {
		file.Close()
	}
}

// sendBody has bytes of the open file sent from a goroutine of its own, so that the machine can go on.
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
	k.sending = true
	r.enterDisk()
	go func() {
		defer r.leaveDisk()
		l := k.pour(file, e)
		r.mu.Lock()
		file.busy = false
		orphan := file.orphan
		r.mu.Unlock()
		if orphan {
			file.Close()
		}
		l.from = k
		r.post(l)
	}()
}

// pour sends bytes of the file. Bare, file and connection let the kernel move them. What the file does not give
// is filled with zeros: so many bytes were promised.
func (k *link) pour(file *sharedFile, e roles.SendBody) letter {
	spoiled := protocol.Code(0)
	for sent := uint64(0); sent < e.Length; {
		var n int64
		var err error
		k.conn.SetWriteDeadline(time.Now().Add(bodyTick))
		if most := int64(min(e.Length-sent, bodyChunk)); spoiled == 0 {
			// Sought anew each time: a copy that the deadline ended may have read more than it sent.
			if _, err = file.Seek(int64(e.Offset+sent), io.SeekStart); err == nil {
				n, err = io.CopyN(k.conn, file.ReadSeekCloser, most)
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
		if code := file.fault(int64(e.Offset + sent)); spoiled == 0 && code != 0 {
			spoiled = code
			continue
		}
		return k.lose(err)
	}
	l := letter{what: SentBody, bytes: int64(e.Length), input: roles.BodyDone{Link: k.id}}
	if spoiled != 0 {
		l.input = roles.BodySpoiled{Link: k.id, Code: spoiled}
	}
	return l
}

// fault says whether it is the file that can't be read on: Changed if it ends here, Internal if it fails.
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

var zeros [64 << 10]byte
