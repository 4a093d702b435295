package share

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// lend notes that a client gets a file as what it is now.
func (s *Folder) lend(i index.Inode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lent); n > 0 && s.lent[n-1] == i {
		return
	}
	s.lent = append(s.lent[max(0, len(s.lent)+1-mostPrefixes):], i)
}

// keepLent keeps a content of which a client may have got a part, before its file is hashed anew.
func (s *Folder) keepLent(now index.Signature) {
	s.mu.Lock()
	is := slices.Contains(s.lent, now.Inode)
	s.mu.Unlock()
	if r, known := s.index.Latest(now.Inode); is && known {
		s.pastPrefix(now, r.Hash)
	}
}

// pastPrefix returns what a file was when it was last hashed as a prefix, if that has the hash and
// the file has not become shorter; or nil.
func (s *Folder) pastPrefix(now index.Signature, hash protocol.Hash) *prefix {
	r, known := s.index.Latest(now.Inode)
	if !known || r.Hash != hash || r.Signature.Size > min(now.Size, mostPrefix) {
		return nil
	}
	groups := r.Groups()
	slice, err := s.index.Slice(r, 0, groups)
	if err != nil {
		return nil
	}
	values, ok := content.Verify(hash, groups, 0, groups, slice)
	if !ok {
		return nil
	}
	p := &prefix{inode: now.Inode, size: r.Signature.Size, past: true, over: make(chan struct{}), hash: hash, values: values, ended: time.Now()}
	_, p.tree = content.Build(values)
	close(p.over)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepPrefix(p)
	return p
}

// keepPrefix adds a prefix, in place of the oldest if there are many.
func (s *Folder) keepPrefix(p *prefix) {
	s.prefixes = append(s.prefixes[max(0, len(s.prefixes)+1-mostPrefixes):], p)
}
