package content

import (
	"encoding/binary"
	"sync"

	"lukechampine.com/blake3/guts"

	"github.com/relaypeer/relaypeer/protocol"
)

// lanes16 is the input and the output of compress16, which knows its layout.
type lanes16 struct {
	values   values16
	inputs   [16]*byte  // each is readable as far as the longest one goes, in whole blocks
	sizes    [16]uint32 // in bytes; behind them zeros fill the last block. 0: there is no input
	counters [16]uint32 // the numbers of chunks
	first    [16]uint32 // the flags of their first blocks
	last     [16]uint32 // the flags of their last blocks
}

// compress16 computes the chaining values of sixteen inputs, each a chunk or a parent. The longest
// has that many blocks.
//
//go:noescape
func compress16(l *lanes16, blocks int)

// mostChunks is how many chunks are hashed before their parents are.
const mostChunks = 128

// batch hashes files side by side: first all their chunks, and then the parents, level by level.
type batch struct {
	lanes  lanes16
	used   int                                  // lanes
	to     [16]int                              // where their values go, in values
	values [mostChunks * protocol.HashSize]byte // of the files' chunks, then of the parents above them
	padded [16][guts.ChunkSize]byte             // chunks that are not whole
	counts [mostChunks]int                      // by file: its values at this level
}

var batches = sync.Pool{New: func() any { return new(batch) }}

// together16 hashes small files: see hashTogether.
func together16(hashes []protocol.Hash, files [][]byte) {
	b := batches.Get().(*batch)
	for len(files) > 0 {
		n := 0
		for chunks := 0; n < len(files); n++ {
			if chunks += chunksOf(files[n]); chunks > mostChunks {
				break
			}
		}
		b.hash(hashes[:n], files[:n])
		hashes, files = hashes[n:], files[n:]
	}
	clear(b.lanes.inputs[:])
	batches.Put(b)
}

func chunksOf(file []byte) int { return (len(file) + guts.ChunkSize - 1) / guts.ChunkSize }

// hash hashes files of mostChunks chunks together.
func (b *batch) hash(hashes []protocol.Hash, files [][]byte) {
	at, most := 0, 0
	for i, file := range files {
		n := chunksOf(file)
		for c := range n {
			b.chunk(at+c, file[c*guts.ChunkSize:min((c+1)*guts.ChunkSize, len(file))], c, n == 1)
		}
		b.counts[i], most = n, max(most, n)
		at += n
	}
	b.run(guts.ChunkSize / guts.BlockSize)
	for ; most > 1; most = (most + 1) / 2 {
		b.level(files)
	}
	at = 0
	for i, file := range files {
		copy(hashes[i][:], b.values[at*protocol.HashSize:])
		at += chunksOf(file)
	}
}

// level replaces the values of each file by those of their parents. An odd one goes up as it is: so
// each left subtree is as large as it can be.
func (b *batch) level(files [][]byte) {
	at := 0
	for i, file := range files {
		for n := range b.counts[i] / 2 {
			b.parent(at+n, at+2*n, b.counts[i] == 2)
		}
		at += chunksOf(file)
	}
	b.run(1)
	at = 0
	for i, file := range files {
		n := b.counts[i]
		if n%2 == 1 {
			copy(b.values[(at+n/2)*protocol.HashSize:][:protocol.HashSize], b.values[(at+n-1)*protocol.HashSize:])
		}
		b.counts[i] = (n + 1) / 2
		at += chunksOf(file)
	}
}

// chunk puts a chunk into a lane.
func (b *batch) chunk(to int, data []byte, number int, root bool) {
	if len(data) < guts.ChunkSize {
		padded := &b.padded[b.used]
		clear(padded[copy(padded[:], data):])
		data = padded[:len(data)]
	}
	b.put(to, &data[0], len(data), number, guts.FlagChunkStart, guts.FlagChunkEnd, root)
	if b.used == 16 {
		b.run(guts.ChunkSize / guts.BlockSize)
	}
}

// parent puts the parent of two values into a lane.
func (b *batch) parent(to, children int, root bool) {
	b.put(to, &b.values[children*protocol.HashSize], guts.BlockSize, 0, guts.FlagParent, 0, root)
	if b.used == 16 {
		b.run(1)
	}
}

func (b *batch) put(to int, input *byte, size, counter int, first, last uint32, root bool) {
	if root {
		last |= guts.FlagRoot
	}
	l, n := &b.lanes, b.used
	l.inputs[n], l.sizes[n], l.counters[n], l.first[n], l.last[n] = input, uint32(size), uint32(counter), first, last
	b.to[n] = to
	b.used++
}

// run compresses what is in the lanes.
func (b *batch) run(blocks int) {
	for n := b.used; n < 16; n++ {
		b.lanes.inputs[n], b.lanes.sizes[n] = &b.padded[n][0], 0
	}
	compress16(&b.lanes, blocks)
	for n := range b.used {
		value := b.values[b.to[n]*protocol.HashSize:][:protocol.HashSize]
		for word := range b.lanes.values {
			binary.LittleEndian.PutUint32(value[4*word:], b.lanes.values[word][n])
		}
	}
	b.used = 0
}
