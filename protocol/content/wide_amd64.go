package content

import (
	"golang.org/x/sys/cpu"
	"lukechampine.com/blake3/guts"

	"github.com/relaypeer/relaypeer/protocol"
)

func init() {
	if cpu.X86.HasAVX512F {
		wideChainingValue, hashTogether = value16, together16
	}
}

const (
	span  = 16 * guts.ChunkSize       // bytes hashed at once
	spans = protocol.GroupSize / span // of a group
)

// values16 holds sixteen chaining values: their first words, their second words, and so on.
type values16 [8][16]uint32

// chunks16 computes the chaining values of sixteen chunks. counter is the first one's number, a
// multiple of 16.
//
//go:noescape
func chunks16(values *values16, chunks *[span]byte, counter uint64)

// parents16 computes the chaining values of sixteen parents from those of their children, which lie
// left, right, left, right. It may overwrite the first half of them.
//
//go:noescape
func parents16(values *values16, children *[2]values16)

// value16 is ChainingValue for a full group.
func value16(group uint64, data *[protocol.GroupSize]byte, whole bool) protocol.Hash {
	var values [spans]values16
	for i := range values {
		chunks16(&values[i], (*[span]byte)(data[i*span:]), (group*spans+uint64(i))*16)
	}
	for n := spans * 16; n > 2; n /= 2 {
		for i := 0; i < n; i += 32 { // at the end some lanes compute unused values
			parents16(&values[i/32], (*[2]values16)(values[i/16:]))
		}
	}
	var left, right [8]uint32
	for word, lanes := range values[0] {
		left[word], right[word] = lanes[0], lanes[1]
	}
	return finish(guts.ParentNode(left, right, &guts.IV, 0), whole)
}
