// Package content computes and verifies the hash tree of a file. It is BLAKE3's own tree, cut off
// at chunk groups of [protocol.GroupSize] bytes, as in Bao. A chunk group, or group for short, is
// the unit of verification.
//
// [ChainingValue] hashes a group, and [Build] makes the tree from the values of all groups. [Slice]
// takes from the tree the part that verifies some groups. [Verify] checks such a slice against the
// file's hash and returns the values of these groups. Each group can thus be verified by itself,
// whichever node it comes from. SPEC "The hash tree" describes it for other languages.
package content

import (
	"encoding/binary"
	"math/bits"

	"lukechampine.com/blake3/guts"

	"github.com/relaypeer/relaypeer/protocol"
)

// NodeSize is the size of a parent in a tree, in bytes: the values of its two children.
const NodeSize = 2 * protocol.HashSize

// wideChainingValue is ChainingValue for a full group on a processor that hashes sixteen chunks at
// once; nil on others. The library, which gathers each word separately, takes 1.6 times as long.
var wideChainingValue func(group uint64, data *[protocol.GroupSize]byte, whole bool) protocol.Hash

const window = guts.MaxSIMD * guts.ChunkSize

// ChainingValue returns the chaining value of a group with that number, from 0 on, and at most
// GroupSize bytes. If whole is set the group is the whole file, and its value is the file's hash.
func ChainingValue(group uint64, data []byte, whole bool) protocol.Hash {
	if len(data) == protocol.GroupSize && wideChainingValue != nil {
		return wideChainingValue(group, (*[protocol.GroupSize]byte)(data), whole)
	}
	const chunks = protocol.GroupSize / guts.ChunkSize
	var stack [16][8]uint32 // values of finished subtrees of 1, 2, 4, ... windows
	counter, done := group*chunks, uint64(0)
	for len(data) > window {
		cv := guts.ChainingValue(guts.CompressBuffer((*[window]byte)(data), window, &guts.IV, counter, 0))
		at := 0
		for ; done&(1<<at) != 0; at++ {
			cv = guts.ChainingValue(guts.ParentNode(stack[at], cv, &guts.IV, 0))
		}
		stack[at] = cv
		data, counter, done = data[window:], counter+guts.MaxSIMD, done+1
	}
	n := last(data, counter)
	for at := bits.TrailingZeros64(done); at < bits.Len64(done); at++ {
		if done&(1<<at) != 0 {
			n = guts.ParentNode(stack[at], guts.ChainingValue(n), &guts.IV, 0)
		}
	}
	return finish(n, whole)
}

// last compresses the last window, which may be short.
func last(data []byte, counter uint64) guts.Node {
	if len(data) == window {
		return guts.CompressBuffer((*[window]byte)(data), window, &guts.IV, counter, 0)
	}
	var buf [window]byte
	return guts.CompressBuffer(&buf, copy(buf[:], data), &guts.IV, counter, 0)
}

// finish returns the hash of a node, as the root's or another's.
func finish(n guts.Node, root bool) (h protocol.Hash) {
	if root {
		n.Flags |= guts.FlagRoot
	}
	for i, word := range guts.ChainingValue(n) {
		binary.LittleEndian.PutUint32(h[4*i:], word)
	}
	return h
}

func words(h []byte) (cv [8]uint32) {
	for i := range cv {
		cv[i] = binary.LittleEndian.Uint32(h[4*i:])
	}
	return cv
}

// parent returns the chaining value of a parent of NodeSize bytes.
func parent(node []byte, root bool) protocol.Hash {
	return finish(guts.ParentNode(words(node), words(node[protocol.HashSize:]), &guts.IV, 0), root)
}

// left returns how many of a parent's n groups, at least two, are under its left child: the largest
// power of two below n.
func left(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// Build returns the hash and the tree of the file whose groups have these values. The tree is the
// parents in pre-order, NodeSize bytes each, one fewer than groups. An empty file has no values.
func Build(values []protocol.Hash) (hash protocol.Hash, tree []byte) {
	switch len(values) {
	case 0:
		return ChainingValue(0, nil, true), nil
	case 1:
		return values[0], nil
	}
	tree = make([]byte, 0, (len(values)-1)*NodeSize)
	return build(values, true, &tree), tree
}

func build(values []protocol.Hash, root bool, tree *[]byte) protocol.Hash {
	if len(values) == 1 {
		return values[0]
	}
	at := len(*tree)
	*tree = append(*tree, make([]byte, NodeSize)...)
	half := left(uint64(len(values)))
	l := build(values[:half], false, tree)
	r := build(values[half:], false, tree)
	node := (*tree)[at : at+NodeSize]
	copy(node, l[:])
	copy(node[protocol.HashSize:], r[:])
	return parent(node, root)
}

// Slice returns the part of a file's tree that verifies count groups from first on: the parents
// above these, in pre-order. The file has groups groups.
func Slice(tree []byte, groups, first, count uint64) []byte {
	var slice []byte
	walk(groups, first, count, func(at, _, _ uint64) bool {
		slice = append(slice, tree[at*NodeSize:(at+1)*NodeSize]...)
		return true
	})
	return slice
}

// SliceNodes returns how many parents a slice has.
func SliceNodes(groups, first, count uint64) uint64 {
	nodes := uint64(0)
	walk(groups, first, count, func(_, _, _ uint64) bool { nodes++; return true })
	return nodes
}

// walk visits the parents above count groups from first on, in pre-order, until visit returns
// false. at is the parent's position in the whole tree; lo and hi bound the groups below it.
func walk(groups, first, count uint64, visit func(at, lo, hi uint64) bool) {
	var down func(at, lo, hi uint64) bool
	down = func(at, lo, hi uint64) bool {
		if hi-lo < 2 || hi <= first || lo >= first+count {
			return true
		}
		half := left(hi - lo)
		return visit(at, lo, hi) && down(at+1, lo, lo+half) && down(at+half, lo+half, hi)
	}
	if groups > 1 && count > 0 {
		down(0, 0, groups)
	}
}

// Verify checks a slice against the hash of a file and returns the values of count groups from
// first on. It reports false if the slice is not exactly the one for these groups. It allocates in
// proportion to the slice, never by a claimed count.
func Verify(hash protocol.Hash, groups, first, count uint64, slice []byte) (values []protocol.Hash, ok bool) {
	switch {
	case first > groups || count > groups-first:
		return nil, false
	case groups == 0:
		return nil, len(slice) == 0 && hash == ChainingValue(0, nil, true)
	case count == 0:
		return nil, len(slice) == 0
	case groups == 1:
		return []protocol.Hash{hash}, len(slice) == 0
	}
	var down func(lo, hi uint64, want protocol.Hash) bool
	down = func(lo, hi uint64, want protocol.Hash) bool {
		switch {
		case hi <= first || lo >= first+count:
			return true
		case hi-lo == 1:
			values = append(values, want)
			return true
		case len(slice) < NodeSize || parent(slice[:NodeSize], hi-lo == groups) != want:
			return false
		}
		l, r := protocol.Hash(slice[:protocol.HashSize]), protocol.Hash(slice[protocol.HashSize:NodeSize])
		slice = slice[NodeSize:]
		half := left(hi - lo)
		return down(lo, lo+half, l) && down(lo+half, hi, r)
	}
	if !down(0, groups, hash) || len(slice) > 0 {
		return nil, false
	}
	return values, true
}
