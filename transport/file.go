package transport

import (
	"context"
	"sync"

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
	before, number := r.detach()
	r.toDisk(func() (l letter) {
		if before != nil && !before.serves(e) {
			before.close()
			before = nil
		}
		if before == nil && e.Count == 0 {
			if l, ok := r.readWhole(e, number); ok {
				return l
			}
		}
		ctx, cancel := context.WithCancel(r.diskContext())
		defer cancel()
		r.opens(number, cancel)
		file, refusal := before, (*protocol.Error)(nil)
		if before == nil {
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

// readWhole reads a small file into memory, if the share can, and returns its FileFound. The file
// stands in for an open one.
func (r *run) readWhole(e roles.OpenFile, number uint64) (l letter, ok bool) {
	reader, can := r.loop.Share.(Reader)
	if !can {
		return l, false
	}
	buffer := smallBuffers.Get().(*smallBuffer)
	found, ok := reader.Read(e.Name, e.Hash, buffer[:smallBody])
	r.mu.Lock()
	defer r.mu.Unlock()
	if !ok || r.tidied || r.opening != number {
		smallBuffers.Put(buffer)
		return l, ok
	}
	r.whole = buffer
	return letter{input: found}, true
}

// opens has cancel end an OpenFile, unless it is not wanted any more.
func (r *run) opens(number uint64, cancel context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tidied || r.opening != number {
		cancel()
		return
	}
	r.endOpening = cancel
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
// number of the next one.
func (r *run) detach() (*sharedFile, uint64) {
	r.mu.Lock()
	file, end := r.file, r.endOpening
	r.file, r.endOpening = nil, nil
	r.freeWhole()
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
	file, _ := r.detach()
	file.close()
}

// freeWhole gives back the memory of a file that has been read whole. The caller holds the mutex.
func (r *run) freeWhole() {
	if r.whole != nil {
		smallBuffers.Put(r.whole)
		r.whole = nil
	}
}

// close closes the file, if there is one.
func (f *sharedFile) close() {
	if f != nil {
		f.File.Close()
	}
}

// smallBody is the size up to which a body goes out with its CONTENT in one write, which is less
// work and takes fewer packets.
const smallBody = 64 << 10

// smallBuffer has room for a small body and the messages around it.
type smallBuffer [pageSize + smallBody]byte

var smallBuffers = sync.Pool{New: func() any { return new(smallBuffer) }}

var zeros [64 << 10]byte
