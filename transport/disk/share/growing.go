package share

import (
	"context"
	"io"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// A file that is appended to all the time, as a log, has another signature at each look, and never
// one whose content could be hashed before the next. Its first bytes stay as they are, though: so
// many of them are a content that can be served. They are hashed twice; if both times each group has
// the same hash, then between the two the file began with just these bytes. A group is compared with
// its hash once more when it is sent, so that no other bytes are sent under it.

// prefix is the content that a growing file began with at some time.
type prefix struct {
	inode index.Inode
	size  int64         // bytes
	past  bool          // it is for those who ask for its hash only: the file was hashed whole, and no longer is what it was
	done  atomic.Uint64 // bytes hashed, the second time as well
	over  chan struct{} // closed at the end; the rest is set by then

	hash   protocol.Hash
	values []protocol.Hash // of its groups
	tree   []byte
	ended  time.Time
	err    error
}

const (
	mostPrefixes = 64              // kept, the latest
	mostPrefix   = 64 << 30        // bytes of one; its hashes take 4 MiB
	prefixFresh  = 5 * time.Second // so long requests by name alone get the same: those of one fetch must
)

// fits reports whether a file has the prefix, unless it was written to elsewhere than at its end.
func (p *prefix) fits(now index.Signature) bool { return now.Inode == p.inode && now.Size >= p.size }

// isOver reports whether the prefix has been hashed.
func (p *prefix) isOver() bool {
	select {
	case <-p.over:
		return p.err == nil
	default:
		return false
	}
}

// keptPrefix returns the prefix of a file that has a hash, or nil. Without a hash it returns the
// latest.
func (s *Folder) keptPrefix(sig index.Signature, hash protocol.Hash) *prefix {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.prefixes) {
		if p.fits(sig) && p.isOver() && (p.hash == hash || hash.IsZero() && !p.past) {
			return p
		}
	}
	return nil
}

// newPrefix has a prefix of a file hashed, as long as the file is now, unless one is being hashed or
// is fresh.
func (s *Folder) newPrefix(name string, sig index.Signature) (*prefix, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range slices.Backward(s.prefixes) {
		if p.fits(sig) && !p.past && p.err == nil && (!p.isOver() || time.Since(p.ended) < prefixFresh) {
			return p, nil
		}
	}
	if s.closed {
		return nil, os.ErrClosed
	}
	if sig.Size == 0 || sig.Size > mostPrefix {
		return nil, errChanged
	}
	p := &prefix{inode: sig.Inode, size: sig.Size, over: make(chan struct{})}
	s.keepPrefix(p)
	s.workers.Go(func() { s.hashPrefix(name, p) })
	return p, nil
}

// openGrowing opens a file that changes all the time as what it began with.
func (s *Folder) openGrowing(ctx context.Context, name string, sig index.Signature, hashing func(done, size uint64)) (transport.File, error) {
	p, err := s.newPrefix(name, sig)
	if err != nil {
		return nil, err
	}
	size := uint64(p.size)
	if err := s.await(ctx, p.over, func() { hashing(min(p.done.Load()/2, size), size) }); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	opened, _, err := s.openFile(name)
	if err != nil {
		return nil, err
	}
	f := &grownFile{file: opened, name: name, prefix: p, groupAt: -1}
	if f.Changed() {
		f.Close()
		return nil, errChanged
	}
	return f, nil
}

// hashPrefix hashes a prefix twice.
func (s *Folder) hashPrefix(name string, p *prefix) {
	defer close(p.over)
	first, err := s.prefixValues(name, p)
	if err == nil {
		p.values, err = s.prefixValues(name, p)
	}
	if err == nil && !slices.Equal(first, p.values) {
		err = errChanged
	}
	if err != nil {
		s.mu.Lock()
		p.err = err
		s.mu.Unlock()
		return
	}
	p.hash, p.tree = content.Build(p.values)
	p.ended = time.Now()
}

// prefixValues returns the chaining values of a prefix's groups, as they are now.
func (s *Folder) prefixValues(name string, p *prefix) (values []protocol.Hash, err error) {
	opened, sig, err := s.openFile(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	if !p.fits(sig) {
		return nil, errChanged
	}
	buffer := make([]byte, min(p.size, protocol.GroupSize))
	for group := range protocol.Groups(uint64(p.size)) {
		data, err := p.read(opened, group, buffer)
		if err != nil {
			return nil, err
		}
		values = append(values, content.ChainingValue(group, data, p.size <= protocol.GroupSize))
		p.done.Add(uint64(len(data)))
		s.options.read()
		if s.ctx.Err() != nil {
			return nil, os.ErrClosed
		}
	}
	return values, nil
}

// read reads a group of a prefix into a buffer.
func (p *prefix) read(from *os.File, group uint64, buffer []byte) (data []byte, err error) {
	at := int64(group) * protocol.GroupSize
	data = buffer[:min(p.size-at, protocol.GroupSize)]
	if _, err = from.ReadAt(data, at); err == io.EOF {
		err = errChanged
	}
	return data, err
}
