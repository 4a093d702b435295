package content_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"lukechampine.com/blake3"
	"lukechampine.com/blake3/bao"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

func valuesOf(data []byte) (values []protocol.Hash) {
	groups := protocol.Groups(uint64(len(data)))
	for g := range groups {
		group := data[g*protocol.GroupSize : min(uint64(len(data)), (g+1)*protocol.GroupSize)]
		values = append(values, content.ChainingValue(g, group, groups == 1))
	}
	return values
}

func TestTheHashIsBLAKE3AndTheTreeIsBaos(t *testing.T) {
	rng := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 1023, 1024, 1025, 16 << 10, 16<<10 + 1, 100_000, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 3<<20 + 17, 8 << 20, 9<<20 + 1} {
		data := make([]byte, size)
		rng.Read(data)
		hash, tree := content.Build(valuesOf(data))
		if want := blake3.Sum256(data); hash != want {
			t.Errorf("%d bytes: hash %v, want %x", size, hash, want)
		}
		outboard, _ := bao.EncodeBuf(data, 10, true)
		if !bytes.Equal(tree, outboard[8:]) {
			t.Errorf("%d bytes: the tree is not Bao's", size)
		}
	}
}

func TestASliceVerifiesExactlyItsGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for groups := range uint64(20) {
		values := make([]protocol.Hash, groups)
		for i := range values {
			values[i] = protocol.Hash{byte(i), 1}
		}
		hash, tree := content.Build(values)
		for first := range groups + 1 {
			for count := range groups - first + 1 {
				slice := content.Slice(tree, groups, first, count)
				got, ok := content.Verify(hash, groups, first, count, slice)
				if !ok || len(got) != int(count) {
					t.Fatalf("%d from %d of %d groups: %v %v", count, first, groups, got, ok)
				}
				for i := range got {
					if got[i] != values[first+uint64(i)] {
						t.Fatalf("%d from %d of %d groups: value %d is wrong", count, first, groups, i)
					}
				}
				if n := content.SliceNodes(groups, first, count); n*content.NodeSize != uint64(len(slice)) {
					t.Fatalf("%d from %d of %d groups: %d parents in %d bytes", count, first, groups, n, len(slice))
				}
				if _, ok := content.Verify(hash, groups, first, count, append(slice, 0)); ok {
					t.Fatal("a byte too many is taken")
				}
				if len(slice) > 0 {
					slice[rng.IntN(len(slice))] ^= 1 << rng.IntN(8)
					if _, ok := content.Verify(hash, groups, first, count, slice); ok {
						t.Fatalf("%d from %d of %d groups: a flipped bit is taken", count, first, groups)
					}
				}
			}
		}
	}
}

// The slice for MaxGroups groups fits an OUTBOARD, wherever they stand in the longest of files.
func TestTheLargestSliceFitsAnOutboard(t *testing.T) {
	const groups = protocol.MaxFile / protocol.GroupSize
	largest := uint64(0)
	for _, first := range []uint64{0, 1, protocol.MaxGroups - 1, groups/2 - protocol.MaxGroups/2, groups/2 - 1, groups - protocol.MaxGroups} {
		largest = max(largest, content.SliceNodes(groups, first, protocol.MaxGroups))
	}
	m := &protocol.Outboard{
		Size: protocol.MaxFile, Hash: protocol.Hash{1}, First: groups - protocol.MaxGroups, Count: protocol.MaxGroups,
		Nodes: make([]byte, largest*content.NodeSize),
	}
	if frame := protocol.Append(nil, m); largest < protocol.MaxGroups || len(frame) > protocol.MaxList/2+8<<10 {
		t.Errorf("%d parents, %d bytes", largest, len(frame))
	}
}

func BenchmarkValue(b *testing.B) {
	group := make([]byte, protocol.GroupSize)
	b.SetBytes(protocol.GroupSize)
	for b.Loop() {
		content.ChainingValue(3, group, false)
	}
}
