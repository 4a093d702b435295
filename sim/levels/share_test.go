package levels

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// file is a content with its identity.
type file struct {
	bytes []byte
	hash  protocol.Hash
	tree  []byte
}

// share is a share in memory.
type share map[string]*file

// Open implements [transport.Share].
func (s share) Open(_ context.Context, name string, hash protocol.Hash, _ func(done, size uint64)) (transport.File, *protocol.Error) {
	f := s[name]
	if name == "" {
		for _, other := range s {
			if other.hash == hash {
				f = other
			}
		}
	}
	switch {
	case f == nil:
		return nil, &protocol.Error{Code: protocol.NotFound}
	case !hash.IsZero() && f.hash != hash:
		return nil, &protocol.Error{Code: protocol.Changed}
	}
	return openFile{bytes.NewReader(f.bytes), f}, nil
}

// Follow implements [transport.Lister]: all is there from the start, and stays.
func (s share) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	for name, f := range s {
		change(protocol.Entry{Name: name, Size: uint64(len(f.bytes)), Hash: f.hash})
	}
	extent(roles.ExtentWhole)
	<-ctx.Done()
	return nil
}

// openFile is an open file of a share.
type openFile struct {
	*bytes.Reader
	file *file
}

func (openFile) Close() error          { return nil }
func (s openFile) Size() uint64        { return uint64(len(s.file.bytes)) }
func (s openFile) Hash() protocol.Hash { return s.file.hash }
func (s openFile) Changed() bool       { return false }

func (openFile) Attributes() protocol.Attributes { return protocol.Attributes{} }

func (s openFile) Slice(first, count uint64) ([]byte, error) {
	groups := protocol.Groups(s.Size())
	if first >= groups {
		return nil, nil
	}
	return content.Slice(s.file.tree, groups, first, min(count, groups-first)), nil
}

// memoryStore is a store in memory. It only contains verified groups, and gives out its content once
// that is committed.
type memoryStore struct {
	mu        sync.Mutex
	content   []byte
	has       roles.Groups
	committed bool
}

// Holds implements [transport.Store].
func (p *memoryStore) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Release implements [transport.Store].
func (p *memoryStore) Release(int) {}

// Commit implements [transport.Store].
func (p *memoryStore) Commit(_ context.Context, items ...roles.Placement) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if groups := protocol.Groups(uint64(len(p.content))); len(items) != 1 || p.has.Count() != groups {
		return fmt.Errorf("a commit of %d items, with %d of %d groups", len(items), p.has.Count(), groups)
	}
	p.committed = true
	return nil
}

// fetched returns the content, or nil before it is committed.
func (p *memoryStore) fetched() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.committed {
		return nil
	}
	return p.content
}

// Open implements [transport.Store].
func (p *memoryStore) Open(_ context.Context, want roles.OpenStore, _ func(done, size uint64)) (roles.Groups, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	other := len(p.content) > 0
	p.content, p.has, p.committed = make([]byte, want.Size), nil, false
	return nil, other, nil
}

// Receive implements [transport.Store].
func (p *memoryStore) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) {
	return p.put, nil
}

func (p *memoryStore) put(group uint64, value protocol.Hash, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := group * protocol.GroupSize
	if p.has.Has(group) && !bytes.Equal(p.content[at:at+uint64(len(data))], data) {
		return fmt.Errorf("group %d came twice, and differs", group)
	}
	p.has.Add(group)
	copy(p.content[at:], data)
	return nil
}

const (
	variants    = 8
	longestText = protocol.GroupSize*2 + 200_000
)

// texts are contents whose every word names their variant.
var texts = sync.OnceValue(func() (all [variants][]byte) {
	for variant := range all {
		for at := 0; at < longestText; at += 8 {
			all[variant] = binary.BigEndian.AppendUint64(all[variant], uint64(at)*2654435761+uint64(variant)<<56)
		}
	}
	return all
})

// hashed holds the files that have been made, by size and variant.
var hashed sync.Map

// text returns a file of a size and a variant. It is made and hashed once.
func text(size, variant int) *file {
	key := [2]int{size, variant % variants}
	if made, is := hashed.Load(key); is {
		return made.(*file)
	}
	f := &file{bytes: texts()[key[1]][:size:size]}
	var values []protocol.Hash
	for at := 0; at < size; at += protocol.GroupSize {
		values = append(values, content.ChainingValue(uint64(len(values)), f.bytes[at:min(size, at+protocol.GroupSize)], size <= protocol.GroupSize))
	}
	f.hash, f.tree = content.Build(values)
	hashed.Store(key, f)
	return f
}

var _ io.ReadSeekCloser = openFile{}
