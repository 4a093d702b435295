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

// goods is a content with its identity.
type goods struct {
	bytes []byte
	hash  protocol.Hash
	tree  []byte
}

// shelf is a share in memory.
type shelf map[string]*goods

// Open is [transport.Share]'s.
func (s shelf) Open(_ context.Context, name string, hash protocol.Hash, _ func(done, size uint64)) (transport.File, *protocol.Error) {
	g := s[name]
	if name == "" {
		for _, other := range s {
			if other.hash == hash {
				g = other
			}
		}
	}
	switch {
	case g == nil:
		return nil, &protocol.Error{Code: protocol.NotFound}
	case !hash.IsZero() && g.hash != hash:
		return nil, &protocol.Error{Code: protocol.Changed}
	}
	return shown{bytes.NewReader(g.bytes), g}, nil
}

// shown is a file of a shelf that is open.
type shown struct {
	*bytes.Reader
	goods *goods
}

func (shown) Close() error          { return nil }
func (s shown) Size() uint64        { return uint64(len(s.goods.bytes)) }
func (s shown) Hash() protocol.Hash { return s.goods.hash }
func (s shown) Changed() bool       { return false }

func (s shown) Slice(first, count uint64) ([]byte, error) {
	groups := protocol.Groups(s.Size())
	if first >= groups {
		return nil, nil
	}
	return content.Slice(s.goods.tree, groups, first, min(count, groups-first)), nil
}

// pile is a store in memory. Only what has been verified gets into it, and it gives out only what has been committed.
type pile struct {
	mu        sync.Mutex
	content   []byte
	has       roles.Groups
	committed bool
}

// Holds implements [transport.Store].
func (p *pile) Holds(context.Context, roles.InspectStore) (hash protocol.Hash, size uint64, err error) {
	return hash, 0, nil
}

// Release implements [transport.Store].
func (p *pile) Release(int) {}

// Commit implements [transport.Store].
func (p *pile) Commit(_ context.Context, items ...roles.Placement) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if want := protocol.Groups(uint64(len(p.content))); len(items) != 1 || p.has.Count() != want {
		return fmt.Errorf("%d items are committed with %d of %d groups", len(items), p.has.Count(), want)
	}
	p.committed = true
	return nil
}

// taken returns the content once it has been committed.
func (p *pile) taken() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.committed {
		return nil
	}
	return p.content
}

// Open is [transport.Store]'s.
func (p *pile) Open(_ context.Context, want roles.OpenStore, _ func(done, size uint64)) (roles.Groups, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	other := len(p.content) > 0
	p.content, p.has, p.committed = make([]byte, want.Size), nil, false
	return nil, other, nil
}

// Receive is [transport.Store]'s.
func (p *pile) Receive(int, uint64) (transport.Sink, error) { return p.put, nil }

func (p *pile) put(group uint64, value protocol.Hash, data []byte) error {
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

// texts are contents that tell which variant they are, all through.
var texts = sync.OnceValue(func() (all [variants][]byte) {
	for variant := range all {
		for at := 0; at < longestText; at += 8 {
			all[variant] = binary.BigEndian.AppendUint64(all[variant], uint64(at)*2654435761+uint64(variant)<<56)
		}
	}
	return all
})

// known are the goods that have been hashed.
var known sync.Map

// text returns goods of a size and a variant: a piece of a text that is made, and hashed, once for all.
func text(size, variant int) *goods {
	key := [2]int{size, variant % variants}
	if made, is := known.Load(key); is {
		return made.(*goods)
	}
	g := &goods{bytes: texts()[key[1]][:size:size]}
	var values []protocol.Hash
	for at := 0; at < size; at += protocol.GroupSize {
		values = append(values, content.ChainingValue(uint64(len(values)), g.bytes[at:min(size, at+protocol.GroupSize)], size <= protocol.GroupSize))
	}
	g.hash, g.tree = content.Build(values)
	known.Store(key, g)
	return g
}

var _ io.ReadSeekCloser = shown{}
