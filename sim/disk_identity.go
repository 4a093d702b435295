package sim

import (
	"encoding/binary"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

const group = protocol.GroupSize

// identity is what identifies a content of a size. The parents of its tree are real, so that
// machines verify real slices. The chaining values of its chunk groups are computed from the
// content's number: hashing real bytes would be a waste.
type identity struct {
	content int
	size    uint64
	hash    protocol.Hash
	values  []protocol.Hash
	tree    []byte
}

// identities creates each identity once.
type identities map[identityKey]*identity

type identityKey struct {
	content int
	size    uint64
}

// mostIdentities bounds the cache of identities.
const mostIdentities = 20_000

func (all identities) of(number int, size uint64) *identity {
	key := identityKey{number, size}
	if known := all[key]; known != nil {
		return known
	}
	if len(all) >= mostIdentities {
		clear(all)
	}
	id := &identity{content: number, size: size}
	groups := protocol.Groups(size)
	for g := range groups {
		id.values = append(id.values, groupValue(number, g, groupLength(size, g), groups == 1))
	}
	id.hash, id.tree = content.Build(id.values)
	all[key] = id
	return id
}

// slice returns a slice of this content's tree.
func (id *identity) slice(first, count uint64) []byte {
	return content.Slice(id.tree, uint64(len(id.values)), first, count)
}

// groupLength returns the length of a group in a file of a size.
func groupLength(size, g uint64) uint64 { return min(size-g*group, group) }

// groupValue replaces content.ChainingValue: it is equal for equal bytes, and different otherwise.
func groupValue(number int, g, length uint64, whole bool) (h protocol.Hash) {
	seed := mix(mix(mix(0x5eed, uint64(number)), g), length)
	if whole {
		seed = mix(seed, 1)
	}
	random := scenario.NewSeeded(seed)
	for i := 0; i < len(h); i += 8 {
		binary.LittleEndian.PutUint64(h[i:], random.Uint64()|1)
	}
	return h
}

// gathered is the bytes of one group that have arrived, in order.
type gathered struct {
	parts []segment
	size  uint64
}

func (g *gathered) add(seg segment) {
	if n := len(g.parts); n > 0 && seg.raw == nil {
		last := &g.parts[n-1]
		if last.raw == nil && last.content == seg.content && last.offset+uint64(last.size) == seg.offset {
			last.size += seg.size
			g.size += uint64(seg.size)
			return
		}
	}
	g.parts = append(g.parts, seg)
	g.size += uint64(seg.size)
}

// content returns the number of the content that the bytes are of at an offset, or false if they
// are of none.
func (g *gathered) content(offset uint64) (number int, uniform bool) {
	number = -1
	for i := range g.parts {
		if g.parts[i].raw == nil {
			number = g.parts[i].content
			break
		}
	}
	for i := range g.parts {
		p := &g.parts[i]
		if number < 0 || !p.is(number, offset) {
			return 0, false
		}
		offset += uint64(p.size)
	}
	return number, true
}

// is reports whether a segment has the bytes of a content at an offset.
func (s *segment) is(number int, offset uint64) bool {
	if s.raw == nil {
		return s.content == number && (s.offset == offset || number == zeros)
	}
	for i, b := range s.raw {
		if b != contentByte(number, offset+uint64(i)) {
			return false
		}
	}
	return true
}

// valued reports whether the bytes are a whole group with that chaining value.
func (g *gathered) valued(number uint64, whole bool, value protocol.Hash) bool {
	content, uniform := g.content(number * group)
	return uniform && groupValue(content, number, g.size, whole) == value
}
