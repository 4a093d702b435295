package transport

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// sharedFile is the file that OpenFile opened. Its flags are guarded by the run's mutex.
type sharedFile struct {
	File
	name     string // as in the OpenFile
	busy     bool   // a body is being read from it
	detached bool   // the goroutine that reads from it closes it
}

// serves reports whether the file answers another OpenFile: it has the requested name and content
// and is unchanged. A name without a hash has to be opened again, because it may lead to another
// file by now.
func (f *sharedFile) serves(e roles.OpenFile) bool {
	return e.Hash == f.Hash() && e.Name == f.name && !f.lacks(0, 0)
}

// lacks reports whether bytes of the content may not be in the file any more.
func (f *sharedFile) lacks(offset, length uint64) bool {
	if !f.Changed() {
		return false
	}
	prover, can := f.File.(Prover)
	return !can || !prover.Holds(offset, length)
}

// openFile starts to open a file of the share. The disk may be slow or hang: only the machine's
// deadline waits for it.
func (r *run) openFile(e roles.OpenFile) {
	ctx, cancel := context.WithCancel(r.diskContext())
	before, number := r.detach(cancel)
	r.toDisk(func() (l letter) {
		defer cancel()
		file, refusal := before, (*protocol.Error)(nil)
		if before == nil || !before.serves(e) {
			before.close()
			file, refusal = r.ask(ctx, e, number)
		}
		var nodes []byte
		if refusal == nil {
			file, nodes, refusal = r.slice(ctx, file, e, number)
		}
		if refusal == nil {
			l = r.offer(file, nodes, number)
		}
		if refusal != nil && r.wants(number) {
			l.input = roles.FileRefused{Code: refusal.Code, Text: refusal.Text}
		}
		return l
	})
}

// ask opens a file of the share.
func (r *run) ask(ctx context.Context, e roles.OpenFile, number uint64) (*sharedFile, *protocol.Error) {
	if r.loop.Share == nil {
		return nil, &protocol.Error{Code: protocol.Internal, Text: "this node has nothing to share"}
	}
	file, refusal := r.loop.Share.Open(ctx, e.Name, e.Hash, func(done, size uint64) {
		if r.wants(number) {
			r.post(letter{input: roles.FileHashing{Done: done, Size: size}})
		}
	})
	if refusal != nil {
		return nil, refusal
	}
	if file.Size() > protocol.MaxFile {
		file.Close()
		return nil, &protocol.Error{Code: protocol.Limit, Text: "the file is too large to be shared"}
	}
	return &sharedFile{File: file, name: e.Name}, nil
}

// slice returns the requested slice of a file's tree. A share that has lost the tree makes it anew
// when the file is opened again.
func (r *run) slice(ctx context.Context, file *sharedFile, e roles.OpenFile, number uint64) (*sharedFile, []byte, *protocol.Error) {
	for range 2 {
		groups := protocol.Groups(file.Size())
		if e.First >= groups || e.Count == 0 {
			return file, nil, nil
		}
		nodes, err := file.Slice(e.First, min(e.Count, groups-e.First))
		if err == nil {
			return file, nodes, nil
		}
		file.close()
		var refusal *protocol.Error
		if file, refusal = r.ask(ctx, e, number); refusal != nil {
			return nil, nil, refusal
		}
	}
	file.close()
	return nil, nil, &protocol.Error{Code: protocol.Internal, Text: "the node could not read the tree of this file"}
}

// offer makes a file the run's open file and returns the FileFound with a slice of its tree. It
// closes the file if a later OpenFile has replaced this one or the run has ended.
func (r *run) offer(file *sharedFile, nodes []byte, number uint64) (l letter) {
	found := roles.FileFound{Size: file.Size(), Hash: file.Hash(), Nodes: nodes, Attributes: file.Attributes()}
	r.mu.Lock()
	wanted := !r.tidied && r.opening == number
	if wanted {
		r.file = file
	}
	r.mu.Unlock()
	if !wanted {
		file.close()
		return l
	}
	return letter{input: found}
}

// wants reports whether the OpenFile with that number is still the latest.
func (r *run) wants(number uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.tidied && r.opening == number
}

// detach takes the open file from the run and returns it, or nil if there is none or it is busy; a
// busy file is closed when its body ends. It cancels an OpenFile that is under way, and returns the
// number of the next one, which cancel ends.
func (r *run) detach(cancel context.CancelFunc) (*sharedFile, uint64) {
	r.mu.Lock()
	file, end := r.file, r.endOpening
	r.file, r.endOpening = nil, cancel
	r.opening++
	number := r.opening
	if file != nil && file.busy {
		file.detached, file = true, nil
	}
	r.mu.Unlock()
	if end != nil {
		end()
	}
	return file, number
}

// closeFile closes the open file, if there is one, and cancels an OpenFile that is under way.
func (r *run) closeFile() {
	file, _ := r.detach(nil)
	file.close()
}

// close closes the file, if there is one.
func (f *sharedFile) close() {
	if f != nil {
		f.File.Close()
	}
}

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

// smallBody is the size up to which a body goes out with its CONTENT in one write, which is less
// work and takes fewer packets.
const smallBody = 64 << 10

type smallBuffer [pageSize + smallBody]byte

var smallBuffers = sync.Pool{New: func() any { return new(smallBuffer) }}

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

var zeros [64 << 10]byte
