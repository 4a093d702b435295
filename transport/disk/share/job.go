package share

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// job is a file being hashed, piece by piece, by one worker or several. The share's mutex guards a
// field unless its comment says otherwise.
type job struct {
	name      string          // to open it by; immutable
	signature index.Signature // the content that is meant; immutable
	entries   []*entry        // that wait for it
	waiters   int             // requests that do
	done      atomic.Uint64   // bytes
	over      chan struct{}   // closed at the end; err is set by then

	opened   bool
	file     *os.File // immutable once opened, and so are pieces and tree
	pieces   uint64
	tree     uint64               // of more than one segment
	next     uint64               // the first piece that is not handed out
	left     uint64               // pieces that are not done
	flying   int                  // who works on it
	unhashed map[uint64]*unhashed // segments under way
	values   []protocol.Hash      // of the segments that are done
	err      error
}

// unhashed is a segment of which groups are missing.
type unhashed struct {
	values []protocol.Hash
	left   int
}

// pieceGroups is the number of groups that a worker hashes in one go. After each piece another job
// has its turn, and the file's signature is compared.
const pieceGroups = 16

var errChanged = errors.New("disk: the file changed while it was being hashed")

func (s *Folder) newJob(name string, sig index.Signature) *job {
	j := &job{name: name, signature: sig, over: make(chan struct{})}
	s.jobs[sig.Inode] = j
	return j
}

// give has an entry wait for a job.
func (s *Folder) give(j *job, e *entry) {
	j.entries = append(j.entries, e)
	s.hold(e)
}

// work hashes pieces until the share is closed.
func (s *Folder) work(hurried bool) {
	var buffer []byte // for a group; most never need it
	for {
		j, piece, open := s.take(hurried)
		if j == nil {
			return
		}
		if open {
			var goesOn bool
			if piece, goesOn = s.prepare(j); !goesOn {
				continue
			}
		}
		if buffer == nil {
			buffer = make([]byte, protocol.GroupSize)
		}
		var values []protocol.Hash
		err := s.options.ask("read", j.name)
		if err == nil {
			values, err = j.hash(piece, buffer)
		}
		if s.options.read(); err == nil {
			err = j.check()
		}
		s.hashed.Add(uint64(len(values)))
		s.deliver(j, piece, values, err)
	}
}

// prepare opens the job's file, finds out which pieces are left, and returns the first of them, if
// there is one.
func (s *Folder) prepare(j *job) (piece uint64, goesOn bool) {
	if r, known := s.index.Lookup(j.signature); known {
		s.end(j, r, nil)
		return 0, false
	}
	s.keepLent(j.signature)
	file, sig, err := s.openFile(j.name)
	if err == nil && sig != j.signature {
		file.Close()
		err = errChanged
	}
	if err != nil {
		s.end(j, index.Record{}, err)
		return 0, false
	}
	tree, begun := s.begun(j.signature)
	s.mu.Lock()
	defer s.mu.Unlock()
	j.opened, j.file, j.tree = true, file, tree
	j.pieces = max(1, (sig.Groups()+pieceGroups-1)/pieceGroups)
	j.next = uint64(len(begun)) * (content.SegmentGroups / pieceGroups)
	j.left = j.pieces - j.next
	j.unhashed = map[uint64]*unhashed{}
	j.values = begun
	j.done.Store(j.next * pieceGroups * protocol.GroupSize)
	piece = j.next
	j.next++
	s.offer(j)
	return piece, true
}

// begun returns the tree for a file of several segments, and the chaining values of segments that
// were hashed in an earlier run.
func (s *Folder) begun(sig index.Signature) (tree uint64, values []protocol.Hash) {
	if content.Segments(sig.Groups()) < 2 {
		return 0, nil
	}
	if tree, values = s.index.Begun(sig); tree == 0 {
		tree = s.index.NewTree()
		s.index.Put(index.Record{Signature: sig, Tree: tree})
	}
	return tree, values
}

// hash returns the chaining values of a piece's groups. The buffer has room for one group.
func (j *job) hash(piece uint64, buffer []byte) (values []protocol.Hash, err error) {
	groups, size := j.signature.Groups(), uint64(j.signature.Size)
	first := piece * pieceGroups
	advise(j.file, int64(first+2*pieceGroups)*protocol.GroupSize, pieceGroups*protocol.GroupSize)
	for group := first; group < min(first+pieceGroups, groups); group++ {
		at := group * protocol.GroupSize
		data := buffer[:min(size-at, protocol.GroupSize)]
		if _, err := j.file.ReadAt(data, int64(at)); err == io.EOF {
			return nil, errChanged
		} else if err != nil {
			return nil, err
		}
		values = append(values, content.ChainingValue(group, data, groups == 1))
		j.done.Add(uint64(len(data)))
	}
	return values, nil
}

