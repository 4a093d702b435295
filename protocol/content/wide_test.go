package content_test

import (
	"math/rand/v2"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// TestWideRegistersComputeTheSame compares two implementations, ours for whole groups and the
// library's, on any bytes, on groups whose chunks' numbers need more than 32 bits, and on a group
// that is all of its file.
func TestWideRegistersComputeTheSame(t *testing.T) {
	data := make([]byte, protocol.GroupSize)
	random := rand.NewChaCha8([32]byte{1})
	for _, group := range []uint64{0, 1, 2, 1000, 1<<22 - 1, 1 << 22, 1<<40 + 3} {
		random.Read(data)
		for _, whole := range []bool{false, true} {
			got := content.ChainingValue(group, data, whole)
			undo := content.Narrow()
			want := content.ChainingValue(group, data, whole)
			undo()
			if got != want {
				t.Errorf("group %d, whole %v: %v, not %v", group, whole, got, want)
			}
		}
	}
}

func BenchmarkGroup(b *testing.B) {
	data := pattern(protocol.GroupSize)
	hash := func(b *testing.B) {
		b.SetBytes(protocol.GroupSize)
		for b.Loop() {
			content.ChainingValue(1, data, false)
		}
	}
	b.Run("ours", hash)
	b.Run("library", func(b *testing.B) {
		defer content.Narrow()()
		hash(b)
	})
}
