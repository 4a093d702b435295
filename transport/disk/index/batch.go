package index

import (
	"maps"

	"github.com/relaypeer/relaypeer/protocol"
)

// batch holds records and segments on their way to the database.
type batch struct {
	records  map[Inode]Record
	segments map[segmentName]segment
	dropped  []uint64       // trees that nothing needs any more
	gone     map[Inode]bool // files whose records, of before this batch, are not to be kept
	weight   int            // bytes, about
}

type segmentName struct{ tree, number uint64 }

// segment holds the chaining values of a segment's groups, and the one that stands for them all.
type segment struct {
	value  protocol.Hash
	values []protocol.Hash
}

func newBatch() *batch {
	return &batch{records: map[Inode]Record{}, segments: map[segmentName]segment{}, gone: map[Inode]bool{}}
}

func (b *batch) put(r Record) {
	if before, there := b.records[r.Signature.Inode]; there && before.Tree != r.Tree {
		b.dropTree(before.Tree)
	}
	b.records[r.Signature.Inode] = r
	b.weight += fileSize
}

func (b *batch) dropTree(tree uint64) {
	if tree == 0 {
		return
	}
	maps.DeleteFunc(b.segments, func(name segmentName, _ segment) bool { return name.tree == tree })
	b.dropped = append(b.dropped, tree)
}