// check returns errChanged if the file's signature has changed.
func (j *job) check() error {
	info, err := j.file.Stat()
	if err == nil && index.SignatureOf(j.name, info) != j.signature {
		err = errChanged
	}
	return err
}

// deliver records the result of a piece.
func (s *Folder) deliver(j *job, piece uint64, values []protocol.Hash, err error) {
	s.mu.Lock()
	if err != nil && j.err == nil {
		j.err = err
		s.withdraw(j)
	}
	number := piece * pieceGroups / content.SegmentGroups
	if whole := j.put(number, piece*pieceGroups%content.SegmentGroups, values); whole != nil && j.tree != 0 && j.err == nil {
		s.mu.Unlock()
		value, _ := content.Subtree(whole)
		s.index.Add(j.tree, number, value, whole)
		s.mu.Lock()
		j.keep(number, value)
		delete(j.unhashed, number)
	}
	j.left--
	j.flying--
	over := j.flying == 0 && (j.left == 0 || j.err != nil)
	s.mu.Unlock()
	if over {
		s.conclude(j)
	}
}

// put records chaining values of a segment's groups from one on. It returns all values of the
// segment once they are complete.
func (j *job) put(number, from uint64, values []protocol.Hash) (whole []protocol.Hash) {
	u := j.unhashed[number]
	if u == nil {
		groups := min(j.signature.Groups()-number*content.SegmentGroups, content.SegmentGroups)
		u = &unhashed{make([]protocol.Hash, groups), int(groups)}
		j.unhashed[number] = u
	}
	copy(u.values[from:], values)
	if u.left -= len(values); u.left > 0 {
		return nil
	}
	return u.values
}

// keep records the chaining value of a segment. Memory grows with what has been hashed, and not with
// the size of the file, which may be a hole.
func (j *job) keep(number uint64, value protocol.Hash) {
	for uint64(len(j.values)) <= number {
		j.values = append(j.values, protocol.Hash{})
	}
	j.values[number] = value
}

// conclude ends a job that has no piece left or has failed. No other worker has a piece of it.
func (s *Folder) conclude(j *job) {
	if j.err == nil && j.pieces > 1 { // who did the last piece looked, but others may have read after that
		j.err = j.check()
	}
	j.file.Close()
	if j.err != nil {
		s.end(j, index.Record{}, j.err)
		return
	}
	r := index.Record{Signature: j.signature, Tree: j.tree}
	switch groups := j.signature.Groups(); {
	case j.tree != 0:
		r.Hash, _ = content.Build(j.values)
	case groups < 2:
		r.Hash, _ = content.Build(j.unhashed[0].values)
	default:
		r.Tree = s.index.NewTree()
		r.Hash, _ = content.Build(j.unhashed[0].values)
		s.index.Add(r.Tree, 0, r.Hash, j.unhashed[0].values)
	}
	s.index.Put(r)
	s.end(j, r, nil)
}

// end gives the result of a job to its entries, and wakes the requests that wait for it.
func (s *Folder) end(j *job, r index.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.opened, j.err = true, err
	delete(s.jobs, j.signature.Inode)
	for _, e := range j.entries {
		e.queued = false
		s.release(e) // and if its name is gone, its signature stays none
		switch {
		case e.signature == index.Signature{}: // dropped
		case err == nil && e.signature == j.signature:
			s.identify(e, r)
		case err == nil || errors.Is(err, errChanged):
			if e.backOff(); e.tries >= restlessTries {
				s.tellOpaque(e)
				s.note(e, byChanges, "it changes faster than it can be hashed")
			}
			s.enqueue(e)
			s.hints.touch(s.entryName(e))
		case errors.Is(err, fs.ErrNotExist):
			s.hints.touch(s.entryName(e))
		default: // the next walk has it tried again
			s.tellOpaque(e)
			s.note(e, causeOfError(err), disk.Reason(err).Error())
			s.cannotRead(e, err)
		}
		s.arrive(e)
	}
	if len(j.entries) == 0 {
		s.hints.touch(j.name)
	}
	close(j.over)
}
