package content_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// FuzzVerify: of all bytes only the slice for exactly these groups verifies them, and it says their
// values. A count that is claimed costs nothing.
func FuzzVerify(f *testing.F) {
	f.Add(uint64(9), uint64(2), uint64(3), uint16(1000), []byte{})
	f.Add(uint64(9), uint64(2), uint64(3), uint16(70), []byte("more"))
	f.Add(uint64(1), uint64(0), uint64(1), uint16(0), []byte{})
	f.Add(uint64(0), uint64(0), uint64(0), uint16(0), []byte{})
	f.Add(uint64(300), uint64(255), uint64(45), uint16(64), bytes.Repeat([]byte{7}, 128))
	f.Add(uint64(1)<<42, uint64(5), uint64(1)<<41, uint16(0), bytes.Repeat([]byte{7}, 640))
	f.Add(^uint64(0), ^uint64(0), ^uint64(0), uint16(0), []byte{})
	f.Fuzz(func(t *testing.T, groups, first, count uint64, kept uint16, more []byte) {
		if groups > 512 {
			if values, ok := content.Verify(protocol.Hash{1}, groups, first, count, more); ok && (count > 0 || len(more) > 0 || len(values) > 0) {
				t.Fatalf("%d values from bytes that nobody hashed", len(values))
			}
			return
		}
		values := made(groups)
		hash, tree := content.ChainingValue(0, nil, true), []byte(nil)
		if groups > 0 {
			hash, tree = content.Build(values)
		}
		sound := first <= groups && count <= groups-first
		var right []byte
		if sound {
			right = content.Slice(tree, groups, first, count)
		}
		slice := append(slices.Clone(right[:min(int(kept), len(right))]), more...)
		got, ok := content.Verify(hash, groups, first, count, slice)
		if want := sound && bytes.Equal(slice, right); ok != want {
			t.Fatalf("verified: %v, want %v", ok, want)
		}
		if ok && !slices.Equal(got, values[first:first+count]) {
			t.Fatalf("values %x", got)
		}
	})
}

// made returns so many values.
func made(groups uint64) []protocol.Hash {
	values := make([]protocol.Hash, groups)
	for i := range values {
		values[i] = protocol.Hash{1, byte(i), byte(i >> 8)}
	}
	return values
}
